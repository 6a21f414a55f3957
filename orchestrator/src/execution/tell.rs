//! Telling whom it concerns, when runs have ended.

use std::time::Duration;

use crate::events::{SlotRef, Summary};
use crate::execution::means::Means;
use crate::model::Pulse;
use crate::notify::{deliver, late, missed, pulse, raise};

/// A verb that has done its work does not wait longer; the next one goes on.
const PATIENCE: Duration = Duration::from_secs(30);

/// Raises and delivers what is due. It fails nothing: what could not be told is said
/// in the log and in the record of deliveries, and tried again by whoever comes next.
/// Returns what stood in the way.
pub async fn tell(means: &Means) -> Result<(), String> {
    let work = async {
        let now = means.context.clock.now();
        raise(&means.store, &means.post.channels, now).await?;
        deliver(&means.store, &means.post).await
    };
    let problem = match tokio::time::timeout(PATIENCE, work).await {
        Ok(Ok(_)) => return Ok(()),
        Ok(Err(error)) => format!("notices wait in the database: {error}"),
        Err(_) => format!("notices wait: telling took more than {} s", PATIENCE.as_secs()),
    };
    tracing::warn!("{problem}");
    Err(problem)
}

/// Tells the dead man's watch of a run that succeeded, if it wants to know.
pub async fn told_success(means: &Means, summary: &Summary) {
    if let Some(dead_man) = means.dead_man.as_ref().filter(|watch| watch.after == Pulse::Run)
        && summary.success
    {
        // It is in the log, and the watch notices by itself.
        let _ = pulse(dead_man).await;
    }
}

/// Tells the dead man's watch that the scheduler is alive, if it wants to know.
pub async fn told_alive(means: &Means) -> Result<(), String> {
    match means.dead_man.as_ref() {
        Some(dead_man) => pulse(dead_man).await,
        None => Ok(()),
    }
}

/// How often [`told_alive`] is wanted; `None` for never.
pub fn alive_every(means: &Means) -> Option<Duration> {
    match means.dead_man.as_ref()?.after {
        Pulse::Tick(every) => Some(every),
        Pulse::Run => None,
    }
}

/// Writes down that tasks did not run at a slot, for whoever wants to know of that.
pub async fn tell_missed(means: &Means, slot: &SlotRef, tasks: &[(String, String)], reason: &str) {
    let now = means.context.clock.now();
    let written = missed(&means.store, &means.post.channels, slot, tasks, reason, now).await;
    if let Err(error) = written {
        tracing::warn!("nobody is told of slot {} of {}: {error}", slot.at, slot.entry);
    }
}

/// Writes down that a slot began late, for these channels and with how many times in a row.
pub async fn tell_late(
    means: &Means,
    slot: &SlotRef,
    tasks: &[(String, String)],
    reason: &str,
    told: &[(String, u64)],
) {
    let now = means.context.clock.now();
    if let Err(error) = late(&means.store, told, slot, tasks, reason, now).await {
        tracing::warn!("nobody is told of slot {} of {}: {error}", slot.at, slot.entry);
    }
}
