//! What a scheduler needs, made once by the verb that runs it, and why there can be none.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::execution::{Audience, Executor};
use crate::model::Schedule;
use crate::report::Metrics;
use crate::scheduler::dispatch::queue::QueueDispatch;

/// Makes those who are told of a run.
pub type MakeAudience = Arc<dyn Fn() -> Audience + Send + Sync>;

/// What a scheduler needs.
pub struct SchedulerSettings {
    /// To execute and to remember.
    pub executor: Arc<Executor>,
    /// The schedule file, to be watched.
    pub schedule_file: PathBuf,
    /// What is in it now.
    pub schedule: Schedule,
    /// Set if that is no longer in it: it cannot be used, and was taken from a copy.
    pub stale: Option<StaleSchedule>,
    /// Reads it again; the error is in words for people, with places.
    pub load: Box<dyn Fn() -> Result<Schedule, String>>,
    /// Who is told of each run.
    pub audience: MakeAudience,
    /// Where slots go instead of being run here.
    pub queue: Option<QueueDispatch>,
    /// How many runs may go on at a time; those of one entry follow each other anyway.
    pub concurrency: usize,
    /// How long runs may go on after the scheduler was asked to end.
    pub drain_timeout: Duration,
    /// Counts.
    pub metrics: Metrics,
}

/// Why a schedule is an older one than its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaleSchedule {
    /// When the file could last be used.
    pub good_at: Timestamp,
    /// Why it cannot be used now, in words for people, with places.
    pub error: String,
}

/// Why there can be no scheduler.
#[derive(Debug, thiserror::Error)]
pub enum SchedulerError {
    /// The kernel does not give what it needs.
    #[error("the system gives no {what}")]
    System {
        /// What: a timer, ...
        what: &'static str,
        /// Its word.
        source: std::io::Error,
    },
}

impl SchedulerError {
    pub(crate) fn system(what: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::System { what, source }
    }
}
