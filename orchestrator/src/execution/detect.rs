//! Whether there are releases that somebody waits for: asked, noted, and answered.

use crate::model::{Release, ReleaseSource, ReleaseTag};
use crate::release::{Hands, ask};

use crate::execution::means::Means;

/// Asks where `source` says. What cannot be found out is an answer, with its reason.
pub async fn detect(means: &Means, source: &ReleaseSource) -> Release {
    note_found(means, look(means, source).await).await
}

/// Asks outside: the first half of [`detect`], which may serve several who want to know.
///
/// # Errors
/// Why nobody can tell.
pub async fn look(means: &Means, source: &ReleaseSource) -> Result<Vec<ReleaseTag>, String> {
    let context = &means.context;
    let hands = Hands {
        fork_server: &context.fork_server,
        collectors: &context.collectors,
        environment: &context.environment,
    };
    ask(source, hands).await
}

/// Notes what was found, and adds what has been done about it by now: the second half.
pub async fn note_found(means: &Means, found: Result<Vec<ReleaseTag>, String>) -> Release {
    let found = match found {
        Ok(found) => found,
        Err(reason) => return Release::Unknown(reason),
    };
    match means.store.note_releases(found, means.context.clock.now()).await {
        Ok(releases) => Release::Known(releases),
        Err(error) => Release::Unknown(format!("what was done about releases is not known: {error}")),
    }
}
