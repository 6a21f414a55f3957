//! The timetable in the database: the ledger of slots, which scheduler leads, since when
//! tasks are in it, pauses, releases.

pub(crate) mod beats;
pub(crate) mod known;
pub(crate) mod pauses;
pub(crate) mod releases;
pub(crate) mod slots;
