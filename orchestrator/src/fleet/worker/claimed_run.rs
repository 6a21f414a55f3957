//! One run of the queue, from its claim to the moment at which it is over for this worker:
//! executed and recorded, given back, or somebody else's.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;

use crate::engine::time_since_boot;
use crate::execution::{Audience, Executed, Executor, Orders, RunPlan, RunTenure};
use crate::fleet::worker::lease_keeper::{LeaseEnd, LeaseKeeper};
use crate::model::{CancelCause, LeaseDeadline, Order};
use crate::store::{FleetQueue, LossPolicy, RunFence, RunGrant};

/// So many workers in a row may be lost with a run before it is given up: a plan that kills its
/// workers must not go round for ever.
const MOST_LOSSES: u32 = 5;

/// How often a database that is away is given a run back, and for how long.
const PAUSE: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(600);

/// All that it needs.
pub(crate) struct ClaimedRun {
    pub(crate) executor: Arc<Executor>,
    pub(crate) queue: FleetQueue,
    pub(crate) grant: RunGrant,
    /// Before its claim was sent, since the boot.
    pub(crate) claimed_at: Duration,
    pub(crate) worker: String,
}

/// How it ended for this worker; the exit code is that of the run.
#[derive(Debug)]
pub(crate) enum ClaimEnd {
    /// It has its end in the record.
    Ended(u8),
    /// It was given up: too many workers were lost with it, or one was one too many.
    GivenUp,
    /// It was given back, for this reason.
    GivenBack(String),
    /// Another worker has it.
    Lost,
}

impl ClaimedRun {
    pub(crate) async fn execute(self, audience: Audience, orders: Orders) -> ClaimEnd {
        let fence = self.fence();
        if self.is_lost_for_good() {
            return self.give_up().await;
        }
        let (held, hold) = watch::channel(true);
        let (lost, was_lost) = watch::channel(None);
        let deadline = LeaseDeadline::of(self.claimed_at, self.grant.lease);
        let (deadline, lease) = watch::channel(deadline);
        let keeper = LeaseKeeper {
            queue: self.queue.clone(),
            fence: fence.clone(),
            lease: self.grant.lease,
            orders: orders.sender(),
            held,
            deadline,
            anchor: self.claimed_at,
        };
        if self.grant.cancelled {
            // It is the first order: nothing is started.
            let _ = orders.sender().try_send(Order::Cancel(CancelCause::Operator));
        }
        let work = self.run(audience, orders, (hold, lease));
        let done = tokio::select! {
            done = work => done,
            kept = keeper.keep(&lost) => Err(match kept {
                Err(error) => format!("there is no clock: {error}"),
                Ok(()) => "its lease was lost".to_owned(),
            }),
        };
        let lost = was_lost.borrow().clone();
        match (lost, done) {
            (Some(LeaseEnd::Fenced), _) => ClaimEnd::Lost,
            (Some(LeaseEnd::RanOut), _) => {
                let worker = &self.worker;
                let reason = format!(
                    "worker {worker} could not reach the database and ended it before its lease of the run ran out"
                );
                self.give_back(&fence, reason).await
            }
            (None, Ok(executed)) => match &executed.recorded.failure {
                None => ClaimEnd::Ended(executed.summary.exit_code),
                Some((_, error)) => {
                    let reason = format!("worker {} could not record it: {error}", self.worker);
                    self.give_back(&fence, reason).await
                }
            },
            (None, Err(reason)) => {
                let reason = format!("worker {} could not execute it: {reason}", self.worker);
                self.give_back(&fence, reason).await
            }
        }
    }

    /// The claim, which every write names.
    pub(crate) fn fence(&self) -> RunFence {
        RunFence {
            run: self.grant.run.clone(),
            epoch: self.grant.epoch,
        }
    }

    async fn run(
        &self,
        audience: Audience,
        orders: Orders,
        (held, lease): (watch::Receiver<bool>, watch::Receiver<LeaseDeadline>),
    ) -> Result<Executed, String> {
        let plan = RunPlan::parse(self.grant.plan.as_bytes()).map_err(|error| error.to_string())?;
        let record = match self.grant.recorded {
            0 => None,
            _ => self
                .executor
                .store
                .run(&self.grant.run)
                .await
                .map_err(|error| error.to_string())?,
        };
        let tenure = RunTenure {
            fence: self.fence(),
            recorded: self.grant.recorded,
            tasks: RunTenure::past_of(record.as_ref()),
            held,
            lease,
        };
        self.executor
            .execute_claimed(plan, audience, orders, tenure)
            .await
            .map_err(|error| {
                let error = anyhow::Error::new(error);
                let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
                causes.join(": ")
            })
    }

    fn is_lost_for_good(&self) -> bool {
        match self.grant.on_lost {
            LossPolicy::Fail => self.grant.losses > 0,
            LossPolicy::Resume => self.grant.losses > MOST_LOSSES,
        }
    }

    async fn give_up(&self) -> ClaimEnd {
        let reason = match self.grant.on_lost {
            LossPolicy::Fail => "its worker was lost, and `on_lost` is `fail`".to_owned(),
            LossPolicy::Resume => format!("{} workers were lost with it", self.grant.losses),
        };
        let now = self.executor.now();
        match self
            .executor
            .store
            .give_up_claimed(&self.fence(), &reason, now)
            .await
        {
            Ok(()) => ClaimEnd::GivenUp,
            // Whoever has it next finds the same.
            Err(error) => ClaimEnd::GivenBack(error.to_string()),
        }
    }

    /// Until the database answers, or the lease is over in any case.
    async fn give_back(&self, fence: &RunFence, reason: String) -> ClaimEnd {
        let deadline = time_since_boot().map(|now| now + PATIENCE.max(self.grant.lease * 2));
        loop {
            match self.queue.give_back(fence, &reason).await {
                Ok(true) => return ClaimEnd::GivenBack(reason),
                Ok(false) => return ClaimEnd::Lost,
                Err(error) => tracing::debug!("run {} is not given back: {error}", fence.run),
            }
            let over = match (&deadline, time_since_boot()) {
                (Ok(deadline), Ok(now)) => now >= *deadline,
                _ => true,
            };
            if over {
                return ClaimEnd::Lost;
            }
            sleep(PAUSE).await;
        }
    }
}
