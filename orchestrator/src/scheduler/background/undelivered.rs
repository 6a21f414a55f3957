//! What the database could not take while it was away is brought in while the scheduler goes
//! on, beside its loop: at a heartbeat, and one attempt at a time.

use std::collections::BTreeSet;

use tokio::task::JoinSet;

use std::sync::Arc;

use crate::execution::Executor;
use crate::model::RunId;
use crate::text::make_safe;

/// The attempts.
#[derive(Default)]
pub(crate) struct Arrears {
    work: JoinSet<Vec<String>>,
    /// What stood in the way the last time: it is said once.
    problems: BTreeSet<String>,
}

impl Arrears {
    /// Looks for what is to be brought in, unless that still goes on. What `at_work` has not
    /// been given to the database yet is not in arrears.
    pub(crate) fn go_on(&mut self, executor: &Arc<Executor>, at_work: Vec<RunId>) {
        while let Some(done) = self.work.try_join_next() {
            let found: BTreeSet<String> = match done {
                Ok(problems) => problems.into_iter().collect(),
                Err(error) => [format!("a defect of ours: {error}")].into(),
            };
            for problem in found.difference(&self.problems) {
                tracing::warn!("{}", make_safe(problem));
            }
            self.problems = found;
        }
        if self.work.is_empty() {
            let executor = Arc::clone(executor);
            self.work
                .spawn(async move { executor.ingest_unrecorded(&at_work).await });
        }
    }
}
