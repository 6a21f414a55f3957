//! The means to execute, as the settings describe them.

use std::sync::Arc;

use super::collectors::collectors;
use super::failure::Failure;
use super::settings::Settings;
use crate::engine::Context;
use crate::execution::{ExecutionError, Means, fork_server};
use crate::model::Clock;
use crate::store::Store;

/// Puts them together. Nothing is started by that.
///
/// # Errors
/// The working directory is gone.
pub(super) fn means(settings: &Settings, store: Store, clock: Arc<dyn Clock>) -> Result<Means, Failure> {
    let finder = collectors(settings);
    Ok(Means {
        context: Context {
            fork_server: fork_server(),
            collectors: Arc::new(finder.collectors),
            environment: Arc::new(finder.environment),
            secret_names: settings.file.secrets.clone().into(),
            clock,
            state_dir: std::path::absolute(&settings.state_dir).map_err(Failure::infrastructure)?,
        },
        store,
        state_dir: settings.state_dir.clone(),
    })
}

/// An execution that could not be, with what to do about it.
pub(super) fn not_executed(error: ExecutionError) -> Failure {
    let state = matches!(error, ExecutionError::State { .. });
    let failure = Failure::infrastructure(error);
    if state {
        failure.hint("--state-dir or ORCHESTRATE_STATE_DIR names a directory that can be written")
    } else {
        failure
    }
}
