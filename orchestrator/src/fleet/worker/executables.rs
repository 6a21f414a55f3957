//! Which commands of runs that wait cannot be executed on this machine: such a run is left to workers
//! that can. What was found out holds for a few seconds, until the worker says next that it is there.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use crate::execution::Executor;
use crate::store::{FleetQueue, StoreError};

/// Cheap to clone.
#[derive(Clone)]
pub(super) struct Executables(Arc<Shared>);

struct Shared {
    executor: Arc<Executor>,
    /// Those that were found since the last time that all were looked for.
    found: Mutex<BTreeSet<String>>,
    lacks: watch::Sender<Vec<String>>,
}

impl Executables {
    pub(super) fn new(executor: Arc<Executor>) -> Self {
        Self(Arc::new(Shared {
            executor,
            found: Mutex::default(),
            lacks: watch::channel(Vec::new()).0,
        }))
    }

    /// What is lacking, as far as it was asked for.
    pub(super) fn lacks(&self) -> Vec<String> {
        self.0.lacks.borrow().clone()
    }

    /// Says when there is something new.
    pub(super) fn changes(&self) -> watch::Receiver<Vec<String>> {
        self.0.lacks.subscribe()
    }

    /// Looks for all that runs which wait need: what was installed meanwhile is there, and a worker that
    /// has no room says what it lacks as well.
    ///
    /// # Errors
    /// The database fails; then what was known stays.
    pub(super) async fn look_again(&self, queue: &FleetQueue) -> Result<(), StoreError> {
        let wanted = queue.commands_waiting().await?;
        let lacks = self.0.executor.engine.lacking(wanted.clone()).await;
        self.with_found(|found| {
            *found = wanted
                .into_iter()
                .filter(|command| !lacks.contains(command))
                .collect();
        });
        self.0.lacks.send_if_modified(|known| {
            let is_new = *known != lacks;
            *known = lacks;
            is_new
        });
        Ok(())
    }

    /// Looks for those of which nothing is known. Whether one of them is lacking.
    pub(super) async fn learn(&self, commands: impl IntoIterator<Item = String>) -> bool {
        let known = self.lacks();
        let mut new: Vec<String> = commands
            .into_iter()
            .filter(|command| !known.contains(command))
            .collect();
        self.with_found(|found| new.retain(|command| !found.contains(command)));
        if new.is_empty() {
            return false;
        }
        let lacks = self.0.executor.engine.lacking(new.clone()).await;
        self.with_found(|found| found.extend(new.into_iter().filter(|command| !lacks.contains(command))));
        let is_lacking = !lacks.is_empty();
        if is_lacking {
            tracing::info!("runs that need {} are left to others", lacks.join(", "));
            self.0.lacks.send_modify(|known| {
                known.extend(lacks);
                known.sort();
                known.dedup();
            });
        }
        is_lacking
    }

    fn with_found<T>(&self, act: impl FnOnce(&mut BTreeSet<String>) -> T) -> T {
        act(&mut self.0.found.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
