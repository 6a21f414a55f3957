//! What an operator may want of a run that goes on. Pure.

use super::outcome::CancelCause;

/// What an operator may want of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// End politely: nothing more is started, the running collector is asked to end.
    Cancel(CancelCause),
    /// End now.
    Kill(CancelCause),
}
