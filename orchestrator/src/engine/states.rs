//! What collectors left for themselves the last time. The states of all tasks of a run are
//! read before its first task starts and kept: no later outage can take one away, and none
//! is guessed. What the run's own attempts deliver takes their place.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

use crate::engine::engine::Engine;
use crate::events::TaskRef;
use crate::records::{Records, RecordsError};
use crate::rundir::RunPlan;

/// How long a run waits for them before it gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// A database that is there answers long before.
const LATE: Duration = Duration::from_secs(2);

/// The pause before a database that is away is asked again.
const PAUSE: Duration = Duration::from_millis(500);

/// As many collectors as are asked for in one statement, which has a limit of parameters.
const AT_ONCE: usize = 10_000;

/// Group and name.
type TaskKey = (String, String);

/// The states, as JSON; a collector that left nothing has none.
#[derive(Debug, Default)]
pub struct CollectorStates(HashMap<TaskKey, String>);

impl CollectorStates {
    /// What the collector of a task left.
    pub(crate) fn of(&self, task: &TaskRef) -> Option<String> {
        self.0.get(&key(task)).cloned()
    }

    /// An attempt delivered a new one.
    pub(crate) fn replace(&mut self, task: &TaskRef, state: String) {
        self.0.insert(key(task), state);
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
        let mut known = HashMap::new();
        for asked in tasks.chunks(AT_ONCE) {
            let states = records.states(asked, patience).await?;
            let found = asked.iter().zip(states);
            known.extend(
                found.filter_map(|(&(group, name), state)| Some(((group.into(), name.into()), state?))),
            );
        }
        Ok(Self(known))
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
