//! Why records cannot be taken or read, in words for people.

use std::path::PathBuf;

/// A failure of records.
#[derive(Debug, thiserror::Error)]
pub enum RecordsError {
    /// A statement failed.
    #[error("database: {}", words(.0))]
    Statement(#[from] sqlx::Error),
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
    /// Whoever reads has had enough, or cannot be written to.
    #[error("cannot write: {0}")]
    Output(std::io::Error),
}

impl RecordsError {
    /// Whether the same may succeed later: the database is away, busy or full. What it
    /// refuses for its meaning, it refuses again.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Statement(sqlx::Error::Database(error)) => {
                // Data exceptions, violated constraints, faults in what we say (PostgreSQL,
                // appendix A); SQLite's constraint and mismatch codes.
                let code = error.code().unwrap_or_default();
                let postgres = error
                    .try_downcast_ref::<sqlx::postgres::PgDatabaseError>()
                    .is_some();
                if postgres {
                    !["22", "23", "42"].iter().any(|class| code.starts_with(class))
                } else {
                    !matches!(code.parse::<i32>().map(|code| code & 0xff), Ok(1 | 18 | 19 | 20))
                }
            }
            Self::Statement(
                sqlx::Error::Io(_)
                | sqlx::Error::Tls(_)
                | sqlx::Error::Protocol(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed
                | sqlx::Error::WorkerCrashed,
            ) => true,
            _ => false,
        }
    }
}

/// What a database error says, without the words of the library around it.
fn words(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::PoolTimedOut => "no connection in time".to_owned(),
        sqlx::Error::Io(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            "the connection was closed".to_owned()
        }
        sqlx::Error::Io(error) => error.to_string(),
        sqlx::Error::Database(error) => error.message().to_owned(),
        other => other.to_string(),
    }
}
