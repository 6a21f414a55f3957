//! Runs in the database: written event by event while they go on, read back, and given
//! up when their process is gone.

pub(crate) mod bulk;
pub(crate) mod known_tasks;
pub(crate) mod newest;
pub(crate) mod past_tasks;
pub(crate) mod read;
pub(crate) mod record;
pub(crate) mod recorder;
pub(crate) mod recovery;
pub(crate) mod reopen;
pub(crate) mod rows;
pub(crate) mod statistics;
pub(crate) mod transition;
pub(crate) mod under_way;
pub(crate) mod write;
