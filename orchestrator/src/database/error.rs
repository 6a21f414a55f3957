//! What can go wrong with a database, in words for people, and whether it passes. The only
//! place with an opinion on that. No message ever holds a password.

use std::error::Error;
use std::path::{Path, PathBuf};

use sqlx::postgres::PgDatabaseError;
use sqlx::sqlite::SqliteError;

use crate::files::NotPermitted;

/// A failure of the database.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The URL names a database that is neither SQLite nor PostgreSQL.
    #[error("database {0}: only sqlite: and postgres:// URLs are supported")]
    Unsupported(String),
    /// The URL cannot be read. It is not shown: it may hold a password anywhere.
    #[error("database: the {form} cannot be read: {reason}")]
    Url {
        /// What it is.
        form: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// It cannot be opened or migrated. Whoever opens says so and ends; nobody tries again.
    #[error("database {database}: {reason}")]
    Open {
        /// Which one, without its password.
        database: String,
        /// What it said.
        reason: String,
    },
    /// The server is there and lets nobody in at the moment: all its connections are in use, or
    /// it starts. Whoever opens may wait.
    #[error("database {database}: {reason}")]
    TurnedAway {
        /// Which one, without its password.
        database: String,
        /// What it said.
        reason: String,
    },
    /// The user lacks a right that is needed before anything may begin.
    #[error("database: permission denied for table {table}: user {user} may not {right}")]
    Denied {
        /// The user of the connection.
        user: String,
        /// `INSERT` or `UPDATE`.
        right: String,
        /// Without its schema.
        table: String,
    },
    /// The schema of our tables may not be used.
    #[error("database {database}: user {user} may not use the schema {schema}")]
    Closed {
        /// Which one, without its password.
        database: String,
        /// The user of the connection.
        user: String,
        /// The one of `database_schema:`, in which our tables are.
        schema: String,
    },
    /// The file that was opened has its name no more. Nothing is written into it then: nobody
    /// would ever find it.
    #[error("{} was {how} while this process used it", path.display())]
    Displaced {
        /// Which file.
        path: PathBuf,
        /// `removed`, or what is in its place.
        how: &'static str,
    },
    /// A statement failed.
    #[error("database: {}", words(.0))]
    Statement(#[from] sqlx::Error),
    /// A SQLite file, or the lock file beside it, cannot be used.
    #[error("{}", words_of_file(path, source))]
    File {
        /// Which file.
        path: PathBuf,
        /// The system's word.
        source: std::io::Error,
    },
}

impl DatabaseError {
    /// Whether the same statement may succeed later: the database is away, busy or full.
    /// What it refuses for its meaning or for want of rights, it refuses again.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Statement(sqlx::Error::Database(error)) => {
                let code = error.code().unwrap_or_default();
                match error.try_downcast_ref::<PgDatabaseError>() {
                    Some(_) => passes_in_postgres(&code),
                    None => code.parse().is_ok_and(passes_in_sqlite),
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

    /// Whether the file has its name no more: no statement can succeed until somebody puts it
    /// back, and nobody should wait for that.
    pub fn is_displaced(&self) -> bool {
        matches!(self, Self::Displaced { .. })
    }

    /// Whether no thread could be started for it: SQLite's connections have one each.
    pub(crate) fn is_lack_of_threads(&self) -> bool {
        match self {
            Self::Open { reason, .. } => reason == NO_THREAD,
            Self::Statement(error) => words(error) == NO_THREAD,
            _ => false,
        }
    }

    /// Whether the disk of a SQLite file has no room: also whoever only reads needs 32 KiB for the
    /// `-shm` beside it.
    pub(crate) fn is_lack_of_room(&self) -> bool {
        match self {
            Self::Open { reason, .. } => reason == NO_ROOM,
            Self::Statement(error) => words(error) == NO_ROOM,
            _ => false,
        }
    }

    /// What the user of the connection lacks a right on, in the words of the server: a table,
    /// a sequence or a schema; `None` if that is not what failed.
    pub(crate) fn denied_object(&self) -> Option<String> {
        let Self::Statement(sqlx::Error::Database(error)) = self else {
            return None;
        };
        if error.code().as_deref() != Some("42501") {
            return None;
        }
        let object = error.message().strip_prefix("permission denied for ")?;
        Some(object.strip_prefix("table ").unwrap_or(object).to_owned())
    }

    /// Whether somebody else wrote the same row in the same moment and was faster.
    pub(crate) fn is_unique_violation(&self) -> bool {
        matches!(self, Self::Statement(sqlx::Error::Database(error)) if error.is_unique_violation())
    }

    /// Whether a table went away between two questions.
    pub(crate) fn is_undefined_table(&self) -> bool {
        matches!(self, Self::Statement(sqlx::Error::Database(error)) if error.code().as_deref() == Some("42P01"))
    }

    pub(crate) fn unreadable(column: &str, error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let (index, source) = (column.to_owned(), error.into());
        sqlx::Error::ColumnDecode { index, source }.into()
    }

    /// A row that we have just written is not there.
    pub(crate) fn no_row() -> Self {
        sqlx::Error::RowNotFound.into()
    }

    /// A server that says nothing within the time it had.
    pub(crate) fn no_answer(what: String) -> Self {
        sqlx::Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, what)).into()
    }
}

/// By SQLSTATE (PostgreSQL, appendix A). Data (22), constraints (23), authorization (28),
/// what we say (42) and what a trigger raises (P0) stay as they are.
fn passes_in_postgres(code: &str) -> bool {
    match code.get(..2) {
        // The connection; a deadlock or a conflict that was rolled back; memory, disk or
        // connections used up; trouble of the server's own files.
        Some("08" | "40" | "53" | "58") => true,
        // A statement that was cancelled, by its time limit or an administrator, and a
        // server that shuts down or starts. 57P04: somebody has dropped the database.
        Some("57") => code != "57P04",
        _ => matches!(
            code,
            // Read only: a standby that was just promoted or demoted.
            "25006"
            // A transaction, idle or not, that took longer than the server allows.
            | "25P03" | "25P04"
            // A pooler led to another connection, which does not know the statement.
            | "26000"
            // Something is in use or locked.
            | "55006" | "55P03"
        ),
    }
}

/// By the primary result code (sqlite.org/rescode.html).
fn passes_in_sqlite(code: i32) -> bool {
    const BUSY: i32 = 5;
    const LOCKED: i32 = 6;
    const NOMEM: i32 = 7;
    const INTERRUPT: i32 = 9;
    const IOERR: i32 = 10;
    const FULL: i32 = 13;
    /// Also where descriptors are used up, at a file beside one that is open.
    const CANTOPEN: i32 = 14;
    /// Many who begin to use the log at once.
    const PROTOCOL: i32 = 15;
    const SCHEMA: i32 = 17;
    [
        BUSY, LOCKED, NOMEM, INTERRUPT, IOERR, FULL, CANTOPEN, PROTOCOL, SCHEMA,
    ]
    .contains(&(code & 0xff))
}

/// Who names the owner of what is in the way names the path, too.
fn words_of_file(path: &Path, error: &std::io::Error) -> String {
    if error.get_ref().is_some_and(|inner| inner.is::<NotPermitted>()) {
        return error.to_string();
    }
    format!("{}: {error}", path.display())
}

/// What is said where the system starts no thread (EAGAIN of clone(2)). No descriptor of a
/// connection answers so: those are waited for.
const NO_THREAD: &str = "no thread can be started";

/// What is said where SQLite could write no more, or not make the file that readers share.
const NO_ROOM: &str = "there is no room on its disk";

/// FULL, IOERR_WRITE and IOERR_SHMSIZE of <https://sqlite.org/rescode.html>.
fn lacks_room(error: &dyn sqlx::error::DatabaseError) -> bool {
    let is_sqlite = error.try_downcast_ref::<SqliteError>().is_some();
    is_sqlite && matches!(error.code().as_deref(), Some("13" | "778" | "4874"))
}

/// What a database error says, without the words of the library around it.
pub(crate) fn words(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::PoolTimedOut => "no connection within 10 s".to_owned(),
        sqlx::Error::Io(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            "the connection was closed".to_owned()
        }
        sqlx::Error::Io(error) if error.kind() == std::io::ErrorKind::WouldBlock => NO_THREAD.to_owned(),
        sqlx::Error::Io(error) => error.to_string(),
        sqlx::Error::Database(error) if lacks_room(&**error) => NO_ROOM.to_owned(),
        sqlx::Error::Database(error) => error.message().to_owned(),
        sqlx::Error::Migrate(error) => error.to_string(),
        sqlx::Error::ColumnDecode { index, source } => format!("column {index} cannot be read: {source}"),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_away_busy_or_full_passes_and_what_is_refused_does_not() {
        for code in [
            "08006", "08P01", "40001", "40P01", "53100", "53300", "55P03", "57014", "57P01", "57P03",
            "58030", "25006",
        ] {
            assert!(passes_in_postgres(code), "{code}");
        }
        for code in [
            "", "0A000", "22P02", "23505", "23514", "25P02", "28P01", "3D000", "42501", "42P01", "54000",
            "57P04", "P0001", "XX000", "XX001",
        ] {
            assert!(!passes_in_postgres(code), "{code}");
        }
        // Extended codes have the primary one in their last byte: SQLITE_BUSY_SNAPSHOT,
        // SQLITE_IOERR_FSYNC.
        for code in [5, 517, 6, 262, 10, 1034, 13, 14] {
            assert!(passes_in_sqlite(code), "{code}");
        }
        // SQLITE_ERROR, READONLY, CORRUPT, TOOBIG, MISMATCH, NOTADB; constraints: trigger, unique.
        for code in [1, 8, 11, 18, 19, 20, 26, 1811, 2067] {
            assert!(!passes_in_sqlite(code), "{code}");
        }
    }
}
