//! Answers about the timetable, runs and their logs, as values: for the command line,
//! which prints them, and for the web, which serialises them. Each question is asked here
//! once. Takes the store, directories and values; never settings or words of a command
//! line, never prints, never changes anything.

pub(crate) mod collections;
pub(crate) mod collector;
pub(crate) mod early_reads;
pub(crate) mod find_run;
pub(crate) mod find_task;
pub(crate) mod health;
pub(crate) mod history;
pub(crate) mod liveness;
pub(crate) mod logs;
pub(crate) mod next;
pub(crate) mod overview;
pub(crate) mod queued_runs;
pub(crate) mod run_details;
pub(crate) mod run_list;
pub(crate) mod status;
pub(crate) mod task_history;
pub(crate) mod timeline;
pub(crate) mod why;
