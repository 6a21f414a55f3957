//! A run on its way into the queue: its plan as it may be written down, and what its worker
//! must have. Called by who gives runs to the queue; workers read nothing else of a schedule.

use std::time::Duration;

use crate::execution::executor::Executor;
use crate::rundir::RunPlan;
use crate::store::{LossPolicy, NewQueuedRun};

/// On which terms a worker has a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueTerms {
    /// How long it keeps it without a word.
    pub lease: Duration,
    /// What becomes of a run whose worker was lost.
    pub on_lost: LossPolicy,
    /// Labels that it must have.
    pub labels: Vec<String>,
}

impl QueueTerms {
    /// How long a lease is where nobody says: see docs/design/0021.
    pub const LEASE: Duration = Duration::from_secs(20);
}

impl Executor {
    /// The run for the queue. Of those with the same `entry` no two run at a time.
    ///
    /// # Errors
    /// Something in its plan has no form in JSON: a path that is not UTF-8.
    pub fn for_queue(
        &self,
        mut plan: RunPlan,
        entry: String,
        terms: &QueueTerms,
    ) -> serde_json::Result<NewQueuedRun> {
        plan.fill_arguments(self.now());
        let plan = plan.with_placeholders(&self.engine.secrets);
        let document = String::from_utf8_lossy(&plan.to_json()?).into_owned();
        Ok(NewQueuedRun {
            entry,
            schedule: plan.schedule.clone(),
            group: plan.group.clone(),
            labels: terms.labels.clone(),
            secrets: plan.secrets(),
            lease: terms.lease,
            on_lost: terms.on_lost,
            plan: (document, RunPlan::VERSION),
            run: plan.run,
        })
    }
}
