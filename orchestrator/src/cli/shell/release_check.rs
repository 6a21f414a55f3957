//! Whether there is a release, asked on behalf of a verb.

use std::sync::Arc;

use crate::cli::shell::collectors::launcher;
use crate::cli::shell::database::look::with_look;
use crate::cli::shell::executor::executor;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::settings::CliSettings;
use crate::cli::shell::store::{open_store, runtime};
use crate::model::{Release, Releases, Schedule, SystemClock};
use crate::release::find_releases;

/// Whether there is a release, for a verb that only looks: nothing is noted.
pub(crate) fn look_for_releases(settings: &CliSettings, schedule: &Schedule) -> Release {
    let launcher = launcher(settings);
    let found = runtime().map(|runtime| {
        runtime.block_on(async {
            let found = find_releases(&schedule.release, &launcher).await;
            launcher.fork_server.clone().shutdown().await;
            found
        })
    });
    let found = match found {
        Ok(Ok(found)) => found,
        Ok(Err(reason)) => return Release::Unknown(reason),
        Err(failure) => return Release::Unknown(failure.words().0),
    };
    let handled = with_look(settings, async |look| {
        let noted = look.store.noted_releases(&schedule.release).await;
        Ok(noted.map_err(Failure::infrastructure)?.handled)
    });
    match handled {
        Ok(handled) => Release::Known(Releases {
            source: schedule.release.key(),
            found,
            handled,
        }),
        Err(failure) => Release::Unknown(failure.words().0),
    }
}

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
