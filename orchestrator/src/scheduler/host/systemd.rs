//! What the service manager is notified of (sd_notify(3)). Without one, nothing happens.

use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

use sd_notify::NotifyState;

/// A manager that reads nothing holds nobody back for longer.
const PATIENCE: Duration = Duration::from_secs(1);

/// The start is over: the scheduler leads or stands by.
pub(crate) fn notify_ready(status: &str) {
    notify(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// What it does at present, in words.
pub(crate) fn notify_status(status: &str) {
    notify(&[NotifyState::Status(status)]);
}

/// It is alive. To be said more often than the watchdog asks for.
pub(crate) fn notify_alive() {
    notify(&[NotifyState::Watchdog]);
}

/// The schedule is being read again (Type=notify-reload): until [`notify_ready`].
pub(crate) fn notify_reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => notify(&[NotifyState::Reloading, now]),
        Err(error) => tracing::debug!("the service manager is not told of a reload: {error}"),
    }
}

/// It ends.
pub(crate) fn notify_stopping() {
    notify(&[NotifyState::Stopping]);
}

/// How often the watchdog wants to hear [`notify_alive`], if there is one (sd_watchdog_enabled(3)).
pub(crate) fn watchdog_limit() -> Option<Duration> {
    sd_notify::watchdog_enabled()
}

fn notify(state: &[NotifyState<'_>]) {
    let Some(address) = std::env::var_os("NOTIFY_SOCKET") else {
        return;
    };
    let lines: Vec<String> = state.iter().map(ToString::to_string).collect();
    if let Err(error) = send(&address, lines.join("\n").as_bytes()) {
        tracing::debug!("the service manager cannot be told: {error}");
    }
}

/// The crate that knows the words takes an abstract address for a path, so it is sent here.
fn send(address: &OsStr, message: &[u8]) -> io::Result<()> {
    let address = match address.as_bytes() {
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
        _ => SocketAddr::from_pathname(address)?,
    };
    let socket = UnixDatagram::unbound()?;
    socket.set_write_timeout(Some(PATIENCE))?;
    socket.send_to_addr(message, &address)?;
    Ok(())
}
