//! Whether there is a release, asked on behalf of a verb.

use std::sync::Arc;

use crate::cli::shell::executor::executor;
use crate::cli::shell::settings::CliSettings;
use crate::cli::shell::store::{open_store, runtime};
use crate::model::{Release, Schedule, SystemClock};

/// Whether there is a release. Never a failure: a run or a plan goes on without.
pub(crate) fn check_releases(settings: &CliSettings, schedule: &Schedule) -> Release {
    let found = runtime().and_then(|runtime| {
        runtime.block_on(async {
            let store = open_store(settings).await?;
            let executor = executor(settings, store, Arc::new(SystemClock))?;
            let answer = executor.check_releases(&schedule.release).await;
            executor.close().await;
            Ok(answer)
        })
    });
    found.unwrap_or_else(|failure| Release::Unknown(failure.words().0))
}
