//! The hand on a running attempt: cancel, kill, pause, resume. Handed out by
//! [`Attempt::controller`](super::Attempt::controller); it never waits and never
//! signals a process itself.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::net::UnixStream;
use tokio::sync::Notify;
use tokio::time::Instant;
use tracing::warn;

use crate::model::{CancelCause, LeaseDeadline};
use crate::process::ladder::Cause;
use crate::process::protocol::{ToSupervisor, encode};

/// Controls one attempt, from anywhere and as long as it likes: after the end of
/// the attempt its requests do nothing.
#[derive(Debug, Clone)]
pub struct Controller {
    attempt: u64,
    /// Weak, so that a forgotten controller does not keep the attempt alive.
    socket: Weak<UnixStream>,
    shared: Arc<Shared>,
}

/// What the attempt's own loop must know of what was asked.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    state: Mutex<State>,
    /// Rung when something in it has changed.
    pub(crate) changed: Notify,
    /// Rung when a pause has been confirmed, or cannot be any more.
    confirmed: Notify,
}

/// When things were asked.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct State {
    /// The first cancel or kill.
    pub ending_since: Option<Instant>,
    /// Paused now, and since when.
    pub paused_since: Option<Instant>,
    /// The supervisor has said that it is stopped.
    pub confirmed: bool,
    /// The end of the last pause.
    pub resumed_at: Option<Instant>,
    /// It is over.
    pub ended: bool,
}

impl Shared {
    pub(crate) fn state(&self) -> State {
        *self.lock()
    }

    /// Its supervisor has stopped it.
    pub(crate) fn confirm_pause(&self) {
        self.lock().confirmed = true;
        self.confirmed.notify_one();
    }

    /// It is over: nothing can be asked of it any more.
    pub(crate) fn end(&self) {
        self.lock().ended = true;
        self.confirmed.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Controller {
    pub(crate) fn new(attempt: u64, socket: &Arc<UnixStream>) -> Self {
        Self {
            attempt,
            socket: Arc::downgrade(socket),
            shared: Arc::default(),
        }
    }

    /// One that has nothing to control.
    pub(crate) fn idle() -> Self {
        Self {
            attempt: 0,
            socket: Weak::new(),
            shared: Arc::default(),
        }
    }

    /// Ends it politely: SIGTERM, and SIGKILL after the grace period. Asking a
    /// second time kills it.
    pub fn cancel(&self, cause: CancelCause) {
        self.cancel_for(Cause::Cancelled(cause));
    }

    /// Ends it now, and everything that it has started.
    pub fn kill(&self, cause: CancelCause) {
        self.ending();
        self.send(&ToSupervisor::Kill {
            attempt: self.attempt,
            cause: Cause::Cancelled(cause),
        });
    }

    /// Lets it run for longer: its lease was renewed.
    pub fn extend(&self, lease: LeaseDeadline) {
        self.send(&ToSupervisor::Extend {
            attempt: self.attempt,
            lease,
        });
    }

    /// Stops it (SIGSTOP to its process group), its timeout and its idle timeout.
    pub fn pause(&self) {
        self.shared.lock().paused_since.get_or_insert_with(Instant::now);
        self.send(&ToSupervisor::Pause {
            attempt: self.attempt,
        });
    }

    /// Returns when a pause that was asked for has come to it, or it is over. One at a time may
    /// wait.
    pub(crate) async fn paused(&self) {
        loop {
            let state = self.shared.state();
            if state.confirmed || !self.has_attempt() {
                return;
            }
            self.shared.confirmed.notified().await;
        }
    }

    /// Whether its attempt goes on.
    pub(crate) fn has_attempt(&self) -> bool {
        !self.shared.state().ended && self.socket.strong_count() > 0
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.send(&ToSupervisor::Resume {
            attempt: self.attempt,
        });
        let mut state = self.shared.lock();
        state.confirmed = false;
        if state.paused_since.take().is_some() {
            state.resumed_at = Some(Instant::now());
            self.shared.changed.notify_one();
        }
    }

    pub(crate) fn cancel_for(&self, cause: Cause) {
        self.ending();
        self.send(&ToSupervisor::Cancel {
            attempt: self.attempt,
            cause,
        });
    }

    pub(crate) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
    }

    fn ending(&self) {
        self.shared.lock().ending_since.get_or_insert_with(Instant::now);
        self.shared.changed.notify_one();
    }

    fn send(&self, request: &ToSupervisor) {
        let Some(socket) = self.socket.upgrade() else {
            return;
        };
        // A few dozen bytes into a buffer that is practically empty: all or nothing.
        let sent = encode(request, &[]).and_then(|frame| socket.try_write(&frame));
        if let Err(error) = sent
            && error.kind() != std::io::ErrorKind::BrokenPipe
        {
            warn!("a supervisor cannot be told {request:?}: {error}");
        }
    }
}
