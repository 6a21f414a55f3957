//! Why the store cannot do what it should, in words for people. No message ever
//! holds a password.

use std::path::PathBuf;

use crate::model::RunId;

/// What SQLite calls a change that a trigger refuses (sqlite.org/rescode.html).
const SQLITE_CONSTRAINT_TRIGGER: &str = "1811";

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The URL names a database that is neither SQLite nor PostgreSQL.
    #[error("database {0}: only sqlite: and postgres:// URLs are supported")]
    Unsupported(String),
    /// The URL cannot be read. It is not shown: it may hold a password anywhere.
    #[error("database: the postgres:// URL cannot be read: {0}")]
    Url(String),
    /// It cannot be opened or migrated.
    #[error("database {database}: {reason}")]
    Open {
        /// Which one, without its password.
        database: String,
        /// What it said.
        reason: String,
    },
    /// A statement failed.
    #[error("database: {}", words(.0))]
    Statement(#[from] sqlx::Error),
    /// A change from a state in which it cannot happen: it was not made.
    #[error("database: {0}")]
    Refused(String),
    /// The database lacks what it had confirmed: it was restored, or failed over to a
    /// copy that was behind.
    #[error("database: it has forgotten events of run {0}")]
    Forgotten(String),
    /// A row does not say what it should.
    #[error("database: run {run} has a row that cannot be read: {reason}")]
    Row {
        /// Which run.
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

    /// Whether the same statement may succeed later: the database is away, busy or
    /// full. What the database refuses for its meaning, it refuses again.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Statement(sqlx::Error::Database(error)) => {
                !(error.is_unique_violation()
                    || error.is_check_violation()
                    || error.is_foreign_key_violation()
                    || error.code().as_deref() == Some(SQLITE_CONSTRAINT_TRIGGER)
                    || matches!(error.kind(), sqlx::error::ErrorKind::NotNullViolation))
            }
            Self::Statement(
                sqlx::Error::Io(_)
                | sqlx::Error::Tls(_)
                | sqlx::Error::Protocol(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::WorkerCrashed,
            ) => true,
            _ => false,
        }
    }
}

/// What a database error says, without the words of the library around it.
pub(crate) fn words(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::PoolTimedOut => "no connection within 10 s".to_owned(),
        sqlx::Error::Io(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            "the connection was closed".to_owned()
        }
        sqlx::Error::Io(error) => error.to_string(),
        sqlx::Error::Database(error) => error.message().to_owned(),
        sqlx::Error::Migrate(error) => error.to_string(),
        other => other.to_string(),
    }
}
