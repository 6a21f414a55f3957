//! What pages show, as values that are ready to be shown: answers of `queries` in, words and
//! numbers out. Pure. Called by `pages`; knows no HTTP and no HTML.

pub(crate) mod collector;
pub(crate) mod doing;
pub(crate) mod home;
pub(crate) mod links;
pub(crate) mod log;
pub(crate) mod look;
pub(crate) mod moment;
pub(crate) mod numbers;
pub(crate) mod run;
pub(crate) mod run_list;
pub(crate) mod schedule;
pub(crate) mod timeline;
