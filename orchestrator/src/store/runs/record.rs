//! What is remembered of a run, as others read it: the line in a list, the run whole, and
//! how a collector ended the last time. Serialized forms are contracts.

use jiff::Timestamp;
use serde::Serialize;

use crate::events::TaskSummary;
use crate::model::words::words;
use crate::model::{Owner, RunId};

words! {
    /// How far a run is.
    pub enum RunStatus {
        /// Its end is not recorded.
        Running = "running",
        /// Its end is.
        Finished = "finished",
        /// It had none, and somebody found that.
        Lost = "lost",
    }
}

/// A run in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunHeader {
    /// Its id.
    pub run: RunId,
    /// What was asked for.
    pub schedule: String,
    /// The group it was narrowed to.
    pub group: Option<String>,
    /// How far it is.
    pub state: RunStatus,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended; for a lost one, when that was found.
    pub finished_at: Option<Timestamp>,
    /// Tasks that succeeded.
    pub succeeded: u32,
    /// Tasks that failed.
    pub failed: u32,
    /// Tasks that were skipped.
    pub skipped: u32,
    /// Tasks that succeeded and are not believed.
    pub suspect: u32,
    /// Whether all that should have run succeeded.
    pub success: Option<bool>,
    /// What `orchestrate` exited with; `None` while it runs, and where nobody saw it.
    pub exit_code: Option<u8>,
    /// Why it has no end of its own.
    pub lost: Option<String>,
    /// The process that executed it.
    pub owner: Owner,
}

/// A run, whole. A finished one serializes to what `run` gave as its summary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunRecord {
    /// The run.
    #[serde(flatten)]
    pub header: RunHeader,
    /// Its tasks in order.
    pub tasks: Vec<TaskState>,
}

/// A task of a recorded run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TaskState {
    /// How it ended; its outcome is `running` or `pending` while it has not.
    #[serde(flatten)]
    pub summary: TaskSummary,
    /// Its cadence.
    pub schedule: String,
    /// Its attempts in order.
    pub attempt_list: Vec<RecordedAttempt>,
}

/// An attempt of a recorded run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecordedAttempt {
    /// Counted from 1.
    pub number: u32,
    /// When it was started.
    pub started_at: Timestamp,
    /// When its tree was gone.
    pub finished_at: Option<Timestamp>,
    /// The keyword of its outcome.
    pub outcome: Option<String>,
    /// Its exit code, if it exited.
    pub exit_code: Option<i32>,
    /// The signal that killed it, if one did.
    pub signal: Option<String>,
    /// The cause in words.
    pub reason: Option<String>,
    /// Its log file, relative to the state directory.
    pub log: String,
    /// What held its tree together: `tree`, `cgroup`; `None` if none ran or it goes on.
    pub isolation: Option<String>,
    /// Its limit of time, where it has one and that is recorded.
    pub timeout_ms: Option<u64>,
    /// The most memory that one of its processes had, in bytes; `None` if none ran, it goes on, or
    /// the row is of before that was kept for each attempt. The same for what follows.
    pub max_rss_bytes: Option<u64>,
    /// The time that its processes computed.
    pub cpu_ms: Option<u64>,
    /// What it left behind and had to be killed.
    pub leftovers: Vec<String>,
}

/// How a collector ended the last time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LastOutcome {
    /// As in the schedule of that time.
    #[serde(skip)]
    pub group: String,
    /// Its name in the group.
    #[serde(skip)]
    pub name: String,
    /// The collector.
    #[serde(skip)]
    pub command: String,
    /// The arguments it had.
    #[serde(skip)]
    pub args: Vec<String>,
    /// The run it took part in.
    pub run: RunId,
    /// When that run began.
    pub started_at: Timestamp,
    /// The keyword of its outcome.
    pub outcome: String,
    /// The cause in words.
    pub reason: String,
    /// Why its success is not believed, if it is not.
    pub suspect: Option<String>,
}
