//! Words and bytes: what makes a stranger's text harmless, masks secrets, writes
//! durations, finds the word that was meant. Pure; used by every room above.

pub(crate) mod csv;
pub(crate) mod duration;
pub(crate) mod redact;
pub(crate) mod safe;

pub(crate) use csv::push_csv_row;
pub use duration::human_duration;
pub use redact::{Redactor, SHORTEST, Secrets};
pub use safe::{neutralised, push_neutralised};
