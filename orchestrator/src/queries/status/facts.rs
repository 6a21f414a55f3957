//! What is known of the night, as values: gathered by `gather`, judged by `judge`. Pure data.

use jiff::Timestamp;

use crate::model::{Cadence, OutcomeKind, RunId, TaskStatus};
use crate::store::{FailingStreak, LedgerRow, SlotOutcome, TaskRun};

/// What is known of a task.
#[derive(Debug, Clone, Default)]
pub(crate) struct NightFacts {
    pub(crate) task: NightTask,
    /// Its newest slot of the window by the timetable.
    pub(crate) due: Option<Timestamp>,
    /// The first slot after now; `None` if the timetable has none.
    pub(crate) next: Option<Timestamp>,
    /// Its newest run.
    pub(crate) newest: Option<TaskRun>,
    /// What the ledger says of its slots in the window.
    pub(crate) slots: SlotTally,
    pub(crate) streak: FailingStreak,
    /// How long it usually takes.
    pub(crate) usual_ms: Option<u64>,
    /// Since when its group is paused.
    pub(crate) paused_since: Option<Timestamp>,
    /// A run that goes on and has tasks of its group: the next slot of the group waits for it.
    pub(crate) busy: Option<RunId>,
    /// The run in the queue that is to run it, the first one of several.
    pub(crate) queued: Option<QueuedTask>,
    /// Since when schedulers know it as it is; `None` if none does.
    pub(crate) known_since: Option<Timestamp>,
}

impl NightFacts {
    /// Its newest run, if that has not ended for the task.
    pub(crate) fn open_run(&self) -> Option<&TaskRun> {
        let is_open = |run: &&TaskRun| matches!(run.status, TaskStatus::Running | TaskStatus::Pending);
        self.newest.as_ref().filter(is_open)
    }
}

/// A task in a run that waits for a worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct QueuedTask {
    pub(crate) run: RunId,
    /// How long by now, and why.
    pub(crate) waits: String,
}

/// A task of the timetable.
#[derive(Debug, Clone, Default)]
pub(crate) struct NightTask {
    pub(crate) group: String,
    pub(crate) name: String,
    pub(crate) command: String,
    pub(crate) args: Vec<String>,
    /// `None` where the timetable cannot be read.
    pub(crate) cadence: Option<Cadence>,
    pub(crate) enabled: bool,
}

/// What the ledger says of the slots of a task in the window, those at which it was due.
#[derive(Debug, Clone, Default)]
pub(crate) struct SlotTally {
    pub(crate) slots: u64,
    /// Those at which it failed, or did not run and should have.
    pub(crate) failed: u64,
    pub(crate) newest: Option<LedgerRow>,
}

impl SlotTally {
    /// Counts a slot at which the task was due.
    pub(crate) fn add(&mut self, found: SlotOutcome) {
        use crate::store::LedgerState::{Missed, Unknown};
        let SlotOutcome {
            row,
            outcome,
            suspect,
        } = found;
        let bad =
            outcome.is_some_and(|outcome| !matches!(outcome, OutcomeKind::Succeeded | OutcomeKind::Skipped));
        self.slots += 1;
        self.failed += u64::from(bad || suspect || matches!(row.state, Missed | Unknown));
        if self.newest.as_ref().is_none_or(|newest| newest.slot < row.slot) {
            self.newest = Some(row);
        }
    }
}

/// The times that are judged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NightWindow {
    pub(crate) since: Timestamp,
    pub(crate) now: Timestamp,
}
