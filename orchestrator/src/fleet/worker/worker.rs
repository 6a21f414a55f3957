//! The loop of a worker: it takes what it has room for, and ends when it is asked to: first it
//! takes nothing more, then it cancels, then it kills.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};

use crate::engine::{EndingSignals, time_since_boot};
use crate::execution::{Audience, Executor, Orders};
use crate::fleet::worker::bell::Bell;
use crate::fleet::worker::claimed_run::{ClaimEnd, ClaimedRun};
use crate::fleet::worker::log_sender::LogSender;
use crate::fleet::worker::presence::{BEAT, Presence};
use crate::model::{CancelCause, Order, RunId};
use crate::store::{FleetQueue, StoreError, WorkerBeat, WorkerMeans, WorkerState};
use crate::text::counted;

/// How long a look into the queue may take; nothing else of a worker waits longer.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a worker needs, made once by the verb.
pub struct WorkerSetup {
    /// To execute and to remember.
    pub executor: Arc<Executor>,
    /// Where runs wait.
    pub queue: FleetQueue,
    /// What it has to offer.
    pub means: WorkerMeans,
    /// Secrets of its settings that have no value here.
    pub lacks: Vec<String>,
    /// How many runs it takes at a time.
    pub capacity: usize,
    /// How long runs may go on after it was asked to end.
    pub drain_timeout: Duration,
    /// Who is told of each run.
    pub audience: Box<dyn Fn() -> Audience>,
}

/// How a worker ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkerStopped {
    /// Set if runs had to be cancelled for it.
    pub cancelled: Option<CancelCause>,
}

/// Why there can be no worker.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// Another one of this name is there.
    #[error("another worker is called {0}, and was there within the last 20 s")]
    NameTaken(String),
    /// The database does not know of it.
    #[error("the database does not take note of this worker: {0}")]
    Unknown(String),
    /// The kernel does not give what it needs.
    #[error("the system gives no signal handlers")]
    Signals(#[source] io::Error),
}

/// A worker that has said that it is there.
struct WorkerLoop {
    settings: WorkerSetup,
    presence: Presence,
    runs: JoinSet<ClaimEnd>,
    claimed: HashMap<Id, Claimed>,
    draining: Option<Draining>,
    cancelled: Option<CancelCause>,
    /// What its collectors write, on its way to whoever looks from elsewhere.
    log_sender: LogSender,
}

struct Claimed {
    run: RunId,
    orders: mpsc::Sender<Order>,
    /// Whether it was told that somebody wants it to end.
    told: bool,
}

struct Draining {
    cause: CancelCause,
    deadline: Instant,
}

/// Takes runs and executes them until a signal ends it.
///
/// # Errors
/// It cannot begin. Once it has, it goes on whatever the database does.
pub async fn work(settings: WorkerSetup) -> Result<WorkerStopped, WorkerError> {
    let mut signals = EndingSignals::new().map_err(WorkerError::Signals)?;
    let mut worker = WorkerLoop::begin(settings).await?;
    let mut bell = Bell::new(worker.settings.queue.clone());
    let mut beat = interval(BEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    beat.reset();
    loop {
        worker.take().await;
        if worker.draining.is_some() && worker.runs.is_empty() {
            break;
        }
        let deadline = worker.drain_deadline();
        tokio::select! {
            biased;
            cause = signals.next() => worker.stop(cause),
            Some(ended) = worker.runs.join_next_with_id() => worker.end(ended),
            () = sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => worker.run_out_of_time(),
            _ = beat.tick() => worker.say_present().await,
            () = bell.ring() => worker.look_for_cancelled().await,
        }
    }
    worker.presence.set(WorkerState::Gone);
    worker.say_present().await;
    worker.log_sender.close().await;
    Ok(WorkerStopped {
        cancelled: worker.cancelled,
    })
}

impl WorkerLoop {
    async fn begin(settings: WorkerSetup) -> Result<Self, WorkerError> {
        let mut presence = Presence::new(WorkerBeat {
            name: settings.means.name.clone(),
            owner: settings.executor.owner.clone(),
            state: WorkerState::Working,
            capacity: settings.capacity,
            labels: settings.means.labels.clone(),
            lacks: settings.lacks.clone(),
            started_at: settings.executor.now(),
        });
        // The second word knows what the first one measured.
        for _ in 0..2 {
            let clock = &*settings.executor.engine.clock;
            match presence.say(&settings.queue, clock).await {
                Ok(true) => {}
                Ok(false) => return Err(WorkerError::NameTaken(settings.means.name)),
                Err(error) => return Err(WorkerError::Unknown(error)),
            }
        }
        tracing::info!(
            "worker {} takes {} at a time",
            settings.means.name,
            counted(settings.capacity, "run")
        );
        let state_dir = settings.executor.state_dir();
        Ok(Self {
            log_sender: LogSender::start(settings.queue.clone(), state_dir),
            settings,
            presence,
            runs: JoinSet::new(),
            claimed: HashMap::new(),
            draining: None,
            cancelled: None,
        })
    }

    /// Claims as many runs as there is room for.
    async fn take(&mut self) {
        while self.draining.is_none() && self.runs.len() < self.settings.capacity {
            match timeout(PATIENCE, self.take_one()).await {
                Ok(Ok(true)) => {}
                Ok(Ok(false)) => return,
                Ok(Err(error)) => return tracing::debug!("the queue cannot be read: {error}"),
                Err(_) => return tracing::debug!("the queue cannot be read: no answer"),
            }
        }
    }

    async fn take_one(&mut self) -> Result<bool, StoreError> {
        let WorkerSetup { queue, means, .. } = &self.settings;
        let Some(shown) = queue.show(means, 1).await?.pop() else {
            return Ok(false);
        };
        // Without a clock there is no lease, and it is shown to others in a while.
        let Ok(claimed_at) = time_since_boot() else {
            return Ok(false);
        };
        if let Some(grant) = queue.claim(&shown, &means.name).await? {
            tracing::info!("run {} is taken, for the {}. time", grant.run, grant.epoch);
            let orders = Orders::new();
            let claimed = Claimed {
                run: grant.run.clone(),
                orders: orders.sender(),
                told: grant.cancelled,
            };
            let run = ClaimedRun {
                executor: Arc::clone(&self.settings.executor),
                queue: queue.clone(),
                grant,
                claimed_at,
                worker: means.name.clone(),
            };
            let mut audience = (self.settings.audience)();
            let logs = self.log_sender.logs().listener(run.fence());
            audience.listeners.push(Box::new(logs));
            audience.with_output = true;
            let work = run.execute(audience, orders);
            self.claimed.insert(self.runs.spawn(work).id(), claimed);
        }
        Ok(true)
    }

    fn end(&mut self, ended: Result<(Id, ClaimEnd), JoinError>) {
        let (id, end) = match ended {
            Ok((id, end)) => (id, Ok(end)),
            Err(error) => (error.id(), Err(error)),
        };
        let Some(Claimed { run, .. }) = self.claimed.remove(&id) else {
            return;
        };
        match end {
            Ok(ClaimEnd::Ended(exit_code)) => tracing::debug!("run {run} has ended with {exit_code}"),
            Ok(ClaimEnd::GivenUp) => tracing::error!("run {run} is given up"),
            Ok(ClaimEnd::GivenBack(reason)) => tracing::warn!("run {run} is given back: {reason}"),
            Ok(ClaimEnd::Lost) => tracing::warn!("run {run} is another worker's by now"),
            // Its lease is renewed no more, so another one takes it over.
            Err(error) => tracing::error!("run {run} is left, by a defect of ours: {error}"),
        }
    }

    async fn look_for_cancelled(&mut self) {
        if self.claimed.is_empty() {
            return;
        }
        let name = &self.settings.means.name;
        // Renewals tell it, too.
        let Ok(Ok(cancelled)) = timeout(PATIENCE, self.settings.queue.cancelled_of(name)).await else {
            return;
        };
        for claimed in self.claimed.values_mut() {
            if cancelled.contains(&claimed.run) && !std::mem::replace(&mut claimed.told, true) {
                let _ = claimed.orders.try_send(Order::Cancel(CancelCause::Operator));
            }
        }
    }

    async fn say_present(&mut self) {
        let clock = &*self.settings.executor.engine.clock;
        match self.presence.say(&self.settings.queue, clock).await {
            Ok(true) => {}
            Ok(false) => tracing::warn!("another worker has the name of this one"),
            Err(error) => tracing::debug!("this worker is not seen: {error}"),
        }
    }

    fn drain_deadline(&self) -> Option<Instant> {
        let draining = self.draining.as_ref()?;
        self.cancelled.is_none().then_some(draining.deadline)
    }

    /// The first signal drains, the second cancels, the third kills.
    fn stop(&mut self, cause: CancelCause) {
        match (&self.draining, self.cancelled) {
            (None, _) => {
                self.draining = Some(Draining {
                    cause,
                    deadline: Instant::now() + self.settings.drain_timeout,
                });
                self.presence.set(WorkerState::Draining);
                if !self.runs.is_empty() {
                    tracing::info!(
                        "ending: {} may finish within {}; a second signal cancels them",
                        counted(self.runs.len(), "run"),
                        humantime::format_duration(self.settings.drain_timeout)
                    );
                }
            }
            (Some(_), None) => self.order_all(Order::Cancel(cause)),
            (Some(_), Some(_)) => self.order_all(Order::Kill(cause)),
        }
    }

    fn run_out_of_time(&mut self) {
        if let Some(Draining { cause, .. }) = self.draining {
            tracing::warn!("the time to finish is over");
            self.order_all(Order::Cancel(cause));
        }
    }

    fn order_all(&mut self, order: Order) {
        let (Order::Cancel(cause) | Order::Kill(cause)) = order;
        self.cancelled.get_or_insert(cause);
        tracing::warn!("cancelled: {}", counted(self.runs.len(), "run"));
        for claimed in self.claimed.values() {
            // A run that takes no more orders has ended or has them all.
            let _ = claimed.orders.try_send(order);
        }
    }
}
