//! The means to execute, as the settings describe them.

use std::sync::Arc;

use crate::cli::shell::collectors::collectors;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::settings::Settings;
use crate::cli::shell::store::shelf;
use crate::engine::Context;
use crate::execution::{ExecutionError, Means, ReaderSettings, fork_server};
use crate::model::Clock;
use crate::notify::{NetworkClient, Post};
use crate::store::{Store, this_process};

/// Puts them together. Nothing is started by that.
///
/// # Errors
/// The working directory is gone, or the state directory cannot be written.
pub(crate) fn means(settings: &Settings, store: Store, clock: Arc<dyn Clock>) -> Result<Means, Failure> {
    let finder = collectors(settings);
    let state_dir = std::path::absolute(&settings.state_dir).map_err(Failure::infrastructure)?;
    let reader = ReaderSettings::write(&state_dir, settings.database_url.as_deref()).map_err(|source| {
        let path = state_dir.join("private");
        not_executed(ExecutionError::State { path, source })
    })?;
    let context = Context {
        fork_server: fork_server(),
        collectors: Arc::new(finder.collectors),
        environment: Arc::new(finder.environment),
        secret_names: settings.file.secrets.clone().into(),
        shelf: shelf(&store),
        program: std::env::current_exe().ok(),
        reader_settings: Some(reader.path().to_owned()),
        clock,
        state_dir,
    };
    Ok(Means {
        post: Post {
            channels: settings.file.notify.clone().into(),
            fork_server: context.fork_server.clone(),
            collectors: Arc::clone(&context.collectors),
            environment: Arc::clone(&context.environment),
            network: NetworkClient::new(
                context.fork_server.clone(),
                settings
                    .environment
                    .iter()
                    .map(|(name, value)| (name.clone(), value.clone())),
            ),
            clock: Arc::clone(&context.clock),
            host: this_process().map_err(Failure::infrastructure)?.host,
        },
        dead_man: settings.file.dead_man.clone(),
        retention: settings.file.retention,
        context,
        store,
        state_dir: settings.state_dir.clone(),
        reader: Arc::new(reader),
    })
}

/// An execution that could not be, with what to do about it.
pub(crate) fn not_executed(error: ExecutionError) -> Failure {
    let state = matches!(error, ExecutionError::State { .. });
    let failure = Failure::infrastructure(error);
    if state {
        failure.hint("--state-dir or ORCHESTRATE_STATE_DIR names a directory that can be written")
    } else {
        failure
    }
}
