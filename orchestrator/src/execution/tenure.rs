//! A run of the queue that this process has for a while: what was recorded of it before, and
//! whom it tells everything that whoever keeps the claim has to know. It decides nothing about
//! the claim itself, and writes nothing into the database.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot, watch};

use crate::events::{AttemptGate, DeliveryEnd, GateAnswer, Message, RunEvent, RunPast, TaskPast};
use crate::model::{LeaseDeadline, TaskStatus};
use crate::store::{RecorderEnd, RunFence, RunRecord};

/// What a worker has of a run.
pub struct RunTenure {
    /// Its claim.
    pub fence: RunFence,
    /// How many events of the run are recorded.
    pub recorded: u64,
    /// What was recorded of its tasks.
    pub tasks: Vec<TaskPast>,
    /// Until when its collectors may run, as it is put off.
    pub lease: watch::Receiver<LeaseDeadline>,
    /// Who keeps the claim.
    pub keeper: TenureKeeper,
}

/// Who is told. Must not block.
pub type TenureKeeper = Arc<dyn Fn(TenureNews) + Send + Sync>;

/// What whoever keeps a claim is told of its run. Where there is a `go`, the engine waits for it; one
/// that is dropped means: not any more.
#[derive(Debug)]
pub enum TenureNews {
    /// Another event is in the journal.
    Journaled {
        /// Its place in the journal of the run, over all workers, counted from 1.
        number: u64,
        /// The event.
        event: Arc<RunEvent>,
    },
    /// An attempt is to be made.
    Due {
        /// Its task's place in the plan, counted from 0.
        task: usize,
        /// Counted from 1, over all workers.
        attempt: u32,
        /// The journal is to be recorded up to here before that.
        upto: u64,
        /// It may.
        go: oneshot::Sender<()>,
    },
    /// A collector ended well, and the database is to be asked to take what it delivered.
    DeliveryDue {
        /// Its task's place in the plan, counted from 0.
        task: usize,
        /// It may be asked once.
        go: oneshot::Sender<()>,
    },
    /// It was asked.
    Delivered {
        /// The task's place in the plan, counted from 0.
        task: usize,
        /// What it said.
        end: DeliveryEnd,
    },
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
    pub(super) fn past(&self) -> RunPast {
        RunPast {
            epoch: Some(self.fence.epoch),
            tasks: self.tasks.clone(),
            lease: Some(self.lease.clone()),
            gate: Some(Arc::new(KeeperGate {
                before: self.recorded,
                keeper: Arc::clone(&self.keeper),
            })),
        }
    }
}

/// Tells the keeper every event, in order; ends with the run.
pub(super) async fn tell_events(
    mut queue: mpsc::Receiver<Message>,
    before: u64,
    keeper: TenureKeeper,
) -> RecorderEnd {
    let mut number = before;
    while let Some(message) = queue.recv().await {
        if let Message::Event(event) = message {
            number += 1;
            keeper(TenureNews::Journaled { number, event });
        }
    }
    // What becomes of them is the keeper's.
    RecorderEnd { failure: None }
}

/// Nothing is started before the keeper says so.
struct KeeperGate {
    /// How many events were recorded before this claim.
    before: u64,
    keeper: TenureKeeper,
}

impl KeeperGate {
    fn ask(&self, news: impl FnOnce(oneshot::Sender<()>) -> TenureNews) -> GateAnswer<'static> {
        let (go, gone) = oneshot::channel();
        (self.keeper)(news(go));
        Box::pin(async { gone.await.is_ok() })
    }
}

impl AttemptGate for KeeperGate {
    fn pass(&self, task: usize, attempt: u32, published: u64) -> GateAnswer<'_> {
        let upto = self.before + published;
        self.ask(|go| TenureNews::Due {
            task,
            attempt,
            upto,
            go,
        })
    }

    fn deliver(&self, task: usize) -> GateAnswer<'_> {
        self.ask(|go| TenureNews::DeliveryDue { task, go })
    }

    fn delivered(&self, task: usize, end: DeliveryEnd) {
        (self.keeper)(TenureNews::Delivered { task, end });
    }
}
