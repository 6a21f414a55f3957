//! What a run consists of: the criteria that somebody gives, the tasks that meet them,
//! and the plan that follows.

pub(crate) mod arguments;
pub(crate) mod content_hash;
pub(crate) mod criteria;
pub(crate) mod cron;
pub(crate) mod date_range;
pub(crate) mod fleet_terms;
pub(crate) mod overlap;
pub(crate) mod plan;
pub(crate) mod select;
pub(crate) mod task_names;
