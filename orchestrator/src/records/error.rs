//! Why records cannot be taken or read, in words for people.

use std::path::PathBuf;

use crate::database::DatabaseError;

/// A failure of records.
#[derive(Debug, thiserror::Error)]
pub enum RecordsError {
    /// The database fails.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// The system's word.
        source: std::io::Error,
    },
    /// A file is not what it was when it was looked at.
    #[error("{}: {reason}", path.display())]
    Changed {
        /// Which one.
        path: PathBuf,
        /// In what way.
        reason: String,
    },
    /// Whoever reads the events file stopped before its end.
    #[error("the events file could not be read to its end")]
    CutShort,
    /// Another claim has the run, or it has ended: nothing is taken for this one.
    #[error("run {0} is not this worker's any more")]
    Fenced(String),
    /// Whoever reads has had enough, or cannot be written to.
    #[error("cannot write: {0}")]
    Output(std::io::Error),
}

impl RecordsError {
    /// Whether the same may succeed later: the database is away, busy or full.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Database(error) => error.may_pass(),
            Self::CutShort => true,
            Self::File { .. } | Self::Changed { .. } | Self::Fenced(_) | Self::Output(_) => false,
        }
    }
}
