//! Whether there are releases that somebody waits for: asked, noted, and answered.

use crate::model::{Release, ReleaseSource};
use crate::release::{Hands, ask};

use super::means::Means;

/// Asks where `source` says. What cannot be found out is an answer, with its reason.
pub async fn detect(means: &Means, source: &ReleaseSource) -> Release {
    let context = &means.context;
    let hands = Hands {
        fork_server: &context.fork_server,
        collectors: &context.collectors,
        environment: &context.environment,
    };
    let found = match ask(source, hands).await {
        Ok(found) => found,
        Err(reason) => return Release::Unknown(reason),
    };
    match means.store.note_releases(found, context.clock.now()).await {
        Ok(releases) => Release::Known(releases),
        Err(error) => Release::Unknown(format!("what was done about releases is not known: {error}")),
    }
}
