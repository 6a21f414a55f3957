//! Why the store cannot do what it should, in words for people: the database fails, or
//! what is to be done is refused.

use std::path::PathBuf;

use crate::database::DatabaseError;
use crate::model::RunId;

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database fails.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The database belongs to another program.
    #[error("database {database}: it has tables that are not ours ({table})")]
    Foreign {
        /// Which one, without its password.
        database: String,
        /// One of them.
        table: String,
    },
    /// A change from a state in which it cannot happen: it was not made.
    #[error("database: {0}")]
    Refused(String),
    /// The database lacks what it had confirmed: it was restored, or failed over to a
    /// copy that was behind.
    #[error("database: it has forgotten events of run {0}")]
    Forgotten(String),
    /// Another claim has the run, or it has ended: nothing is written for this one.
    #[error("database: run {0} is not this worker's any more")]
    Fenced(String),
    /// A row does not say what it should.
    #[error("database: run {run} has a row that cannot be read: {reason}")]
    Row {
        /// Its id.
        run: String,
        /// What is wrong.
        reason: String,
    },
    /// A file of the run directory cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// The system's word.
        source: std::io::Error,
    },
}

impl StoreError {
    pub(crate) fn row(run: &RunId, reason: &impl ToString) -> Self {
        Self::Row {
            run: run.to_string(),
            reason: reason.to_string(),
        }
    }

    /// A word that none of our enums has.
    pub(crate) fn unknown_word(what: &str, word: &str) -> Self {
        Self::Refused(format!(
            "{what} is {word:?}, which this version of orchestrate does not know"
        ))
    }

    /// Whether the same may succeed later: the database is away, busy or full.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Database(error) if error.may_pass())
    }

    /// Whether the database's file was removed or replaced while it was used: nothing is written
    /// until it is put back.
    pub fn is_displaced(&self) -> bool {
        matches!(self, Self::Database(error) if error.is_displaced())
    }

    /// What a person can do about it, where there is something to say.
    pub fn way_back(&self) -> Option<&'static str> {
        self.is_displaced().then_some(
            "put it back and start again; or start without it: every run has a journal, and orchestrate db \
             import-journal --all makes the database again of them",
        )
    }

    /// Whether somebody else wrote the same row in the same moment and was faster.
    pub(crate) fn is_unique_violation(&self) -> bool {
        matches!(self, Self::Database(error) if error.is_unique_violation())
    }
}
