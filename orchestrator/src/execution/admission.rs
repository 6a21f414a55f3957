//! May this run begin now? Asked before its slot is taken. One process counts its own runs;
//! a fleet will ask for one run of a group at a time, and for named resources.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::rundir::RunPlan;

/// Who decides it.
pub trait Admission {
    /// What lets a run go on; given back when it is dropped.
    type Permit: Send;

    /// Waits until the run may begin. May be dropped, and nothing is taken by that.
    fn admit(&self, plan: &RunPlan) -> impl Future<Output = Self::Permit> + Send;
}

/// So many runs of this process at a time, first come, first served. Cheap to clone.
#[derive(Debug, Clone)]
pub struct LocalAdmission {
    places: Arc<Semaphore>,
}

impl LocalAdmission {
    /// At most this many.
    pub fn new(places: usize) -> Self {
        Self {
            places: Arc::new(Semaphore::new(places)),
        }
    }
}

impl Admission for LocalAdmission {
    /// Nobody closes the semaphore, so there always is one.
    type Permit = Option<OwnedSemaphorePermit>;

    async fn admit(&self, _plan: &RunPlan) -> Self::Permit {
        Arc::clone(&self.places).acquire_owned().await.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Clock, Day, Plan, Release, RunId, SystemClock};
    use jiff::tz::TimeZone;

    #[tokio::test]
    async fn a_place_is_taken_until_it_is_given_back() {
        let now = SystemClock.now();
        let plan = RunPlan {
            run: RunId::at(now, 1),
            schedule: "daily".to_owned(),
            group: None,
            slot: None,
            stop_on_failure: false,
            plan: Plan::new("daily", Day::At(now).in_zone(&TimeZone::UTC), Release::None, &[]),
        };
        let admission = LocalAdmission::new(1);
        let first = admission.admit(&plan).await;
        let second = admission.admit(&plan);
        tokio::pin!(second);
        tokio::select! {
            biased;
            _ = &mut second => panic!("there is one place"),
            () = tokio::task::yield_now() => {}
        }
        drop(first);
        assert!(second.await.is_some());
    }
}
