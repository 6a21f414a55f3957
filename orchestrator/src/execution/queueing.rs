//! A run on its way into the queue: its plan as it may be written down, and what its worker
//! must have. Called by who gives runs to the queue; workers read nothing else of a schedule.

use std::time::Duration;

use crate::execution::executor::Executor;
use crate::model::{FleetTerms, HoldKey, Overlap, RunId};
use crate::rundir::RunPlan;
use crate::store::{KnownTask, NewQueuedRun};

/// On which terms a worker has a run whose groups say nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueTerms {
    /// How long it keeps it without a word.
    pub lease: Duration,
}

impl QueueTerms {
    /// How long a lease is where nobody says: see docs/design/0021.
    pub const LEASE: Duration = Duration::from_secs(20);
}

/// Where a run that holds this waits: of those with the same, one goes on at a time. One that may go on
/// beside others (`overlap: allow`) waits behind none.
pub fn queue_entry(key: &HoldKey, mode: Overlap, run: &RunId) -> String {
    match mode {
        Overlap::Allow => format!("run:{run}"),
        Overlap::Skip | Overlap::Queue => key.to_string(),
    }
}

impl Executor {
    /// The run for the queue. Of those with the same `entry` no two run at a time.
    ///
    /// # Errors
    /// Something in its plan has no form in JSON: a path that is not UTF-8.
    pub async fn for_queue(
        &self,
        mut plan: RunPlan,
        entry: String,
        terms: &QueueTerms,
    ) -> serde_json::Result<NewQueuedRun> {
        plan.fill_arguments(self.now());
        self.engine.note_executables(&mut plan.plan).await;
        let plan = plan.with_placeholders(&self.engine.secrets);
        let fleet = FleetTerms::joined(plan.plan.tasks.iter().map(|planned| &planned.fleet));
        let to_run = plan.plan.tasks.iter().filter(|planned| planned.skip.is_none());
        let tasks = to_run.map(|planned| KnownTask {
            group: planned.task.group.to_string(),
            name: planned.task.name.to_string(),
            command: planned.task.command.to_string(),
        });
        let tasks = tasks.collect();
        let document = String::from_utf8_lossy(&plan.to_json()?).into_owned();
        Ok(NewQueuedRun {
            entry,
            schedule: plan.schedule.clone(),
            group: plan.group.clone(),
            labels: fleet.runs_on.iter().map(ToString::to_string).collect(),
            secrets: plan.secrets(),
            lease: fleet.lease.unwrap_or(terms.lease),
            on_lost: fleet.on_lost,
            plan: (document, RunPlan::VERSION),
            tasks,
            run: plan.run,
        })
    }
}
