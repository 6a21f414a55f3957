//! Runs that somebody asks for while this scheduler is there, executed in this process: in the
//! same places as those of slots, and drained with them. They stand for no slot, so they need no
//! claim, and a scheduler that stands by executes them as well.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{mpsc, watch};

use crate::execution::{ExecutionError, Executor, LocalAdmission, Orders, RunPlan};
use crate::model::{Order, RunId};
use crate::scheduler::dispatch::local::RunningRuns;
use crate::scheduler::settings::MakeAudience;

/// So many may wait or go on at a time: nobody presses a button more often.
const MOST: usize = 64;

/// Why a run is not begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotBegun {
    /// This process drains.
    #[error("this scheduler is about to end")]
    Ending,
    /// As many wait or go on as may.
    #[error("{MOST} runs that were asked for by hand wait or go on already")]
    Full,
}

/// The runs that were asked for. Cheap to clone.
#[derive(Clone)]
pub struct RunsByHand(Arc<Shared>);

struct Shared {
    executor: Arc<Executor>,
    audience: MakeAudience,
    admission: LocalAdmission,
    running: RunningRuns,
    begun: Mutex<BTreeMap<RunId, mpsc::Sender<Order>>>,
    /// Becomes true when nothing more is to begin.
    stop: watch::Sender<bool>,
    ends: mpsc::UnboundedSender<EndedByHand>,
}

/// One that is over.
#[derive(Debug)]
pub(crate) struct EndedByHand {
    run: RunId,
    /// Whether it succeeded; `None` if it could not be executed.
    pub(crate) success: Option<bool>,
}

impl RunsByHand {
    /// None yet; and where their ends are told, which is to be handed to [`Self::acknowledge`].
    pub(crate) fn new(
        executor: Arc<Executor>,
        audience: MakeAudience,
        admission: LocalAdmission,
        running: RunningRuns,
    ) -> (Self, mpsc::UnboundedReceiver<EndedByHand>) {
        let (ends, told) = mpsc::unbounded_channel();
        let shared = Shared {
            executor,
            audience,
            admission,
            running,
            begun: Mutex::default(),
            stop: watch::channel(false).0,
            ends,
        };
        (Self(Arc::new(shared)), told)
    }

    /// Begins it as soon as nothing stands in its way. Returns at once; if it cannot be begun
    /// after all, its action says so.
    ///
    /// # Errors
    /// This process drains, or too many were asked for.
    pub fn start(&self, plan: RunPlan) -> Result<(), NotBegun> {
        let orders = Orders::new();
        let run = plan.run.clone();
        self.with(|begun| {
            // Asked under the lock: whoever drains counts it, or it is refused.
            if *self.0.stop.borrow() {
                return Err(NotBegun::Ending);
            }
            if begun.len() >= MOST {
                return Err(NotBegun::Full);
            }
            begun.insert(run.clone(), orders.sender());
            Ok(())
        })?;
        self.0.running.insert(run.clone());
        let (shared, work) = (Arc::clone(&self.0), Arc::clone(&self.0));
        tokio::spawn(async move {
            // In a task of its own: a panic is its end, too.
            let ended = tokio::spawn(async move { work.execute(plan, orders).await }).await;
            let success = ended.unwrap_or_else(|error| {
                tracing::error!("run {run} was broken off by a defect of ours: {error}");
                None
            });
            shared.running.remove(&run);
            // Nobody listens once the scheduler has ended.
            let _ = shared.ends.send(EndedByHand { run, success });
        });
        Ok(())
    }

    /// Gives a run an order; `false` if it is none of these, or takes no more.
    pub fn order(&self, run: &RunId, order: Order) -> bool {
        self.with(|begun| {
            begun
                .get(run)
                .is_some_and(|orders| orders.try_send(order).is_ok())
        })
    }

    /// Whether it was asked for here, and its end is not known.
    pub fn has(&self, run: &RunId) -> bool {
        self.with(|begun| begun.contains_key(run))
    }

    /// Gives all of them an order.
    pub(crate) fn order_all(&self, order: Order) {
        self.with(|begun| {
            for orders in begun.values() {
                // A run that takes no more orders has ended or has them all.
                let _ = orders.try_send(order);
            }
        });
    }

    /// What has not begun does not begin any more.
    pub(crate) fn stop_starting(&self) {
        self.with(|_| self.0.stop.send_replace(true));
    }

    /// How many were asked for and are not acknowledged as ended.
    pub(crate) fn count(&self) -> usize {
        self.with(|begun| begun.len())
    }

    /// Its end is known.
    pub(crate) fn acknowledge(&self, ended: &EndedByHand) {
        self.with(|begun| begun.remove(&ended.run));
    }

    fn with<T>(&self, act: impl FnOnce(&mut BTreeMap<RunId, mpsc::Sender<Order>>) -> T) -> T {
        act(&mut self.0.begun.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Shared {
    /// Whether it succeeded; `None` if it could not be executed, which its action says.
    async fn execute(&self, plan: RunPlan, orders: Orders) -> Option<bool> {
        let run = plan.run.clone();
        let mut stop = self.stop.subscribe();
        let mut orders = orders;
        let mut plan = plan;
        let admitted = tokio::select! {
            biased;
            // The sender lives as long as this.
            _ = stop.wait_for(|stop| *stop) => Err(NotBegun::Ending.to_string()),
            admitted = self.executor.await_admission(&self.admission, &mut plan, &mut orders) => {
                admitted.map_err(|error| words(&error))
            }
        };
        let permit = match admitted {
            Ok(permit) => permit,
            Err(why) => return self.give_up(&run, &why).await,
        };
        let executed = self.executor.execute(plan, (self.audience)(), orders).await;
        drop(permit);
        match executed {
            Ok(executed) => Some(executed.summary.success),
            Err(error) => self.give_up(&run, &words(&error)).await,
        }
    }

    async fn give_up(&self, run: &RunId, why: &str) -> Option<bool> {
        tracing::error!("run {run}, which was asked for by hand, could not be executed: {why}");
        let store = &self.executor.store;
        if let Err(error) = store.fail_action_of_run(run, why, self.executor.now()).await {
            tracing::warn!("the audit does not say so: {error}");
        }
        None
    }
}

fn words(error: &ExecutionError) -> String {
    let mut words = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        words.push_str(": ");
        words.push_str(&next.to_string());
        cause = next.source();
    }
    words
}
