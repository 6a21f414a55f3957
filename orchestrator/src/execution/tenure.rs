//! A run of the queue that this process has for a while: what was recorded of it before, and
//! what keeps it from the record once somebody else has it.

use std::future::Future;
use std::pin::Pin;

use tokio::sync::watch;

use crate::events::{AttemptGate, RunPast, TaskPast};
use crate::model::{LeaseDeadline, TaskStatus};
use crate::store::{RunFence, RunRecord};

/// What a worker has of a run.
#[derive(Debug)]
pub struct RunTenure {
    /// Its claim.
    pub fence: RunFence,
    /// How many events of the run are recorded.
    pub recorded: u64,
    /// What was recorded of its tasks.
    pub tasks: Vec<TaskPast>,
    /// Until when its collectors may run, as it is put off.
    pub lease: watch::Receiver<LeaseDeadline>,
    /// Becomes false when nothing may be started or written any more.
    pub held: watch::Receiver<bool>,
}

impl RunTenure {
    /// What the record of a run says of its tasks.
    pub fn past_of(record: Option<&RunRecord>) -> Vec<TaskPast> {
        let tasks = record.map(|record| record.tasks.iter()).into_iter().flatten();
        tasks
            .map(|task| {
                let last = task.attempt_list.iter().map(|attempt| attempt.number).max();
                let open = matches!(task.summary.outcome, TaskStatus::Pending | TaskStatus::Running);
                TaskPast {
                    settled: (!open).then(|| task.summary.clone()),
                    attempts: last.unwrap_or(0),
                }
            })
            .collect()
    }

    /// As the engine goes on from it.
    pub(super) fn past(&self, stored: watch::Receiver<u64>) -> RunPast {
        RunPast {
            epoch: Some(self.fence.epoch),
            tasks: self.tasks.clone(),
            lease: Some(self.lease.clone()),
            gate: Some(std::sync::Arc::new(RecordedGate {
                before: self.recorded,
                stored,
                held: self.held.clone(),
            })),
        }
    }
}

/// Nothing is started before the database has what came before it: whoever takes the run over
/// does not do it again.
struct RecordedGate {
    /// How many events were recorded before this claim.
    before: u64,
    /// The number of the last one that is recorded.
    stored: watch::Receiver<u64>,
    held: watch::Receiver<bool>,
}

impl AttemptGate for RecordedGate {
    fn pass(&self, published: u64) -> Pin<Box<dyn Future<Output = bool> + Send + '_>> {
        let wanted = self.before + published;
        let (mut stored, mut held) = (self.stored.clone(), self.held.clone());
        Box::pin(async move {
            tokio::select! {
                biased;
                // Without a sender nobody vouches for the claim.
                _ = held.wait_for(|held| !*held) => false,
                reached = stored.wait_for(|stored| *stored >= wanted) => reached.is_ok(),
            }
        })
    }
}
