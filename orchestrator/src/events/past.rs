//! What is known of a run before this process begins with it: a run of the queue may have
//! been begun by a worker that was lost. What is recorded is not done again.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::watch;

use crate::events::summary::TaskSummary;
use crate::model::{Because, LeaseDeadline, Outcome, PlannedTask, TaskStatus};

/// Of each task, in the order of the plan; empty for a run that is new.
#[derive(Default, Clone)]
pub struct RunPast {
    /// Which claim of a queued run it is; `None` for a run that was in no queue.
    pub epoch: Option<i64>,
    /// What became of its tasks.
    pub tasks: Vec<TaskPast>,
    /// Until when its collectors may run, as it is put off.
    pub lease: Option<watch::Receiver<LeaseDeadline>>,
    /// Asked before each attempt, if anybody is.
    pub gate: Option<Arc<dyn AttemptGate>>,
}

/// Of one task.
#[derive(Debug, Default, Clone)]
pub struct TaskPast {
    /// How it ended, if it has.
    pub settled: Option<TaskSummary>,
    /// How many attempts at it are recorded.
    pub attempts: u32,
}

/// What a run that is this process's for a while only has to ask before it goes on.
pub trait AttemptGate: Send + Sync {
    /// Waits until everything that was published so far is where it must be, and the attempt may be
    /// made; `false` if nothing may be started any more. Tasks count from 0, attempts from 1.
    fn pass(&self, task: usize, attempt: u32, published: u64) -> GateAnswer<'_>;

    /// A collector delivered: waits until the delivery may be tried once; `false` if it is of no use
    /// any more.
    fn deliver(&self, task: usize) -> GateAnswer<'_>;

    /// What became of that try.
    fn delivered(&self, task: usize, end: DeliveryEnd);
}

/// Comes when it is known.
pub type GateAnswer<'a> = Pin<Box<dyn Future<Output = bool> + Send + 'a>>;

/// What became of one try to have a delivery taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryEnd {
    /// The database has it.
    Taken,
    /// It never will, or nobody wants it to any more.
    Refused,
    /// The run is another worker's by now.
    Fenced,
    /// Nobody knows.
    Lost,
}

impl RunPast {
    /// How many attempts were made at a task.
    pub(crate) fn attempts(&self, task: usize) -> u32 {
        self.tasks.get(task).map_or(0, |past| past.attempts)
    }

    /// How a task ended, if it has.
    pub(crate) fn settled(&self, task: usize) -> Option<&TaskSummary> {
        self.tasks.get(task)?.settled.as_ref()
    }

    /// The end of a task as a run goes on from it: what it stops is stopped for the same reason.
    pub(crate) fn outcome(&self, task: usize, planned: &PlannedTask) -> Option<Outcome> {
        let settled = self.settled(task)?;
        Some(match settled.outcome {
            TaskStatus::Succeeded => Outcome::Succeeded,
            TaskStatus::Skipped => Outcome::Skipped(planned.skip.clone().unwrap_or(Because::StoppedAfter {
                name: settled.name.clone(),
                exit: settled.reason.clone(),
            })),
            // Its words are in the record; here it only counts as a failure.
            _ => Outcome::Lost(settled.reason.clone()),
        })
    }
}
