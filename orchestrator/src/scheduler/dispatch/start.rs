//! One firing: the slot is taken in the database, then its plan is executed. Whoever
//! does not get the slot starts nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::sleep;

use crate::events::SlotRef;
use crate::execution::{Admission, Audience, Executed, Executor, LocalAdmission, Orders, RunPlan};
use crate::model::{EntryKey, Overlap, Release, ReleaseSource, RunId, SkipCause};
use crate::report::Metrics;
use crate::scheduler::planning::lateness::{Late, Lateness};
use crate::store::{Claim, SlotTask};

/// The pause before a database that is away is asked again, and before a run of another
/// process is looked for again.
const PAUSE: Duration = Duration::from_secs(2);

/// Something that a scheduler set going has ended.
pub(crate) enum Ended {
    /// It is known whether there is a release where it was looked for.
    Answered(Release, ReleaseSource),
    /// A firing has come to its end.
    Fired(Box<End>),
}

/// How a firing ended.
pub(crate) enum End {
    /// It ran.
    Ran(Executed),
    /// Somebody else has the slot.
    Taken(Option<RunId>),
    /// A run of the lane goes on in another process.
    Busy(RunId),
    /// Such a run was waited for and has ended: what is due is to be found out anew.
    Waited,
    /// We are to stop, and the slot is still free.
    Stopped,
    /// It could not be run, for this reason.
    Failed(String),
}

/// All that a firing needs.
pub(crate) struct Firing {
    pub(crate) executor: Arc<Executor>,
    pub(crate) plan: RunPlan,
    pub(crate) slot: SlotRef,
    pub(crate) key: EntryKey,
    /// The instant at which it should have begun: the slot and its delay.
    pub(crate) planned_for: Timestamp,
    /// When this scheduler found the slot.
    pub(crate) came: Timestamp,
    pub(crate) lateness: Lateness,
    /// To be set when the slot is taken.
    pub(crate) taken: Arc<AtomicBool>,
    pub(crate) rows: Vec<SlotTask>,
    /// The causes for which some of them do not run, to be counted.
    pub(crate) causes: Vec<SkipCause>,
    pub(crate) overlap: Overlap,
    pub(crate) audience: Audience,
    pub(crate) orders: Orders,
    /// How many may run at a time.
    pub(crate) admission: LocalAdmission,
    /// Becomes true when nothing more is to begin.
    pub(crate) stop: watch::Receiver<bool>,
    pub(crate) metrics: Metrics,
}

impl Firing {
    /// Waits for its turn, takes the slot, executes.
    pub(crate) async fn fire(mut self) -> End {
        let admission = self.admission.clone();
        let _permit = tokio::select! {
            biased;
            () = stopped(&mut self.stop) => return End::Stopped,
            permit = admission.admit(&self.plan) => permit,
        };
        if let Some(end) = self.take_slot().await {
            return end;
        }
        self.taken.store(true, Ordering::Release);
        for &cause in &self.causes {
            self.metrics.count_skip(cause);
        }
        let since = |then: Timestamp| {
            let passed = self.executor.now().duration_since(then);
            Duration::try_from(passed).unwrap_or_default()
        };
        let (lag, waited) = (since(self.planned_for), since(self.came));
        self.metrics.count_start(lag);
        let late = Late::of(&self.slot, &self.plan.plan, lag, waited);
        let told = async {
            // A look for releases has no time at which somebody counts on it.
            if !self.key.is_release_check() {
                self.lateness.tell(&self.executor, &self.key, &late).await;
            }
        };
        let run = self.plan.run.clone();
        // Beside the run: no collector waits for a note.
        let work = self.executor.execute(self.plan, self.audience, self.orders);
        match tokio::join!(work, told).0 {
            Ok(executed) => End::Ran(executed),
            Err(error) => {
                let mut reason = anyhow::Error::new(error)
                    .chain()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>()
                    .join(": ");
                let kept = self.executor.store.give_up_slot(&self.slot, &run, &reason).await;
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
        let mate = self.mate();
        loop {
            let now = self.executor.now();
            let claim = self.executor.store.claim_slot(
                &self.slot,
                (&self.plan.run, &self.executor.owner),
                &self.rows,
                now,
                mate.as_deref(),
            );
            match claim.await {
                Ok(Claim::Ours) => return None,
                Ok(Claim::Taken(run)) => return Some(End::Taken(run)),
                Ok(Claim::Busy(run, entry)) if self.gives_way(&entry) => return Some(End::Busy(run)),
                Ok(Claim::Busy(run, _)) => {
                    self.say_once(&mut told, &format!("run {run} goes on elsewhere"));
                    return Some(self.wait_for_lane().await);
                }
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

    /// Whether it does not wait for a run of `entry`: as in `lanes`, a batch always waits
    /// for a look for releases, and a look for nobody.
    fn gives_way(&self, entry: &str) -> bool {
        self.key.is_release_check() || self.overlap == Overlap::Skip && entry == self.slot.entry
    }

    fn mate(&self) -> Option<String> {
        self.key.shares_queue_with().map(|mate| mate.to_string())
    }

    /// Waits until no other process has a run in the lane. That run may have dealt with the
    /// releases that this one was planned for, so the slot is not taken with this plan.
    async fn wait_for_lane(&mut self) -> End {
        let mate = self.mate();
        loop {
            tokio::select! {
                biased;
                () = stopped(&mut self.stop) => return End::Stopped,
                () = sleep(PAUSE) => {}
            }
            let store = &self.executor.store;
            match store
                .lane_is_busy(&self.slot, &self.executor.owner, mate.as_deref())
                .await
            {
                Ok(false) => return End::Waited,
                Ok(true) => {}
                Err(error) if error.may_pass() => {}
                Err(error) => return End::Failed(error.to_string()),
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
