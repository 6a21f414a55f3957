//! What the database could not take while it was away is brought in while the scheduler
//! goes on: events of runs, and records that collectors brought.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::execution::Executor;
use crate::scheduler::background::driver::{JobResult, SideJob, Wake};
use crate::scheduler::dispatch::local::RunningRuns;
use crate::text::make_safe;

/// How long it may take until somebody notices that the database is back.
const EVERY: Duration = Duration::from_secs(10);

/// Looks for it and imports it.
pub(crate) struct UndeliveredImport {
    executor: Arc<Executor>,
    /// Their recorders are still at it: what they have not given to the database yet is on
    /// its way.
    running: RunningRuns,
    wake: Wake,
    /// What stood in the way the last time: it is said once.
    problems: Mutex<BTreeSet<String>>,
}

impl UndeliveredImport {
    pub(crate) fn new(executor: Arc<Executor>, running: RunningRuns) -> Self {
        Self {
            executor,
            running,
            wake: Wake::default(),
            problems: Mutex::default(),
        }
    }

    fn say_new(&self, found: BTreeSet<String>) {
        let mut problems = self.problems.lock().unwrap_or_else(PoisonError::into_inner);
        for problem in found.difference(&problems) {
            tracing::warn!("{}", make_safe(problem));
        }
        *problems = found;
    }
}

impl SideJob for UndeliveredImport {
    fn name(&self) -> &'static str {
        "import of what the database could not take"
    }

    fn wake(&self) -> &Wake {
        &self.wake
    }

    fn every(&self) -> Option<Duration> {
        Some(EVERY)
    }

    /// Half of an import is none: the next scheduler begins anew.
    fn finishes(&self) -> bool {
        false
    }

    fn run(&self) -> Pin<Box<dyn Future<Output = JobResult> + Send + '_>> {
        Box::pin(async {
            let problems = self.executor.ingest_unrecorded(&self.running.list()).await;
            let result = match problems.as_slice() {
                [] => Ok(()),
                problems => Err(problems.join("; ")),
            };
            self.say_new(problems.into_iter().collect());
            result
        })
    }
}
