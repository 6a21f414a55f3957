//! Who drives the watchdog in the orchestrator: one task for each supervisor that has
//! an attempt, and the fork server's own. It must never hold open what its ward
//! takes for the orchestrator's life: sockets are only borrowed.

use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Instant;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;
use tokio::net::UnixStream;
use tokio::task::AbortHandle;
use tokio::time::sleep;
use tracing::warn;

use crate::process::protocol::{ToServer, ToSupervisor, encode};
use crate::process::sys::Pidfd;
use crate::process::tree::observe::look_at;
use crate::process::watchdog::{TICK, Trouble, Watchdog, WatchdogOrder};

/// A supervisor as its guard knows it.
#[derive(Debug)]
pub(crate) struct Ward {
    /// The orchestrator's name for it.
    pub name: u64,
    pub pid: i32,
    pub process: Arc<Pidfd>,
    pub socket: Weak<UnixStream>,
    /// The fork server's.
    pub server: Weak<UnixStream>,
    /// Set by whoever reads its socket.
    pub heard: Arc<AtomicBool>,
}

/// Watches while it is there.
#[derive(Debug)]
pub(crate) struct Guard {
    task: AbortHandle,
    killed_for: Arc<Mutex<Option<Trouble>>>,
}

impl Guard {
    pub(crate) fn new(ward: Ward) -> Self {
        let killed_for = Arc::default();
        let task = tokio::spawn(watch(ward, Arc::clone(&killed_for))).abort_handle();
        Self { task, killed_for }
    }

    /// Why it had to be killed, if it had to.
    pub(crate) fn killed_for(&self) -> Option<Trouble> {
        *self.killed_for.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn watch(ward: Ward, killed_for: Arc<Mutex<Option<Trouble>>>) {
    let epoch = Instant::now();
    let mut watchdog = Watchdog::new(epoch.elapsed());
    loop {
        sleep(TICK).await;
        let Some(socket) = ward.socket.upgrade() else {
            return;
        };
        // Its attempt may be waiting for a slow reader, with the answer unread.
        let heard = ward.heard.swap(false, Ordering::AcqRel) || has_input(&socket);
        let sight = look_at(ward.pid, watchdog.is_in_doubt());
        match watchdog.look(epoch.elapsed(), sight, heard) {
            None => {}
            // A socket that takes nothing is one that is not read.
            Some(WatchdogOrder::Ping) => {
                let _ = encode(&ToSupervisor::Ping, &[]).and_then(|ping| socket.try_write(&ping));
            }
            Some(WatchdogOrder::Continue(trouble)) => {
                resume("a supervisor", ward.pid, &ward.process, trouble);
            }
            Some(WatchdogOrder::Kill(trouble)) => {
                killed_for
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .get_or_insert(trouble);
                kill_supervisor(ward.name, &ward.process, ward.server.upgrade().as_deref());
            }
        }
    }
}

/// Kills a supervisor and has the fork server kill what it leaves. If that is dead, or
/// hangs, it is all ours sooner or later.
pub(crate) fn kill_supervisor(name: u64, process: &Pidfd, server: Option<&UnixStream>) {
    // ESRCH: it is gone already. It is our own user's.
    let _ = process.kill();
    if let Some(server) = server
        && let Ok(request) = encode(&ToServer::Kill { supervisor: name }, &[])
    {
        // A few dozen bytes into a buffer that is practically empty: all or nothing.
        let _ = server.try_write(&request);
    }
}

/// Wakes somebody up, with a word in the log.
pub(crate) fn resume(who: &str, pid: i32, process: &Pidfd, trouble: Trouble) {
    match trouble {
        Trouble::Dead => return,
        Trouble::Stopped => warn!("{who} (pid {pid}) was stopped by somebody; it is told to go on"),
        Trouble::Silent => warn!("{who} (pid {pid}) does not answer"),
    }
    // ESRCH: it is gone already.
    let _ = process.send(Signal::SIGCONT);
}

fn has_input(socket: &UnixStream) -> bool {
    let mut source = [PollFd::new(socket.as_fd(), PollFlags::POLLIN)];
    poll(&mut source, PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
}
