//! One firing: the slot is taken in the database, then its plan is executed. Whoever
//! does not get the slot starts nothing.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Semaphore, watch};
use tokio::time::sleep;

use crate::engine::RunRequest;
use crate::execution::{Audience, Executed, Means, Orders, execute};
use crate::model::{Overlap, Release, RunId};
use crate::report::{Metrics, SlotRef};
use crate::store::{Claim, SlotTask};

/// The pause before a database that is away is asked again, and before a run of another
/// process is looked for again.
const PAUSE: Duration = Duration::from_secs(2);

/// Something that a scheduler set going has ended.
pub(super) enum Ended {
    /// It is known whether there is a release.
    Answered(Release),
    /// A firing has come to its end.
    Fired(Box<End>),
}

/// How a firing ended.
pub(super) enum End {
    /// It ran.
    Ran(Executed),
    /// Somebody else has the slot.
    Taken(Option<RunId>),
    /// A run of the entry goes on in another process.
    Busy(RunId),
    /// We are to stop, and the slot is still free.
    Stopped,
    /// It could not be run, for this reason.
    Failed(String),
}

/// All that a firing needs.
pub(super) struct Firing {
    pub(super) means: Means,
    pub(super) request: RunRequest,
    pub(super) slot: SlotRef,
    /// The instant at which it should have begun: the slot and its delay.
    pub(super) planned_for: Timestamp,
    pub(super) rows: Vec<SlotTask>,
    pub(super) overlap: Overlap,
    pub(super) audience: Audience,
    pub(super) orders: Orders,
    /// How many may run at a time.
    pub(super) permits: Arc<Semaphore>,
    /// Becomes true when nothing more is to begin.
    pub(super) stop: watch::Receiver<bool>,
    pub(super) metrics: Metrics,
}

impl Firing {
    /// Waits for its turn, takes the slot, executes.
    pub(super) async fn fire(mut self) -> End {
        let permits = Arc::clone(&self.permits);
        let _permit = tokio::select! {
            biased;
            () = stopped(&mut self.stop) => return End::Stopped,
            permit = permits.acquire() => permit,
        };
        if let Some(end) = self.take_slot().await {
            return end;
        }
        let clock = Arc::clone(&self.means.context.clock);
        let lag = clock.now().duration_since(self.planned_for);
        self.metrics.fired(Duration::try_from(lag).unwrap_or_default());
        let run = self.request.run.clone();
        match execute(&self.means, self.request, self.audience, self.orders).await {
            Ok(executed) => End::Ran(executed),
            Err(error) => {
                let mut reason = anyhow::Error::new(error)
                    .chain()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>()
                    .join(": ");
                let kept = self.means.store.give_up_slot(&self.slot, &run, &reason).await;
                if let Err(error) = kept {
                    reason = format!("{reason}; and the ledger cannot say so: {error}");
                }
                End::Failed(reason)
            }
        }
    }

    /// `None` once the slot is ours.
    async fn take_slot(&mut self) -> Option<End> {
        let mut told = false;
        loop {
            let now = self.means.context.clock.now();
            let request = &self.request;
            let claim =
                self.means
                    .store
                    .claim_slot(&self.slot, &request.run, &request.owner, &self.rows, now);
            match claim.await {
                Ok(Claim::Ours) => return None,
                Ok(Claim::Taken(run)) => return Some(End::Taken(run)),
                Ok(Claim::Busy(run)) if self.overlap == Overlap::Skip => return Some(End::Busy(run)),
                Ok(Claim::Busy(run)) => self.say_once(&mut told, &format!("run {run} goes on elsewhere")),
                // Until it is back, there is nothing that a scheduler could do but ask again.
                Err(error) if error.may_pass() => self.say_once(&mut told, &error.to_string()),
                Err(error) => return Some(End::Failed(error.to_string())),
            }
            tokio::select! {
                biased;
                () = stopped(&mut self.stop) => return Some(End::Stopped),
                () = sleep(PAUSE) => {}
            }
        }
    }

    fn say_once(&self, told: &mut bool, reason: &str) {
        if !std::mem::replace(told, true) {
            tracing::warn!("{} of {} waits: {reason}", self.slot.entry, self.slot.at);
        }
    }
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // The sender lives as long as the scheduler; without it nothing must begin either.
    let _ = stop.wait_for(|stop| *stop).await;
}
