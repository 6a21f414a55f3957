//! Why a plan could not be executed at all. What collectors do is in the summary.

use std::path::PathBuf;

/// The machine would not.
#[derive(Debug, thiserror::Error)]
pub enum ExecutionError {
    /// The run's directory or its journal cannot be written.
    #[error("cannot write to {}", path.display())]
    State {
        /// Which of them.
        path: PathBuf,
        /// The system's word.
        source: std::io::Error,
    },
    /// This process cannot say who it is.
    #[error("cannot tell the name of this host")]
    Owner(#[source] std::io::Error),
    /// A part of ours ended too early: a defect.
    #[error("the {part} of the run ended too early: {reason}")]
    Part {
        /// Which part.
        part: &'static str,
        /// What it left behind.
        reason: String,
    },
}
