//! Pages for people. One file a page: its route and its handler.

pub(crate) mod asked_log;
pub(crate) mod collector;
pub(crate) mod faults;
pub(crate) mod frame;
pub(crate) mod home;
pub(crate) mod log;
pub(crate) mod log_lines;
pub(crate) mod page_text;
pub(crate) mod raw_log;
pub(crate) mod records;
pub(crate) mod run;
pub(crate) mod runs;
pub(crate) mod schedule;
pub(crate) mod timeline;
pub(crate) mod workers;
