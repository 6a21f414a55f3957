//! Words and bytes: what makes a stranger's text harmless, masks secrets, writes
//! durations, reads a line of /proc. Pure; used by every room above.

pub(crate) mod csv;
pub(crate) mod duration;
pub(crate) mod proc_stat;
pub(crate) mod redact;
pub(crate) mod safe;

pub(crate) use csv::push_csv_row;
pub(crate) use duration::{human_duration, milliseconds};
pub(crate) use redact::{Redactor, SHORTEST, Secrets};
pub(crate) use safe::{make_safe, push_safe};
