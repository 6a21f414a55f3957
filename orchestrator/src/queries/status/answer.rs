//! The answer of `status`. Its serialized form is a contract: keys may be added.

use jiff::Timestamp;
use serde::Serialize;

use crate::events::RecordCounts;
use crate::model::{OutcomeKind, RunId};

/// What became of a task in the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum NightState {
    /// A run reached it.
    Ran,
    Running,
    /// For its turn.
    Waiting,
    Skipped,
    /// Nobody ran its slot.
    Missed,
    /// A run took its slot, and nobody can tell what became of it.
    Unknown,
    NotDue,
}

impl NightState {
    /// The word for it, as in JSON.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Ran => "ran",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Skipped => "skipped",
            Self::Missed => "missed",
            Self::Unknown => "unknown",
            Self::NotDue => "not_due",
        }
    }
}

/// The night.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct StatusAnswer {
    /// Slots and runs from then on count.
    pub(crate) since: Timestamp,
    pub(crate) at: Timestamp,
    /// All of it in a sentence.
    pub(crate) verdict: String,
    /// Tasks that were due.
    pub(crate) due: usize,
    /// Those of them that succeeded, suspects left out.
    pub(crate) succeeded: usize,
    pub(crate) suspect: usize,
    /// Tasks that need a look.
    pub(crate) attention: usize,
    pub(crate) scheduler: Option<NightScheduler>,
    /// Why the timetable is not that of the file as it is now.
    pub(crate) schedule_error: Option<String>,
    /// What needs a look and is no task's.
    pub(crate) problems: Vec<StatusProblem>,
    /// Every task of the timetable, in the order of the file.
    pub(crate) tasks: Vec<NightLine>,
}

/// The scheduler that leads; where none does, one that stands by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct NightScheduler {
    pub(crate) leading: bool,
    pub(crate) seen_at: Timestamp,
}

/// What needs a look and is no task's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct StatusProblem {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) hint: Option<String>,
}

/// A task and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct NightLine {
    pub(crate) group: String,
    pub(crate) command: String,
    pub(crate) name: String,
    pub(crate) args: Vec<String>,
    /// The keyword of its cadence; empty where the timetable cannot be read.
    pub(crate) schedule: &'static str,
    /// `None` for a run by hand.
    pub(crate) slot: Option<Timestamp>,
    pub(crate) state: NightState,
    pub(crate) outcome: Option<OutcomeKind>,
    pub(crate) suspect: Option<String>,
    /// Why, in a line for people.
    pub(crate) cause: Option<String>,
    pub(crate) attention: bool,
    /// What to type next, where it needs a look.
    pub(crate) command_line: Option<String>,
    pub(crate) run: Option<RunId>,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) duration_ms: Option<u64>,
    pub(crate) usual_ms: Option<u64>,
    pub(crate) records: Option<RecordCounts>,
    pub(crate) failed_in_row: u64,
    pub(crate) failing_since: Option<Timestamp>,
    pub(crate) last_success: Option<Timestamp>,
    pub(crate) next: Option<Timestamp>,
    pub(crate) paused: bool,
    /// Its slots in the window, and how many of them went wrong.
    pub(crate) slots: u64,
    pub(crate) failed_slots: u64,
}

impl NightLine {
    /// The word that people read.
    pub(crate) fn word(&self) -> &'static str {
        match (self.state, self.outcome) {
            _ if self.suspect.is_some() => "suspect",
            (NightState::Ran, Some(outcome)) => outcome.as_str(),
            (state, _) => state.as_str(),
        }
    }

    pub(crate) fn is_due(&self) -> bool {
        self.state != NightState::NotDue
    }
}
