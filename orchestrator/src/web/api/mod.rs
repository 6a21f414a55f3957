//! The JSON API: the same documents as `--format json` of the verbs. Read-only. One file
//! a path: its route and its handler.

pub(crate) mod next;
pub(crate) mod runs;
pub(crate) mod schedule;

/// The most that one answer lists.
const MOST: u32 = 1000;
