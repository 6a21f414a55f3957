//! A SQLite file that is only read. Nothing is made beside it, so it may lie on a full disk or
//! a read-only mount, and belong to somebody else.
//!
//! A file in WAL mode cannot be read like that by itself: SQLite makes `-wal` and `-shm`
//! beside it, and leaves them when a reader closes. Where there is no `-wal`, nobody has the
//! file open and all of it is in the one file: it is opened as immutable, without locks. Where
//! there is one, somebody writes (or was killed), and SQLite reads as usual; `-shm` need not be
//! writable for that. What an immutable file may not do is change meanwhile: [`Stamp`] tells.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use sqlx::sqlite::{SqlitePool, SqlitePoolOptions};

use crate::database::address::DatabaseAddress;
use crate::database::error::{DatabaseError, words};
use crate::database::limits::PATIENCE;
use crate::database::sqlite;
use crate::files::name_owner;

/// How a file was when it began to be read without locks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    bytes: u64,
    changed: Option<SystemTime>,
    logged: bool,
}

impl Stamp {
    /// `None` where it is read with locks, or is no file: then nothing needs to be watched.
    pub(crate) fn of(address: &DatabaseAddress) -> Option<Self> {
        let file = address.path().filter(|_| !address.is_in_use())?;
        let stamp = Self::take(file)?;
        (!stamp.logged).then_some(stamp)
    }

    /// Whether what was read since may be of several moments.
    pub(crate) fn is_outdated(&self, address: &DatabaseAddress) -> bool {
        address.path().and_then(Self::take) != Some(*self)
    }

    fn take(file: &Path) -> Option<Self> {
        let metadata = fs::metadata(file).ok()?;
        Some(Self {
            bytes: metadata.len(),
            changed: metadata.modified().ok(),
            logged: is_logged(file),
        })
    }
}

/// Whether somebody writes, or was killed while writing.
fn is_logged(file: &Path) -> bool {
    ["-wal", "-journal"]
        .iter()
        .any(|ending| sqlite::beside(file, ending).exists())
}

/// Connections that read.
pub(crate) async fn pool(file: &Path, in_use: bool) -> Result<SqlitePool, DatabaseError> {
    let failed = |source| DatabaseError::File {
        path: file.to_owned(),
        source: name_owner(&[file], source),
    };
    // The system says more than SQLite does; and a FIFO is not waited for.
    sqlite::check_kind(file)?;
    fs::File::open(file).map_err(failed)?;
    let options = sqlite::options(file)
        .read_only(true)
        .immutable(!in_use && !is_logged(file));
    SqlitePoolOptions::new()
        .max_connections(2)
        .acquire_timeout(PATIENCE)
        .connect_with(options)
        .await
        .map_err(|error| DatabaseError::Open {
            database: sqlite::name(file),
            reason: words(&error),
        })
}
