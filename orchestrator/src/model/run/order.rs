//! What an operator may want of a run that goes on, and who may want it. Pure.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Who or what ended an attempt before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelCause {
    /// Ctrl-C or SIGINT to the orchestrator.
    Interrupt,
    /// SIGTERM to the orchestrator.
    Terminate,
    /// SIGHUP to the orchestrator: its terminal was closed.
    Hangup,
    /// `orchestrate cancel`.
    Operator,
    /// The orchestrator vanished; the supervisor ended the attempt.
    OrchestratorGone,
    /// The worker could not renew its lease of the run, or another one has it.
    LeaseLost,
}

impl fmt::Display for CancelCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Interrupt => "interrupted (SIGINT)",
            Self::Terminate => "orchestrate was asked to end (SIGTERM)",
            Self::Hangup => "the terminal was closed (SIGHUP)",
            Self::Operator => "cancelled by the operator",
            Self::OrchestratorGone => "orchestrate itself was gone",
            Self::LeaseLost => "the worker could not keep its lease of the run",
        })
    }
}

/// What an operator may want of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// End politely: nothing more is started, the running collector is asked to end.
    Cancel(CancelCause),
    /// End now.
    Kill(CancelCause),
}
