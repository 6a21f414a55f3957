//! What signals mean to a scheduler: SIGHUP reads the schedule again, SIGTERM and SIGINT
//! end it (signal(7)).

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::model::CancelCause;

/// What the operator wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OperatorRequest {
    /// Read the schedule file again.
    Reload,
    /// End.
    Stop(CancelCause),
}

/// The handlers.
pub(crate) struct Signals {
    hangup: Signal,
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    pub(crate) fn new() -> std::io::Result<Self> {
        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// The next one.
    pub(crate) async fn next(&mut self) -> OperatorRequest {
        tokio::select! {
            Some(()) = self.terminate.recv() => OperatorRequest::Stop(CancelCause::Terminate),
            Some(()) = self.interrupt.recv() => OperatorRequest::Stop(CancelCause::Interrupt),
            Some(()) = self.hangup.recv() => OperatorRequest::Reload,
            // The streams end with the runtime only.
            else => std::future::pending().await,
        }
    }
}
