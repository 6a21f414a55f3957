//! What is remembered of the collectors of a run: what they left for themselves, and when
//! they last brought something new. It is read before the first task starts and kept: no
//! later outage can take any of it away, and nothing is guessed. What the run's own attempts
//! deliver takes its place.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

use crate::engine::engine::Engine;
use crate::events::TaskRef;
use crate::records::{CollectorMemory, Records, RecordsError};
use crate::rundir::RunPlan;

/// How long a run waits for them before it gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// A database that is there answers long before.
const LATE: Duration = Duration::from_secs(2);

/// The pause before a database that is away is asked again.
const PAUSE: Duration = Duration::from_millis(500);

/// Group and name.
type TaskKey = (String, String);

/// The memories by collector; one that was never there has none.
#[derive(Debug, Default)]
pub struct CollectorStates(HashMap<TaskKey, CollectorMemory>);

impl CollectorStates {
    /// What is remembered of the collector of a task.
    pub(crate) fn of(&self, task: &TaskRef) -> CollectorMemory {
        self.0.get(&key(task)).cloned().unwrap_or_default()
    }

    /// An attempt delivered: what it did not bring stays.
    pub(crate) fn update(&mut self, task: &TaskRef, new: CollectorMemory) {
        let kept = self.0.entry(key(task)).or_default();
        if new.state.is_some() {
            kept.state = new.state;
        }
        kept.fresh_at = kept.fresh_at.max(new.fresh_at);
    }

    async fn ask(plan: &RunPlan, records: &Records, patience: Duration) -> Result<Self, RecordsError> {
        let mut tasks: Vec<(&str, &str)> = plan
            .plan
            .tasks
            .iter()
            .map(|planned| (planned.task.group.as_str(), planned.task.name.as_str()))
            .collect();
        tasks.sort_unstable();
        tasks.dedup();
        let memories = records.memories(&tasks, patience).await?;
        let owned = |(group, name): (&str, &str)| (group.to_owned(), name.to_owned());
        Ok(Self(tasks.into_iter().map(owned).zip(memories).collect()))
    }
}

fn key(task: &TaskRef) -> TaskKey {
    (task.group.clone(), task.name.clone())
}

impl Engine {
    /// Reads the states for a run that is about to begin. A database that is away or slow
    /// is waited for, and that is said.
    ///
    /// # Errors
    /// It did not answer within a minute, or never will: nothing is to be started.
    pub async fn read_states(&self, plan: &RunPlan) -> Result<CollectorStates, RecordsError> {
        let deadline = Instant::now() + PATIENCE;
        let ask = async {
            loop {
                let left = deadline.duration_since(Instant::now());
                match CollectorStates::ask(plan, &self.records, left).await {
                    Err(error) if error.may_pass() && Instant::now() + PAUSE < deadline => {
                        tracing::debug!("the states of collectors cannot be read: {error}");
                        sleep(PAUSE).await;
                    }
                    done => return done,
                }
            }
        };
        tokio::pin!(ask);
        match timeout_at(Instant::now() + LATE, &mut ask).await {
            Ok(done) => done,
            Err(_) => {
                tracing::warn!(
                    "the run waits for what its collectors left in the database, for at most {} s",
                    PATIENCE.as_secs()
                );
                ask.await
            }
        }
    }
}
