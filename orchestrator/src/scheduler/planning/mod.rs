//! What a moment means: which slots are due, what becomes of each task, what waits for
//! what. Pure: the rooms around it bring the time and do what is decided here.

pub(crate) mod decision;
pub(crate) mod due_slots;
pub(crate) mod jitter;
pub(crate) mod lateness;
pub(crate) mod overlap_queue;
pub(crate) mod planner;
pub(crate) mod rows;
pub(crate) mod situation;
pub(crate) mod skip_reason;
pub(crate) mod unsettled;
