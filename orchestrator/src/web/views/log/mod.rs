//! What the page of a log shows.

pub(crate) mod ansi;
pub(crate) mod lines;
pub(crate) mod words;
