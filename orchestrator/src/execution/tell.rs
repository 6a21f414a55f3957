//! Telling whom it concerns, when runs have ended.

use std::time::Duration;

use super::means::Means;
use crate::model::Pulse;
use crate::notify::{deliver, pulse, raise};
use crate::report::Summary;

/// A verb that has done its work does not wait longer; the next one goes on.
const PATIENCE: Duration = Duration::from_secs(30);

/// Raises and delivers what is due. It fails nothing: what could not be told is said
/// in the log and in the record of deliveries, and tried again by whoever comes next.
pub async fn tell(means: &Means) {
    let work = async {
        let now = means.context.clock.now();
        raise(&means.store, &means.post.channels, now).await?;
        deliver(&means.store, &means.post).await
    };
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => tracing::warn!("notices wait in the database: {error}"),
        Err(_) => tracing::warn!("notices wait: telling took more than {} s", PATIENCE.as_secs()),
    }
}

/// Tells the dead man's watch of a run that succeeded, if it wants to know.
pub async fn told_success(means: &Means, summary: &Summary) {
    if let Some(dead_man) = means.dead_man.as_ref().filter(|watch| watch.after == Pulse::Run)
        && summary.success
    {
        pulse(dead_man).await;
    }
}
