//! The timetable in the database: which slots were claimed and what became of them, since
//! when tasks are in it, pauses, releases, and which scheduler leads.

pub(crate) mod heartbeats;
pub(crate) mod ledger;
pub(crate) mod passed_slots;
pub(crate) mod pauses;
pub(crate) mod releases;
pub(crate) mod rows;
pub(crate) mod slots;
pub(crate) mod slots_of_runs;
