//! The embedded database: one SQLite file in the state directory.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

/// Where runs are remembered.
#[derive(Clone)]
pub struct Store {
    pub(super) pool: SqlitePool,
}

/// Why the store cannot be used. Every message names the database.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The URL names a database that this build cannot use.
    #[error("database {url}: only sqlite: URLs are supported so far")]
    Unsupported {
        /// The URL, without its password.
        url: String,
    },
    /// It cannot be opened or migrated.
    #[error("database {url}: {source}")]
    Open {
        /// The URL, without its password.
        url: String,
        /// The database's own word.
        source: sqlx::Error,
    },
    /// A statement failed.
    #[error("database: {0}")]
    Statement(#[from] sqlx::Error),
    /// A row does not say what it should.
    #[error("database: run {run} has a row that cannot be read: {reason}")]
    Row {
        /// Which run.
        run: String,
        /// What is wrong.
        reason: String,
    },
}

impl Store {
    /// Opens the database that `url` names, or the SQLite file in the state
    /// directory, and migrates it.
    ///
    /// # Errors
    /// The URL is none of ours, or the database cannot be opened or migrated.
    pub async fn open(url: Option<&str>, state_dir: &Path) -> Result<Self, StoreError> {
        let file = match url {
            None => state_dir.join("orchestrate.db"),
            Some(url) => match url.strip_prefix("sqlite:") {
                Some(path) => PathBuf::from(path.strip_prefix("//").unwrap_or(path)),
                None => {
                    return Err(StoreError::Unsupported {
                        url: without_password(url),
                    });
                }
            },
        };
        let shown = format!("sqlite:{}", file.display());
        let failed = |source| StoreError::Open {
            url: shown.clone(),
            source,
        };
        let options = SqliteConnectOptions::from_str("sqlite:")
            .map_err(failed)?
            .filename(&file)
            .create_if_missing(true)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            // A lost power supply may lose the newest rows, never the file: the
            // journal in the run directory has them.
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(Duration::from_secs(10));
        let pool = SqlitePoolOptions::new()
            .max_connections(2)
            .acquire_timeout(Duration::from_secs(10))
            .connect_with(options)
            .await
            .map_err(failed)?;
        migrate(&pool, &file).await.map_err(failed)?;
        Ok(Self { pool })
    }

    /// Waits until everything is written and lets the file go.
    pub async fn close(self) {
        self.pool.close().await;
    }
}

/// Brings the schema up to date. SQLite has no lock that spans migrations, so that
/// two processes that start at once would both apply them: a lock file has.
async fn migrate(pool: &SqlitePool, file: &Path) -> Result<(), sqlx::Error> {
    let mut path = file.as_os_str().to_owned();
    path.push(".lock");
    let lock = tokio::task::spawn_blocking(move || {
        let lock = std::fs::File::create(path)?;
        lock.lock()?;
        Ok::<_, std::io::Error>(lock)
    });
    // Held until the end of this function; the kernel releases it if we die.
    let _lock = lock.await.map_err(|error| sqlx::Error::Io(error.into()))??;
    Ok(sqlx::migrate!("../migrations/sqlite").run(pool).await?)
}

/// `postgres://user:secret@host/db` without the secret.
fn without_password(url: &str) -> String {
    match url
        .split_once("://")
        .and_then(|(scheme, rest)| Some((scheme, rest.rsplit_once('@')?)))
    {
        Some((scheme, (login, host))) => {
            let user = login.split(':').next().unwrap_or_default();
            format!("{scheme}://{user}@{host}")
        }
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_not_shown() {
        assert_eq!(
            without_password("postgres://me:s3c@ret@host/db"),
            "postgres://me@host/db"
        );
        assert_eq!(without_password("mysql:whatever"), "mysql:whatever");
    }

    #[tokio::test]
    async fn another_database_is_refused_with_its_name() {
        let error = Store::open(Some("mysql://me:secret@host/db"), Path::new("."))
            .await
            .err()
            .unwrap();
        assert_eq!(
            error.to_string(),
            "database mysql://me@host/db: only sqlite: URLs are supported so far"
        );
    }
}
