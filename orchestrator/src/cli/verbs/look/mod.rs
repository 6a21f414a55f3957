//! Verbs that only look.

pub(crate) mod health;
pub(crate) mod history;
pub(crate) mod logs;
pub(crate) mod next;
pub(crate) mod plan;
pub(crate) mod records;
pub(crate) mod show;
pub(crate) mod statistics;
pub(crate) mod status;
pub(crate) mod status_text;
pub(crate) mod task_history_text;
pub(crate) mod why;
pub(crate) mod workers;
