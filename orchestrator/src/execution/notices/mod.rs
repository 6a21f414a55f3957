//! Telling whom it concerns: of what runs and slots came to, and of what takes too long.

pub(crate) mod notify;
pub(crate) mod watch_length;
