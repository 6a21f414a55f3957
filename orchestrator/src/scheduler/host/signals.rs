//! What signals mean to a scheduler: SIGHUP reads the schedule again, SIGTERM and SIGINT
//! end it (signal(7)), unless they were ignored when it was started.

use crate::engine::{EndingSignals, Hangups};
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
    hangups: Hangups,
    ending: EndingSignals,
}

impl Signals {
    pub(crate) fn new(hangups: Hangups) -> std::io::Result<Self> {
        Ok(Self {
            hangups,
            ending: EndingSignals::new()?,
        })
    }

    /// Waits for the next signal. Safe to drop.
    pub(crate) async fn next(&mut self) -> OperatorRequest {
        tokio::select! {
            cause = self.ending.next() => OperatorRequest::Stop(cause),
            () = self.hangups.next() => OperatorRequest::Reload,
        }
    }
}
