//! The embedded database: one SQLite file, on one machine.

use std::fs::File;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

use crate::database::error::{DatabaseError, words};
use crate::database::limits::PATIENCE;

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
    let shown = path.clone().into();
    let locking = tokio::task::spawn_blocking(move || {
        let lock = File::create(path)?;
        lock.lock()?;
        Ok(lock)
    });
    let locked = locking.await.unwrap_or_else(|error| Err(error.into()));
    locked.map_err(|source| DatabaseError::File { path: shown, source })
}
