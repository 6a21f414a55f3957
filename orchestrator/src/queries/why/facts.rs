//! What is known of a collector in a group, as values. Pure data; gathered by `gather`,
//! put into words by `words`.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::model::RunId;
use crate::store::{KnownTask, LastOutcome, LedgerRow};

/// What is asked about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WhyQuestion<'a> {
    /// The tasks that are meant.
    pub(crate) tasks: &'a [KnownTask],
    pub(crate) now: Timestamp,
    /// In which the paragraph says its times.
    pub(crate) zone: &'a TimeZone,
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
    /// How often it was tried there.
    pub(crate) attempts: Option<u32>,
    /// What to do about how it ended there, where we know.
    pub(crate) hint: Option<String>,
    /// When the newest run began in which it succeeded.
    pub(crate) last_success: Option<Timestamp>,
    /// What to type next, where something is wrong.
    pub(crate) command_line: Option<String>,
    /// What the ledger says of that slot.
    pub(crate) ledger: Option<LedgerRow>,
    /// Since when its group is paused.
    pub(crate) paused_since: Option<Timestamp>,
    /// The run in the queue that is to run it, the first one of several.
    pub(crate) queued: Option<WhyQueued>,
}

/// A run that no worker has taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct WhyQueued {
    pub(crate) run: RunId,
    /// How long it has waited, and why.
    pub(crate) waits: String,
}
