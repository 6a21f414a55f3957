//! How verbs come to the queue, and what they say of it: only PostgreSQL has one for several machines.

use crate::cli::args::execute::ExecuteMode;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::settings::CliSettings;
use crate::cli::shell::store::unusable;
use crate::execution::QueueTerms;
use crate::store::{FleetQueue, Store};

/// Opens the queue, for a `what` that needs it.
///
/// # Errors
/// The database is SQLite, or its queue cannot be used.
pub(crate) async fn open_queue(store: &Store, what: &str) -> Result<FleetQueue, Failure> {
    if let Some(file) = store.database().file() {
        return Err(Failure::usage(format!(
            "{what} needs PostgreSQL, and the database is the file {}",
            file.display()
        ))
        .hint("ORCHESTRATE_DATABASE_URL=postgres://... names a server that all machines reach"));
    }
    store.open_queue().await.map_err(unusable)
}

/// Where a scheduler's runs go: flag, environment, settings, `local`.
///
/// # Errors
/// The variable says neither.
pub(crate) fn execute_mode(
    settings: &CliSettings,
    flag: Option<ExecuteMode>,
) -> Result<ExecuteMode, Failure> {
    const NAME: &str = "ORCHESTRATE_EXECUTE";
    if let Some(mode) = flag {
        return Ok(mode);
    }
    let word = settings.environment.get(NAME).and_then(|value| value.to_str());
    match word.or(settings.file.execute) {
        None | Some("local") => Ok(ExecuteMode::Local),
        Some("queue") => Ok(ExecuteMode::Queue),
        Some(other) => {
            Err(Failure::usage(format!("{NAME} cannot be {other:?}")).hint("it is `local` or `queue`"))
        }
    }
}

/// On which terms workers have runs.
pub(crate) fn terms(settings: &CliSettings) -> QueueTerms {
    QueueTerms {
        lease: settings.file.lease.unwrap_or(QueueTerms::LEASE),
    }
}
