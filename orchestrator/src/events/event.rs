//! What happens in a run, as values: the only tongue between the engine and
//! whoever tells, keeps or shows it (console, JSON, journal, store). Output of
//! collectors is no event: it travels beside them (`report::output`).
//!
//! The serialized form is the JSON Lines contract of `run --format json`; keys
//! may be added, never renamed.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::events::summary::{Summary, TaskSummary};
use crate::model::{OutcomeKind, Owner, RunId, SkipCause};

/// A task of the run, as events name it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TaskRef {
    /// Its place in the plan, counted from 1.
    pub position: usize,
    /// As in the schedule.
    pub group: String,
    /// Its name in the group.
    pub name: String,
    /// Its collector.
    pub command: String,
}

/// A slot of the timetable, as events name it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SlotRef {
    /// The entry: `group:github`, `interval:15`, `cron:UTC:5 */2 * * *`, `workflow`.
    pub entry: String,
    /// Its instant.
    pub at: Timestamp,
}

/// One thing that happened.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum RunEvent {
    /// The run begins; nothing has been started.
    RunStarted {
        /// Names the directory of the run, too.
        run: RunId,
        /// What was asked for: `daily`, `run-all`, ...
        schedule: String,
        /// The group it was narrowed to, if it was.
        group: Option<String>,
        /// When.
        at: Timestamp,
        /// The process that executes it.
        owner: Owner,
        /// The slot that it is for, if a scheduler started it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        slot: Option<SlotRef>,
        /// Which claim of a queued run it is; `None` for a run that was in no queue.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        epoch: Option<i64>,
        /// Whether nobody is to be told how it ends.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        quiet: bool,
        /// What will run, in order.
        tasks: Vec<ListedTask>,
    },
    /// An attempt is about to be started.
    TaskStarted {
        /// Position, group, name and command.
        #[serde(flatten)]
        task: TaskRef,
        /// Counted from 1.
        attempt: u32,
        /// When.
        at: Timestamp,
        /// Its limit of time in milliseconds, where it has one.
        timeout_ms: Option<u64>,
        /// How long its last successes took, where there were any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        usual_ms: Option<u64>,
        /// Its log file, relative to the state directory.
        log: String,
    },
    /// An attempt failed and another one will follow.
    TaskRetry {
        /// Position, group, name and command.
        #[serde(flatten)]
        task: TaskRef,
        /// How the attempt ended.
        attempt: AttemptRecord,
        /// Until the next one, in milliseconds.
        delay_ms: u64,
    },
    /// A task was tried and this is its end.
    TaskFinished {
        /// When.
        at: Timestamp,
        /// Which task, and how.
        #[serde(flatten)]
        task: Box<TaskSummary>,
        /// The one that decided the outcome.
        last_attempt: AttemptRecord,
    },
    /// A task was not run.
    TaskSkipped {
        /// When that was clear.
        at: Timestamp,
        /// What is counted of why; the journal has the sentence only.
        #[serde(skip)]
        cause: Option<SkipCause>,
        /// Which task, and why.
        #[serde(flatten)]
        task: Box<TaskSummary>,
    },
    /// Every task is settled. The last event.
    RunFinished(Box<Summary>),
}

/// A task that will run, as the beginning of a run lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedTask {
    /// Its place, group and command.
    #[serde(flatten)]
    pub task: TaskRef,
    /// Its arguments.
    pub args: Vec<String>,
    /// Its cadence.
    pub schedule: String,
    /// The slot that it settles, where the run itself has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot: Option<SlotRef>,
}

/// One attempt, ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptRecord {
    /// Counted from 1.
    pub number: u32,
    /// When it was started.
    pub started_at: Timestamp,
    /// When its tree was gone.
    pub finished_at: Timestamp,
    /// How it ended.
    pub outcome: OutcomeKind,
    /// Its exit code, if it exited.
    pub exit_code: Option<i32>,
    /// The signal that killed it, if one did.
    pub signal: Option<String>,
    /// The cause in words.
    pub reason: String,
    /// Its log file, relative to the state directory.
    pub log: String,
    /// What held its tree together: `tree`, `cgroup`; `None` if none ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub isolation: Option<String>,
}
