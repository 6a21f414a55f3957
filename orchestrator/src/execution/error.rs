//! Why a plan could not be executed at all. What collectors do is in the summary.

use std::path::PathBuf;

use crate::model::CancelCause;
use crate::records::RecordsError;
use crate::store::StoreError;

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
    /// The database does not tell what collectors left for themselves the last time.
    #[error("not started: what its collectors left in the database cannot be read")]
    CollectorStates {
        /// The database's word.
        source: RecordsError,
    },
    /// The database does not tell what was done about releases while another run was waited for.
    #[error("not started: what was done about releases cannot be read")]
    Releases {
        /// The database's word.
        source: StoreError,
    },
    /// The database does not tell what workers execute.
    #[error("not started: what workers execute cannot be read")]
    Queue {
        /// The database's word.
        source: StoreError,
    },
    /// An order to end came before there was anything to end.
    #[error("nothing was started: {0}")]
    Cancelled(CancelCause),
    /// This process cannot say who it is.
    #[error("cannot tell the name of this host")]
    Owner(#[source] std::io::Error),
    /// The one that tells of the run has no thread.
    #[error("not started: no thread can be started")]
    Reporter(#[source] std::io::Error),
    /// A part of ours ended too early: a defect.
    #[error("the {part} of the run ended too early: {reason}")]
    Part {
        /// `recorder` or `reporter`.
        part: &'static str,
        /// What it left behind.
        reason: String,
    },
}
