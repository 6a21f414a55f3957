//! The embedded database: one SQLite file, on one machine.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection};

use crate::database::error::{DatabaseError, words};
use crate::database::limits::PATIENCE;
use crate::files::{FileUse, LockWait, create_new, name_owner, open_or_create, state_mode};
use crate::input::check_regular;
use crate::model::StateMode;

/// How long a writer waits for its turn. The longest that one holds it is the merge of
/// a delivery; a statement that waits longer than this gives up and is tried again.
const TURN: Duration = Duration::from_secs(25);

pub(crate) fn name(file: &Path) -> String {
    format!("sqlite:{}", file.display())
}

/// How many rows may wait to be read.
const ROWS: usize = 4096;

/// What every connection has.
pub(super) fn options(file: &Path) -> SqliteConnectOptions {
    // SQLite would take a name that begins with `file:` for a URI.
    let file = match file.to_str() {
        Some(name) if name.starts_with("file:") => Path::new(".").join(file),
        _ => file.to_owned(),
    };
    SqliteConnectOptions::new()
        .filename(file)
        .foreign_keys(true)
        .busy_timeout(TURN)
        // Rows come from a thread of their own. With sqlx's 50 at a time a list of a thousand
        // changes threads forty times, and each change waits for its turn on a busy machine.
        .row_buffer_size(ROWS)
        .disable_statement_logging()
}

/// Opens the file. It is made once, here: whoever removes it while it is used finds no empty
/// one in its place.
pub(crate) async fn connect(file: &Path, create: bool) -> Result<SqlitePool, DatabaseError> {
    let failed = |error: sqlx::Error| DatabaseError::Open {
        database: name(file),
        reason: words(&error),
    };
    // A lost power supply may lose the newest rows, never the file: the journal in the run
    // directory has them.
    let options = options(file).synchronous(SqliteSynchronous::Normal);
    check_kind(file)?;
    // The step to WAL of a new file does not wait for others as everything else does. One that
    // has something in it may be another program's: nothing is put beside it.
    let is_new = || std::fs::metadata(file).map_or(true, |found| found.len() == 0);
    let _lock = match create && is_new() {
        true => Some(lock(file).await?),
        false => None,
    };
    if create && !file.exists() {
        make(file)?;
        let making = options.clone().create_if_missing(true);
        let making = making.journal_mode(SqliteJournalMode::Wal);
        let made = making.connect().await.map_err(failed)?;
        made.close().await.map_err(failed)?;
    }
    SqlitePoolOptions::new()
        .max_connections(2)
        .acquire_timeout(PATIENCE)
        .connect_with(options)
        .await
        .map_err(failed)
}

/// SQLite says "disk I/O error" of what is no file, and of a FIFO nothing for ever.
///
/// # Errors
/// Something that is no file is there; which kind is said.
pub(super) fn check_kind(file: &Path) -> Result<(), DatabaseError> {
    match check_regular(file) {
        // Whoever opens it says why.
        Err(error) if error.kind() != io::ErrorKind::InvalidInput => Ok(()),
        checked => checked.map_err(|source| DatabaseError::File {
            path: file.to_owned(),
            source,
        }),
    }
}

/// A file that is not in WAL mode is another program's, or a copy of ours. Once it is known to
/// be for us, and not before, it gets that mode.
pub(crate) async fn ensure_wal(pool: &SqlitePool) -> Result<(), DatabaseError> {
    let (mode,): (String,) = sqlx::query_as("pragma journal_mode").fetch_one(pool).await?;
    if mode == "wal" || mode == "memory" {
        return Ok(());
    }
    let _lock = lock(pool.connect_options().get_filename()).await?;
    sqlx::query("pragma journal_mode = wal").fetch_one(pool).await?;
    Ok(())
}

/// A database in memory, as long as this pool.
pub(crate) async fn in_memory() -> Result<SqlitePool, DatabaseError> {
    let options = SqliteConnectOptions::from_str("sqlite::memory:")?.disable_statement_logging();
    Ok(SqlitePoolOptions::new()
        .min_connections(1)
        .max_connections(2)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(options)
        .await?)
}

/// SQLite has no lock that spans migrations, so that two processes that start at
/// once would both apply them: a lock file has. The kernel releases it if we die.
pub(crate) async fn lock_schema(pool: &SqlitePool) -> Result<Option<File>, DatabaseError> {
    let options = pool.connect_options();
    let file = options.get_filename();
    // What lies in memory is nobody else's.
    if !file.exists() {
        return Ok(None);
    }
    lock(file).await.map(Some)
}

async fn lock(database: &Path) -> Result<File, DatabaseError> {
    let path = beside(database, ".lock");
    // Nobody who only reads needs it: it is not for a group, who could keep us waiting.
    let locking = async {
        let lock = open_or_create(&path, FileUse::ReadAndWrite, StateMode::Private)
            .map_err(|error| name_owner(&[database, &path], error))?;
        let mut wait = LockWait::on(&lock);
        while let Some(pause) = wait.attempt()? {
            tokio::time::sleep(pause).await;
        }
        Ok(lock)
    };
    locking
        .await
        .map_err(|source| DatabaseError::File { path, source })
}

/// Makes the file, since SQLite gives those that it puts beside it (`-wal`, `-shm`) the mode of
/// this one, whatever the umask. One that is there is left alone: to open and close it would
/// let go the locks of other connections of this process (fcntl(2)).
fn make(file: &Path) -> Result<(), DatabaseError> {
    match create_new(file, FileUse::ReadAndWrite, state_mode()) {
        Err(source) if source.kind() != io::ErrorKind::AlreadyExists => Err(DatabaseError::File {
            source: name_owner(&[file], source),
            path: file.to_owned(),
        }),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// A file that belongs to the database's, by its name.
pub(super) fn beside(database: &Path, ending: &str) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(ending);
    path.into()
}
