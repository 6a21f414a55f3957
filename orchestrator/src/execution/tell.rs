//! Telling whom it concerns, when runs have ended.

use std::time::Duration;

use crate::engine::ending_signal;
use crate::events::{SlotRef, Summary};
use crate::execution::means::Means;
use crate::model::Pulse;
use crate::notify::{deliver, late, missed, pulse, raise};

/// A verb that has done its work does not wait longer; the next one goes on.
const PATIENCE: Duration = Duration::from_secs(30);

/// Nor does one that was asked to end before.
const SHORT_PATIENCE: Duration = Duration::from_secs(5);

/// Exit codes above this one name the signal that ended a run.
const SIGNALS: u8 = 128;

/// What the database is given to note that a delivery was broken off.
const GIVE_BACK: Duration = Duration::from_secs(2);

/// Raises and delivers what is due, until `stop` is done. It fails nothing: what could not
/// be told is said in the log and in the record of deliveries, and tried again by whoever
/// comes next.
pub async fn tell(means: &Means, stop: impl Future<Output = ()>) {
    tell_for(means, PATIENCE, stop).await;
}

async fn tell_for(means: &Means, patience: Duration, stop: impl Future<Output = ()>) {
    let enough = async {
        if tokio::time::timeout(patience, stop).await.is_err() {
            tracing::warn!("notices wait: telling took more than {} s", patience.as_secs());
        }
    };
    let work = async {
        let now = means.context.clock.now();
        raise(&means.store, &means.post.channels, now).await?;
        deliver(&means.store, &means.post, enough).await
    };
    // The database has limits of its own; this is for all of it together.
    match tokio::time::timeout(patience + GIVE_BACK, work).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => tracing::warn!("notices wait in the database: {error}"),
        Err(_) => tracing::warn!("notices wait: the database is slow"),
    }
}

/// Tells whom the end of a run by hand concerns. A signal breaks that off: the run has
/// ended, and what was not told waits in the database. Returns whether one came.
///
/// # Errors
/// Signals cannot be heard.
pub async fn tell_end(means: &Means, summary: &Summary) -> std::io::Result<bool> {
    let (heard, stop) = tokio::sync::watch::channel(false);
    let signal = ending_signal()?;
    let patience = if summary.exit_code > SIGNALS {
        SHORT_PATIENCE
    } else {
        PATIENCE
    };
    let work = async {
        tell_for(means, patience, until(stop.clone())).await;
        tokio::select! {
            () = told_success(means, summary) => {}
            () = until(stop) => {}
        }
    };
    let listen = async {
        signal.await;
        tracing::warn!("ended while people were told; what they do not know yet waits in the database");
        heard.send_replace(true);
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = work => {}
        () = listen => {}
    }
    Ok(*heard.borrow())
}

/// Done when the value is true, or will never be.
pub async fn until(mut stop: tokio::sync::watch::Receiver<bool>) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Tells the dead man's watch of a run that succeeded, if it wants to know.
pub async fn told_success(means: &Means, summary: &Summary) {
    if let Some(dead_man) = means.dead_man.as_ref().filter(|watch| watch.after == Pulse::Run)
        && summary.success
    {
        pulse(dead_man, &means.post.network).await;
    }
}

/// Tells the dead man's watch that the scheduler is alive, if it wants to know.
pub async fn told_alive(means: &Means) {
    if let Some(dead_man) = means.dead_man.as_ref() {
        pulse(dead_man, &means.post.network).await;
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
