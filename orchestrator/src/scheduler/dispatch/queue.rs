//! Slots are given to the queue, and some worker runs them: here ends what this process has to
//! do with them.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::sleep;

use crate::execution::{Executor, QueueTerms, queue_entry};
use crate::model::{EntryKey, HoldKey, Order, Overlap};
use crate::report::Metrics;
use crate::scheduler::dispatch::dispatcher::{Dispatcher, EndedStart, StartEnd};
use crate::scheduler::planning::decision::{SlotStart, slot_ref};
use crate::scheduler::planning::situation::ClaimedSlots;
use crate::store::{EnqueuedSlot, FleetQueue, PassedSlot, SlotRequest};

/// The pause before a database that is away is asked again.
const PAUSE: Duration = Duration::from_secs(2);

/// Where slots go, and on which terms.
#[derive(Debug, Clone)]
pub struct QueueDispatch {
    /// The queue.
    pub queue: FleetQueue,
    /// The terms for every run.
    pub terms: QueueTerms,
}

/// Gives slots to the queue.
pub(crate) struct QueueDispatcher {
    executor: Arc<Executor>,
    to: QueueDispatch,
    metrics: Metrics,
    stop: watch::Sender<bool>,
    work: JoinSet<StartEnd>,
    started: HashMap<Id, (EntryKey, Timestamp)>,
}

impl QueueDispatcher {
    pub(crate) fn new(executor: Arc<Executor>, to: QueueDispatch, metrics: Metrics) -> Self {
        Self {
            executor,
            to,
            metrics,
            stop: watch::channel(false).0,
            work: JoinSet::new(),
            started: HashMap::new(),
        }
    }

    fn end(&mut self, ended: Result<(Id, StartEnd), JoinError>) -> Option<EndedStart> {
        let (id, end) = match ended {
            Ok(ended) => ended,
            Err(error) => (error.id(), StartEnd::Failed(format!("a defect of ours: {error}"))),
        };
        let (key, slot) = self.started.remove(&id)?;
        Some(EndedStart { key, slot, end })
    }
}

impl Dispatcher for QueueDispatcher {
    fn start(&mut self, start: SlotStart, older: Vec<PassedSlot>) {
        let entry = (start.key.clone(), start.slot);
        let job = SlotJob {
            start,
            older,
            executor: Arc::clone(&self.executor),
            to: self.to.clone(),
            metrics: self.metrics.clone(),
            stop: self.stop.subscribe(),
        };
        self.started.insert(self.work.spawn(job.enqueue()).id(), entry);
    }

    /// Runs are the workers' by now: who ends a scheduler ends none of them.
    fn order_all(&self, _order: Order) {}

    fn stop_starting(&self) {
        self.stop.send_replace(true);
    }

    fn count(&self) -> usize {
        self.started.len()
    }

    fn claimed(&self) -> ClaimedSlots {
        ClaimedSlots::default()
    }

    fn next_end(&mut self) -> Pin<Box<dyn Future<Output = EndedStart> + '_>> {
        Box::pin(async {
            while let Some(ended) = self.work.join_next_with_id().await {
                if let Some(ended) = self.end(ended) {
                    return ended;
                }
            }
            std::future::pending().await
        })
    }
}

/// One slot on its way.
struct SlotJob {
    start: SlotStart,
    older: Vec<PassedSlot>,
    executor: Arc<Executor>,
    to: QueueDispatch,
    metrics: Metrics,
    stop: watch::Receiver<bool>,
}

impl SlotJob {
    /// Until the database has taken it, or nothing is to begin any more.
    async fn enqueue(mut self) -> StartEnd {
        let key = HoldKey::entry(&self.start.key);
        let entry = queue_entry(&key, self.start.overlap, &self.start.plan.run);
        let run = match self
            .executor
            .for_queue(self.start.plan.clone(), entry, &self.to.terms)
            .await
        {
            Ok(run) => run,
            Err(error) => return StartEnd::Failed(error.to_string()),
        };
        let slot = slot_ref(&self.start.key, self.start.slot);
        // A check for releases waits for nobody: the next one takes its place.
        let waits = self.start.overlap != Overlap::Skip && !self.start.key.is_release_check();
        let mut said = false;
        loop {
            let request = SlotRequest {
                older: &self.older,
                ..SlotRequest::new(&slot, (&run.run, &self.executor.owner), &self.start.rows)
            };
            let queued = self
                .to
                .queue
                .enqueue_slot(request, &run, waits, self.executor.now());
            match queued.await {
                Ok(EnqueuedSlot::Queued) => {
                    for &cause in &self.start.causes {
                        self.metrics.count_skip(cause);
                    }
                    return StartEnd::Queued(run.run);
                }
                Ok(EnqueuedSlot::Taken(other)) => return StartEnd::Taken(other),
                Ok(EnqueuedSlot::Busy(other)) => return StartEnd::Busy(other),
                Err(error) if error.may_pass() => {
                    if !std::mem::replace(&mut said, true) {
                        tracing::warn!("{} of {} waits: {error}", self.start.key, self.start.slot);
                    }
                }
                Err(error) => return StartEnd::Failed(error.to_string()),
            }
            tokio::select! {
                biased;
                // Without a sender nothing must begin either.
                _ = self.stop.wait_for(|stop| *stop) => return StartEnd::Stopped,
                () = sleep(PAUSE) => {}
            }
        }
    }
}
