//! What the database could not take at the time is brought in later, exactly once: records
//! that collectors delivered, and events of runs. Called by a verb that starts, and by a
//! scheduler while it goes on. It says what it brought in; what stands in the way is returned.

use std::path::Path;

use crate::execution::executor::Executor;
use crate::model::RunId;
use crate::records::{Records, RecordsError, Undelivered};
use crate::rundir::unrecorded_runs;
use crate::store::Recovered;
use crate::text::make_safe;

/// Brings in the deliveries that were noted. Returns what is wrong with those that cannot
/// be taken.
///
/// # Errors
/// The notes cannot be found, or the database is away again: the rest waits.
pub async fn ingest_deliveries(records: &Records, state_dir: &Path) -> Result<Vec<String>, RecordsError> {
    let found = Undelivered::find(state_dir)?;
    let mut problems = found.problems;
    for delivery in found.deliveries {
        let name = format!(
            "what {}/{} brought in run {}",
            delivery.group, delivery.name, delivery.run
        );
        match records.ingest(state_dir, &delivery).await {
            Ok(taken) => {
                delivery.forget(state_dir)?;
                if !delivery.only_reads {
                    tracing::info!("{} is in the database now: {}", make_safe(&name), taken.counts);
                }
            }
            Err(error) if error.may_pass() => return Err(error),
            // It stays in its events file, and changes nothing.
            Err(RecordsError::Fenced(_)) => {
                delivery.forget(state_dir)?;
                problems.push(format!("{name} is not taken: another worker took the run over"));
            }
            Err(error) => problems.push(format!("{name} cannot be taken: {error}")),
        }
    }
    Ok(problems)
}

impl Executor {
    /// Brings in all that is noted and not of the runs `at_work`, whose recorders are still at
    /// it. Returns what stands in the way; that the database is away is no news and waits.
    pub async fn ingest_unrecorded(&self, at_work: &[RunId]) -> Vec<String> {
        let noted = match unrecorded_runs(self.state_dir()) {
            Ok(noted) => noted,
            Err(error) => return vec![format!("runs that are not recorded cannot be found: {error}")],
        };
        let mut found = Recovered::default();
        for run in noted.iter().filter(|run| !at_work.contains(run)) {
            if let Err(error) = self.store.import(self.state_dir(), run, &mut found).await {
                tracing::debug!("run {run} waits to be brought in: {error}");
                break;
            }
        }
        for run in &found.imported {
            tracing::info!("run {run} is in the database now");
        }
        match ingest_deliveries(self.records(), self.state_dir()).await {
            Ok(problems) => found.problems.extend(problems),
            Err(error) if error.may_pass() => tracing::debug!("records wait to be brought in: {error}"),
            Err(error) => found.problems.push(error.to_string()),
        }
        found.problems
    }
}
