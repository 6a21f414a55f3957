//! Slots are run in this process, so many at a time.

use std::collections::{BTreeSet, HashMap};
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio::task::{Id, JoinError, JoinSet};

use crate::execution::{Executor, LocalAdmission, Orders};
use crate::model::{EntryKey, Order, RunId};
use crate::report::Metrics;
use crate::scheduler::dispatch::dispatcher::{Dispatcher, EndedStart, StartEnd};
use crate::scheduler::dispatch::slot_run::SlotRun;
use crate::scheduler::planning::decision::SlotStart;
use crate::scheduler::planning::lateness::Lateness;
use crate::scheduler::planning::situation::ClaimedSlots;
use crate::scheduler::settings::MakeAudience;
use crate::store::PassedSlot;

/// The runs that were started here and have not ended: what they have to say is on its way
/// to the database. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct RunningRuns(Arc<Mutex<BTreeSet<RunId>>>);

impl RunningRuns {
    pub(crate) fn list(&self) -> Vec<RunId> {
        self.change(|runs| runs.iter().cloned().collect())
    }

    pub(crate) fn insert(&self, run: RunId) {
        self.change(|runs| runs.insert(run));
    }

    pub(crate) fn remove(&self, run: &RunId) {
        self.change(|runs| runs.remove(run));
    }

    fn change<T>(&self, change: impl FnOnce(&mut BTreeSet<RunId>) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Runs slots in this process.
pub(crate) struct LocalDispatcher {
    executor: Arc<Executor>,
    audience: MakeAudience,
    metrics: Metrics,
    lateness: Lateness,
    admission: LocalAdmission,
    /// Becomes true when nothing more is to begin.
    stop: watch::Sender<bool>,
    work: JoinSet<StartEnd>,
    started: HashMap<Id, Started>,
    running: RunningRuns,
}

struct Started {
    key: EntryKey,
    slot: Timestamp,
    run: RunId,
    claimed: Arc<AtomicBool>,
    orders: mpsc::Sender<Order>,
}

impl LocalDispatcher {
    pub(crate) fn new(
        executor: Arc<Executor>,
        audience: MakeAudience,
        admission: LocalAdmission,
        metrics: Metrics,
    ) -> Self {
        Self {
            admission,
            executor,
            audience,
            metrics,
            lateness: Lateness::default(),
            stop: watch::channel(false).0,
            work: JoinSet::new(),
            started: HashMap::new(),
            running: RunningRuns::default(),
        }
    }

    pub(crate) fn running(&self) -> RunningRuns {
        self.running.clone()
    }

    fn end(&mut self, ended: Result<(Id, StartEnd), JoinError>) -> Option<EndedStart> {
        let (id, end) = match ended {
            Ok(ended) => ended,
            Err(error) => (error.id(), StartEnd::Failed(format!("a defect of ours: {error}"))),
        };
        let Started { key, slot, run, .. } = self.started.remove(&id)?;
        self.running.remove(&run);
        Some(EndedStart { key, slot, end })
    }
}

impl Dispatcher for LocalDispatcher {
    fn start(&mut self, start: SlotStart, older: Vec<PassedSlot>) {
        let orders = Orders::new();
        let started = Started {
            key: start.key.clone(),
            slot: start.slot,
            run: start.plan.run.clone(),
            claimed: Arc::default(),
            orders: orders.sender(),
        };
        self.running.insert(started.run.clone());
        let run = SlotRun {
            start,
            older,
            executor: self.executor.clone(),
            claimed: Arc::clone(&started.claimed),
            lateness: self.lateness.clone(),
            metrics: self.metrics.clone(),
            stop: self.stop.subscribe(),
        };
        let work = run.run((self.audience)(), orders, self.admission.clone());
        self.started.insert(self.work.spawn(work).id(), started);
    }

    fn order_all(&self, order: Order) {
        for started in self.started.values() {
            // A run that takes no more orders has ended or has them all.
            let _ = started.orders.try_send(order);
        }
    }

    fn stop_starting(&self) {
        self.stop.send_replace(true);
    }

    fn count(&self) -> usize {
        self.started.len()
    }

    fn claimed(&self) -> ClaimedSlots {
        let started = self.started.values();
        started
            .filter(|started| started.claimed.load(Ordering::Acquire))
            .map(|started| (started.key.clone(), started.slot))
            .collect()
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
