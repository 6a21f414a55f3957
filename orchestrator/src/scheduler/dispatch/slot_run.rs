//! One slot in this process: it is claimed in the database, then its plan is executed.
//! Whoever does not get the slot starts nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::sleep;

use crate::events::SlotRef;
use crate::execution::{Admission, Admitted, Audience, Executor, LocalAdmission, Orders};
use crate::model::Overlap;
use crate::report::Metrics;
use crate::scheduler::dispatch::dispatcher::StartEnd;
use crate::scheduler::planning::decision::{SlotStart, slot_ref};
use crate::scheduler::planning::lateness::{LateStart, Lateness};
use crate::store::{Claim, PassedSlot, SlotRequest, StoreError};

/// The pause before a database that is away is asked again, and before a run of another
/// process is looked for again.
const PAUSE: Duration = Duration::from_secs(2);

/// All that it needs.
pub(crate) struct SlotRun {
    pub(crate) start: SlotStart,
    /// Slots of the entry before it that are to be passed over and may not be settled yet.
    pub(crate) older: Vec<PassedSlot>,
    pub(crate) executor: Arc<Executor>,
    /// To be set when the slot is claimed.
    pub(crate) claimed: Arc<AtomicBool>,
    pub(crate) lateness: Lateness,
    pub(crate) metrics: Metrics,
    /// Becomes true when nothing more is to begin.
    pub(crate) stop: watch::Receiver<bool>,
}

impl SlotRun {
    /// Waits until it is admitted, claims the slot, executes.
    pub(crate) async fn run(
        mut self,
        audience: Audience,
        orders: Orders,
        admission: LocalAdmission,
    ) -> StartEnd {
        let mut said = false;
        let _permit = loop {
            let permit = match self.await_admission(&admission).await {
                Ok(permit) => permit,
                Err(end) => return end,
            };
            match self.claim_slot(&mut said).await {
                ClaimStep::Ours => break permit,
                ClaimStep::Over(end) => return end,
                // A slot that is nobody's yet is in nobody's way.
                ClaimStep::Later => drop(permit),
            }
            if self.stopped_in_pause().await {
                return StartEnd::Stopped;
            }
        };
        self.claimed.store(true, Ordering::Release);
        for &cause in &self.start.causes {
            self.metrics.count_skip(cause);
        }
        let late = self.measure();
        // Beside the run: no collector waits for a note.
        let work = self.executor.execute(self.start.plan.clone(), audience, orders);
        match tokio::join!(work, self.notify_late(&late)).0 {
            Ok(executed) => StartEnd::Ran(Box::new(executed)),
            Err(error) => StartEnd::Failed(self.give_up(error.into()).await),
        }
    }

    /// A run that was waited for may have dealt with the releases that this one was planned for,
    /// so nothing is begun with this plan then.
    async fn await_admission<A: Admission>(&mut self, admission: &A) -> Result<A::Permit, StartEnd> {
        let mut said = false;
        loop {
            let admitted = tokio::select! {
                biased;
                () = stopped(&mut self.stop) => return Err(StartEnd::Stopped),
                admitted = admission.admit(&self.start.plan) => admitted,
            };
            match admitted {
                Ok(Admitted { waited: true, .. }) => return Err(StartEnd::Waited),
                Ok(Admitted {
                    permit, held_back, ..
                }) => {
                    let holder = held_back.into_iter().next();
                    return holder.map_or(Ok(permit), |(_, run)| Err(StartEnd::Busy(run)));
                }
                // Until it can be written again, nothing could be run either.
                Err(error) => self.say_once(
                    &mut said,
                    &format!(
                        "{} does not tell what goes on: {error}",
                        self.executor.state_dir().display()
                    ),
                ),
            }
            if self.stopped_in_pause().await {
                return Err(StartEnd::Stopped);
            }
        }
    }

    fn slot(&self) -> SlotRef {
        slot_ref(&self.start.key, self.start.slot)
    }

    /// How late it begins, which is counted.
    fn measure(&self) -> LateStart {
        let now = self.executor.now();
        let since = |then: Timestamp| Duration::try_from(now.duration_since(then)).unwrap_or_default();
        let (lag, waited) = (since(self.start.planned_for), since(self.start.found_at));
        self.metrics.count_start(lag);
        LateStart::of(&self.slot(), &self.start.plan.plan, lag, waited)
    }

    /// If it is late, that is written down for whoever wants to know, and delivered within a
    /// minute: a server that does not answer holds nothing up.
    async fn notify_late(&self, late: &LateStart) {
        let key = &self.start.key;
        // A release check has no time at which somebody counts on it.
        if key.is_release_check() {
            return;
        }
        let channels = self
            .lateness
            .count(&self.executor.notifier.channels, key, late.lag);
        if !channels.is_empty() {
            tracing::warn!("{key} of {}: {}", self.start.slot, late.notice.reason);
            self.executor.notify_late(&late.notice, &channels).await;
        }
    }

    /// The slot was claimed and cannot be run: its rows say so. Returns why.
    async fn give_up(&self, error: anyhow::Error) -> String {
        let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
        let reason = causes.join(": ");
        let store = &self.executor.store;
        match store
            .give_up_slot(&self.slot(), &self.start.plan.run, &reason)
            .await
        {
            Ok(()) => reason,
            Err(error) => format!("{reason}; and the ledger cannot say so: {error}"),
        }
    }

    async fn claim_slot(&mut self, said: &mut bool) -> ClaimStep {
        let (slot, shares) = (self.slot(), self.shares_queue_with());
        let request = SlotRequest {
            older: &self.older,
            mate: shares.as_deref(),
            overlaps: self.start.overlap == Overlap::Allow,
            ..SlotRequest::new(
                &slot,
                (&self.start.plan.run, &self.executor.owner),
                &self.start.rows,
            )
        };
        let claim = self.executor.store.claim_slot(request, self.executor.now());
        match claim.await {
            Ok(Claim::Ours) => ClaimStep::Ours,
            Ok(Claim::Taken(run)) => ClaimStep::Over(StartEnd::Taken(run)),
            Ok(Claim::Busy(run, entry)) if self.gives_way(&entry) => ClaimStep::Over(StartEnd::Busy(run)),
            Ok(Claim::Busy(run, _)) => {
                self.say_once(said, &format!("run {run} goes on elsewhere"));
                ClaimStep::Over(self.wait_for_other_run().await)
            }
            // Until it is back, there is nothing that a scheduler could do but ask again.
            Err(error) if may_come_back(&error) => {
                self.say_once(said, &error.to_string());
                ClaimStep::Later
            }
            Err(error) => ClaimStep::Over(StartEnd::Failed(error.to_string())),
        }
    }

    /// Whether it does not wait for a run of `entry`: as in the overlap queue, a batch always
    /// waits for a release check, and a check for nobody.
    fn gives_way(&self, entry: &str) -> bool {
        let key = &self.start.key;
        key.is_release_check() || self.start.overlap == Overlap::Skip && entry == key.to_string()
    }

    fn shares_queue_with(&self) -> Option<String> {
        let other = self.start.key.shares_queue_with();
        other.map(|other| other.to_string())
    }

    /// Waits until no other process has a run that must not overlap. That run may have dealt
    /// with the releases that this one was planned for, so the slot is not claimed with this
    /// plan.
    async fn wait_for_other_run(&mut self) -> StartEnd {
        let (slot, shares) = (self.slot(), self.shares_queue_with());
        loop {
            if self.stopped_in_pause().await {
                return StartEnd::Stopped;
            }
            let store = &self.executor.store;
            match store
                .overlap_queue_is_busy(&slot, &self.executor.owner, shares.as_deref())
                .await
            {
                Ok(false) => return StartEnd::Waited,
                Ok(true) => {}
                Err(error) if may_come_back(&error) => {}
                Err(error) => return StartEnd::Failed(error.to_string()),
            }
        }
    }

    async fn stopped_in_pause(&mut self) -> bool {
        tokio::select! {
            biased;
            () = stopped(&mut self.stop) => true,
            () = sleep(PAUSE) => false,
        }
    }

    fn say_once(&self, said: &mut bool, reason: &str) {
        if !std::mem::replace(said, true) {
            tracing::warn!("{} of {} waits: {reason}", self.start.key, self.start.slot);
        }
    }
}

/// What came of asking for a slot.
enum ClaimStep {
    /// It is ours to run.
    Ours,
    /// It is not run by us now.
    Over(StartEnd),
    /// Nobody can say yet: it is asked for again.
    Later,
}

/// A slot waits for a database that is away, and for a file that somebody may put back.
fn may_come_back(error: &StoreError) -> bool {
    error.may_pass() || error.is_displaced()
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // The sender lives as long as the scheduler; without it nothing must begin either.
    let _ = stop.wait_for(|stop| *stop).await;
}
