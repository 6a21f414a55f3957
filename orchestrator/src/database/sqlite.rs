//! The embedded database: one SQLite file, on one machine.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

use crate::database::error::{DatabaseError, words};
use crate::database::limits::PATIENCE;
use crate::files::{FileUse, LockWait, create_new, name_owner, open_or_create, state_mode};
use crate::model::StateMode;

/// How long a writer waits for its turn. The longest that one holds it is the merge of
/// a delivery; a statement that waits longer than this gives up and is tried again.
const TURN: Duration = Duration::from_secs(25);

pub(crate) fn name(options: &SqliteConnectOptions) -> String {
    format!("sqlite:{}", options.get_filename().display())
}

/// How many rows may wait to be read.
const ROWS: usize = 4096;

/// Opens the file, which is made if it is not there.
pub(crate) async fn connect(file: &Path) -> Result<SqlitePool, DatabaseError> {
    let options = SqliteConnectOptions::from_str("sqlite:")?
        .filename(file)
        .create_if_missing(true)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        // A lost power supply may lose the newest rows, never the file: the
        // journal in the run directory has them.
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(TURN)
        // Rows come from a thread of their own. With sqlx's 50 at a time a list of a thousand
        // changes threads forty times, and each change waits for its turn on a busy machine.
        .row_buffer_size(ROWS)
        .disable_statement_logging();
    let database = name(&options);
    // The step to WAL of a new file does not wait for others as everything else does.
    let _lock = lock(file).await?;
    make(file)?;
    SqlitePoolOptions::new()
        .max_connections(2)
        .acquire_timeout(PATIENCE)
        .connect_with(options)
        .await
        .map_err(|error| DatabaseError::Open {
            database,
            reason: words(&error),
        })
}

/// SQLite has no lock that spans migrations, so that two processes that start at
/// once would both apply them: a lock file has. The kernel releases it if we die.
pub(crate) async fn lock_schema(pool: &SqlitePool) -> Result<File, DatabaseError> {
    lock(pool.connect_options().get_filename()).await
}

async fn lock(database: &Path) -> Result<File, DatabaseError> {
    let mut path = database.as_os_str().to_owned();
    path.push(".lock");
    let path = PathBuf::from(path);
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
