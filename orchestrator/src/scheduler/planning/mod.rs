//! What a moment means: which slots have come, what becomes of each task, what waits for
//! what. Pure: the rooms around it bring the time and do what is decided here.

pub(crate) mod jitter;
pub(crate) mod lateness;
pub(crate) mod overlap;
pub(crate) mod rows;
pub(crate) mod skip_reason;
pub(crate) mod tick;
