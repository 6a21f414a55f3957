//! When tasks are due: entries and their slots, the calendar behind them, upcoming slots,
//! and what differs between two timetables.

pub(crate) mod calendar;
pub(crate) mod changes;
pub(crate) mod cron_times;
pub(crate) mod release_checks;
pub(crate) mod slots;
pub(crate) mod upcoming;
