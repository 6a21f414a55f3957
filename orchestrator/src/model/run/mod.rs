//! A run: how it proceeds from event to event, how a task of it ends, and what a
//! success is suspected of.

pub(crate) mod category;
pub(crate) mod decide;
pub(crate) mod exit;
pub(crate) mod lease_deadline;
pub(crate) mod limit;
pub(crate) mod order;
pub(crate) mod outcome;
pub(crate) mod skip_cause;
pub(crate) mod suspicion;
pub(crate) mod task_status;
pub(crate) mod telling_line;
