//! The run that a verb that only looks was asked for.

use crate::cli::shell::database::look::with_look;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::settings::CliSettings;
use crate::queries::find_run::{FindRunError, find_run};
use crate::store::RunRecord;

/// `None` where there is no database, and so no run to be right or wrong about.
///
/// # Errors
/// There is no such run, or the database cannot be used.
pub(crate) fn look_for_run(settings: &CliSettings, name: &str) -> Result<Option<RunRecord>, Failure> {
    with_look(settings, async |look| match find_run(&look.store, name).await {
        Err(FindRunError::NoRunYet | FindRunError::Unknown(_)) if !look.exists => Ok(None),
        found => Ok(Some(found?)),
    })
}
