//! May this run begin now? Asked before its slot is taken. One process counts its own runs, and
//! all that share a state directory run nothing of an entry twice at the same time, whether the
//! timetable or a person wants it; what workers have is asked of the database (`fleet/admission.rs`).

use std::io;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::model::{HoldKey, Overlap, RunId};
use crate::rundir::{Collision, Hold, HoldRequest, Holder, Holds, LockedHolds, RunPlan, StateDir, Taken};
use crate::store::StoreError;

/// Who decides it.
pub trait Admission {
    /// What lets a run go on; given back when it is dropped.
    type Permit: Send;

    /// Waits until the run may begin. May be dropped, and nothing is taken by that.
    ///
    /// # Errors
    /// Nobody can tell what goes on.
    fn admit(
        &self,
        plan: &RunPlan,
    ) -> impl Future<Output = Result<Admitted<Self::Permit>, AdmissionError>> + Send;
}

/// Why nobody can tell what goes on.
#[derive(Debug, thiserror::Error)]
pub enum AdmissionError {
    /// The state directory cannot be written.
    #[error(transparent)]
    State(#[from] io::Error),
    /// The database does not say what workers have.
    #[error("what workers execute cannot be read: {0}")]
    Queue(#[from] StoreError),
}

/// A run that may begin, or that part of it which may.
#[derive(Debug)]
pub struct Admitted<P> {
    /// What lets it go on.
    pub permit: P,
    /// What is held by other runs, and by which: tasks with such a rule are not to run.
    pub held_back: Vec<(HoldKey, RunId)>,
    /// Whether another run was waited for, which may have done what this one was planned for.
    pub waited: bool,
}

/// So many runs of this process at a time, first come, first served. Cheap to clone.
#[derive(Debug, Clone)]
pub struct LocalAdmission {
    places: Arc<Semaphore>,
    holds: Holds,
}

/// A place, and what the run holds.
#[derive(Debug)]
pub struct LocalPermit {
    _hold: Hold,
    /// Nobody closes the semaphore, so there always is one.
    _place: Option<OwnedSemaphorePermit>,
}

impl LocalAdmission {
    /// At most so many at a time.
    pub fn new(places: usize, state_dir: &Path) -> Self {
        Self {
            places: Arc::new(Semaphore::new(places)),
            holds: Holds::of(StateDir(state_dir)),
        }
    }
}

impl Admission for LocalAdmission {
    type Permit = LocalPermit;

    async fn admit(&self, plan: &RunPlan) -> Result<Admitted<LocalPermit>, AdmissionError> {
        let mut waited = false;
        loop {
            let place = Arc::clone(&self.places).acquire_owned().await.ok();
            let taken = Wanted::of(plan).take(&self.holds.lock().await?)?;
            match taken {
                Taken::Held { hold, left_out } => {
                    let permit = LocalPermit {
                        _hold: hold,
                        _place: place,
                    };
                    return Ok(Admitted {
                        permit,
                        held_back: left_out,
                        waited,
                    });
                }
                Taken::Busy(holder) => {
                    // Others need not wait for the same.
                    drop(place);
                    waited = true;
                    tracing::warn!("waits for run {}, which still goes on", holder.run);
                    holder.released().await?;
                }
            }
        }
    }
}

/// What a run has to hold, by its plan.
struct Wanted {
    run: RunId,
    entry: Option<String>,
    /// Each once.
    keys: Vec<HoldKey>,
    modes: Vec<Overlap>,
}

impl Wanted {
    fn of(plan: &RunPlan) -> Self {
        let mut wanted = Self {
            run: plan.run.clone(),
            entry: plan.slot.as_ref().map(|slot| slot.entry.clone()),
            keys: Vec::new(),
            modes: Vec::new(),
        };
        for rule in plan
            .plan
            .tasks
            .iter()
            .filter_map(|planned| planned.overlap.as_ref())
        {
            if !wanted.keys.contains(&rule.with) {
                wanted.keys.push(rule.with.clone());
                wanted.modes.push(rule.mode);
            }
        }
        wanted
    }

    fn take(&self, locked: &LockedHolds<'_>) -> io::Result<Taken> {
        let request = HoldRequest {
            run: &self.run,
            entry: self.entry.as_deref(),
            attempt: None,
            keys: &self.keys,
        };
        locked.take(&request, |key, holder| self.judge(key, holder))
    }

    /// A batch always waits for a release check, as in a scheduler's queue: a night is not given
    /// up for that.
    fn judge(&self, key: &HoldKey, holder: &Holder) -> Collision {
        let is_check = |entry: &Option<String>| {
            let entry = entry.as_deref();
            entry.is_some_and(|entry| entry.starts_with("release:"))
        };
        let place = self.keys.iter().position(|wanted| wanted == key);
        match place.map(|place| self.modes[place]).unwrap_or_default() {
            Overlap::Allow => Collision::Share,
            Overlap::Queue => Collision::Wait,
            Overlap::Skip if is_check(&holder.entry) && !is_check(&self.entry) => Collision::Wait,
            Overlap::Skip => Collision::LeaveOut,
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::events::SlotRef;
    use crate::model::{Cadence, Clock, Day, OverlapRule, Plan, Release, SystemClock, fixtures};

    fn plan(number: u32, groups: &[&str], mode: Overlap) -> RunPlan {
        let now = SystemClock.now();
        let tasks: Vec<_> = groups
            .iter()
            .map(|group| fixtures::task(group, "run_x", Cadence::Daily))
            .collect();
        let date = Day::At(now).in_zone(&TimeZone::UTC);
        let mut plan = Plan::new("daily", date, Release::None, &tasks.iter().collect::<Vec<_>>());
        for planned in &mut plan.tasks {
            let with = HoldKey::workspace(planned.task.group.as_str());
            planned.overlap = Some(OverlapRule { with, mode });
        }
        RunPlan {
            run: RunId::at(now, number),
            schedule: "daily".to_owned(),
            group: None,
            slot: None,
            stop_on_failure: false,
            quiet: false,
            plan,
        }
    }

    /// Which run is waited for.
    async fn waits_for(admission: &LocalAdmission, plan: &RunPlan) -> RunId {
        let locked = admission.holds.lock().await.unwrap();
        match Wanted::of(plan).take(&locked).unwrap() {
            Taken::Busy(holder) => holder.run,
            Taken::Held { left_out, .. } => panic!("it waits for nobody; held back: {left_out:?}"),
        }
    }

    #[tokio::test]
    async fn a_place_is_taken_until_it_is_given_back() {
        let dir = tempfile::tempdir().unwrap();
        let admission = LocalAdmission::new(1, dir.path());
        let (one, other) = (plan(1, &["g"], Overlap::Skip), plan(2, &["h"], Overlap::Skip));
        let first = admission.admit(&one).await.unwrap();
        let second = admission.admit(&other);
        tokio::pin!(second);
        tokio::select! {
            biased;
            _ = &mut second => panic!("there is one place"),
            () = tokio::task::yield_now() => {}
        }
        drop(first);
        assert!(second.await.unwrap().held_back.is_empty());
    }

    #[tokio::test]
    async fn what_another_process_runs_is_held_back_waited_for_or_allowed() {
        let dir = tempfile::tempdir().unwrap();
        let process = || LocalAdmission::new(16, dir.path());
        let (one, two) = (process(), process());
        let first = plan(1, &["g"], Overlap::Skip);
        let going_on = one.admit(&first).await.unwrap();
        let skips = two.admit(&plan(2, &["g", "h"], Overlap::Skip)).await.unwrap();
        assert_eq!(skips.held_back, [(HoldKey::workspace("g"), first.run.clone())]);
        let allowed = two.admit(&plan(3, &["g", "h"], Overlap::Allow)).await.unwrap();
        assert!(allowed.held_back.is_empty() && !allowed.waited);
        drop((skips, allowed));
        let queued = plan(4, &["h", "g"], Overlap::Queue);
        assert_eq!(waits_for(&two, &queued).await, first.run);
        drop(going_on);
        assert!(two.admit(&queued).await.unwrap().held_back.is_empty());
    }

    #[tokio::test]
    async fn a_batch_waits_for_a_release_check_and_a_check_for_nobody() {
        let dir = tempfile::tempdir().unwrap();
        let admission = LocalAdmission::new(16, dir.path());
        let check = |number| {
            let mut check = plan(number, &["g"], Overlap::Skip);
            check.slot = Some(SlotRef {
                entry: "release:g".to_owned(),
                at: SystemClock.now(),
            });
            check
        };
        let first = check(1);
        let going_on = admission.admit(&first).await.unwrap();
        let second = admission.admit(&check(2)).await.unwrap();
        assert_eq!(second.held_back.len(), 1);
        drop(second);
        let batch = plan(3, &["g"], Overlap::Skip);
        assert_eq!(waits_for(&admission, &batch).await, first.run);
        drop(going_on);
        assert!(admission.admit(&batch).await.unwrap().held_back.is_empty());
    }
}
