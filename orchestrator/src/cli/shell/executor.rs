//! The executor, as the settings describe it.

use std::sync::Arc;

use crate::cli::shell::collectors::launcher;
use crate::cli::shell::database::hint::NO_THREADS;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::settings::CliSettings;
use crate::database::url_of_file;
use crate::execution::{ExecutionError, Executor, ExecutorSettings};
use crate::model::Clock;
use crate::rundir::ReaderDatabase;
use crate::store::Store;

/// Puts it together. Nothing is started by that.
///
/// # Errors
/// The working directory is gone, or the state directory cannot be written.
pub(crate) fn executor(
    settings: &CliSettings,
    store: Store,
    clock: Arc<dyn Clock>,
) -> Result<Arc<Executor>, Failure> {
    let wanted = ExecutorSettings {
        state_dir: settings.state_dir.clone(),
        database: for_collectors(settings, &store)?,
        launcher: launcher(settings),
        secrets: settings.secrets(),
        variables: settings.environment.pairs(),
        channels: settings.file.notify.clone(),
        dead_man: settings.file.dead_man.clone(),
        base_url: settings.file.base_url.clone(),
        retention: settings.file.retention,
    };
    Executor::new(wanted, store, clock).map_err(not_executed)
}

/// How a collector comes to our database, wherever it works.
fn for_collectors(settings: &CliSettings, store: &Store) -> Result<ReaderDatabase, Failure> {
    let named = match store.database().file() {
        None => settings.database.url.clone(),
        Some(file) => {
            let file = std::path::absolute(file).map_err(Failure::infrastructure)?;
            url_of_file(&file)
        }
    };
    let url = named
        .ok_or_else(|| Failure::infrastructure(anyhow::anyhow!("the path of the database is not UTF-8")))?;
    Ok(ReaderDatabase {
        url,
        schema: settings.database_schema.clone(),
    })
}

/// An execution that could not be, with what to do about it.
pub(crate) fn not_executed(error: ExecutionError) -> Failure {
    match error {
        ExecutionError::Cancelled(by) => Failure::cancelled(by, error),
        ExecutionError::State { .. } => Failure::infrastructure(error)
            .hint("--state-dir or ORCHESTRATE_STATE_DIR names a directory that can be written"),
        ExecutionError::Reporter(_) => Failure::infrastructure(error).hint(NO_THREADS),
        ExecutionError::CollectorStates { .. } => Failure::infrastructure(error)
            .hint("a collector that begins afresh by mistake reads everything again: run it when the database is well"),
        error => Failure::infrastructure(error),
    }
}
