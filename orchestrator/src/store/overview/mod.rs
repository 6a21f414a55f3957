//! What the first page asks beside the night itself: what goes on, and the nights before.

pub(crate) mod nights;
pub(crate) mod retries;
pub(crate) mod run_tasks;
pub(crate) mod running;
pub(crate) mod unserved;
