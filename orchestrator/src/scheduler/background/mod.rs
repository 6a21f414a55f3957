//! Work beside the timetable: notices, release checks, what the database could not take,
//! old runs. One driver runs all of it; none holds a slot back.

pub(crate) mod dead_man;
pub(crate) mod driver;
pub(crate) mod notice_delivery;
pub(crate) mod release_checks;
pub(crate) mod retention;
pub(crate) mod side_work;
pub(crate) mod undelivered;

pub(crate) use side_work::SideWork;
