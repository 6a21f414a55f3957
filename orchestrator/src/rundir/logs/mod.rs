//! The logs of attempts: how one is written, and how it is read back a page at a time.

pub(crate) mod attempt_log;
pub(crate) mod log_page;
