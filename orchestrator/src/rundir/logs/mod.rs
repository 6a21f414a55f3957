//! The logs of attempts: how one is written, how it is read back a page at a time, and how a
//! piece of one travels.

pub(crate) mod attempt_log;
pub(crate) mod log_chunk;
pub(crate) mod log_page;
pub(crate) mod new_pieces;
