//! What is known of a collector in a group, as values. Pure data; gathered by `gather`,
//! put into words by `words`.

use jiff::Timestamp;
use serde::Serialize;

use crate::store::{KnownTask, LastOutcome, LedgerRow};

/// What is asked about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WhyQuestion<'a> {
    /// The tasks that are meant.
    pub(crate) tasks: &'a [KnownTask],
    pub(crate) now: Timestamp,
}

/// What is known of it in a group.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct WhyFacts {
    pub(crate) group: String,
    pub(crate) name: String,
    pub(crate) command: String,
    pub(crate) args: Vec<String>,
    /// Whether the schedule has it, and whether it is enabled there.
    pub(crate) scheduled: bool,
    pub(crate) enabled: bool,
    /// When it is due, in words.
    pub(crate) rule: Option<String>,
    /// Its newest slot that has passed.
    pub(crate) previous: Option<Timestamp>,
    /// Its next slot.
    pub(crate) next: Option<Timestamp>,
    /// Its newest run.
    pub(crate) last: Option<LastOutcome>,
    /// What the ledger says of that slot.
    pub(crate) ledger: Option<LedgerRow>,
    /// Since when its group is paused.
    pub(crate) paused_since: Option<Timestamp>,
}
