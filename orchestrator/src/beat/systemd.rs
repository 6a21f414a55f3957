//! What the service manager is told (sd_notify(3)). Without one, nothing happens.

use std::time::Duration;

use sd_notify::NotifyState;

/// The start is over: the scheduler leads or stands by.
pub(super) fn ready(status: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// What it does at present, in words.
pub(super) fn status(status: &str) {
    tell(&[NotifyState::Status(status)]);
}

/// It is alive. To be said more often than the watchdog asks for.
pub(super) fn alive() {
    tell(&[NotifyState::Watchdog]);
}

/// It ends.
pub(super) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// How often the watchdog wants to hear [`alive`], if there is one (sd_watchdog_enabled(3)).
pub(super) fn watchdog() -> Option<Duration> {
    sd_notify::watchdog_enabled()
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::debug!("the service manager cannot be told: {error}");
    }
}
