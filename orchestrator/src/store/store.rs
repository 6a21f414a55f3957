//! Which database remembers: the SQLite file in the state directory, or the
//! PostgreSQL server that `DATABASE_URL` names. Opened by every verb that asks.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::SqlitePool;
use sqlx::{PgPool, migrate::Migrator};

use crate::store::error::StoreError;
use crate::store::{postgres, sqlite};

/// How long to wait for a connection, for SQLite's turn to write, and for a
/// PostgreSQL server that accepts connections and says nothing.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

static SQLITE: Migrator = sqlx::migrate!("../migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("../migrations/postgres");

/// Where runs are remembered. Cheap to clone.
#[derive(Debug, Clone)]
pub enum Store {
    /// A file, for one machine.
    Sqlite(SqlitePool),
    /// A server, for one or many.
    Postgres(PgPool),
}

/// A step of the schema.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct MigrationState {
    /// Its number; they are applied in this order.
    pub version: i64,
    /// What its file is called.
    pub name: String,
    /// Whether the database has it.
    pub applied: bool,
}

impl Store {
    /// Opens the database that `url` names, or the SQLite file in the state
    /// directory, and brings its schema up to date.
    ///
    /// # Errors
    /// Those of [`Store::connect`] and [`Store::migrate`].
    pub async fn open(url: Option<&str>, state_dir: &Path) -> Result<Self, StoreError> {
        let store = Self::connect(url, state_dir).await?;
        store.migrate().await?;
        Ok(store)
    }

    /// Opens it and leaves the schema as it is.
    ///
    /// # Errors
    /// The URL is none of ours, or the database cannot be opened.
    pub async fn connect(url: Option<&str>, state_dir: &Path) -> Result<Self, StoreError> {
        match url.map(|url| (url, url.split_once(':').unwrap_or_default())) {
            None => sqlite::connect(&state_dir.join("orchestrate.db")).await,
            Some((_, ("sqlite", path))) => {
                sqlite::connect(&PathBuf::from(path.strip_prefix("//").unwrap_or(path))).await
            }
            Some((url, ("postgres" | "postgresql", _))) => postgres::connect(url).await,
            Some((_, ("", _))) => Err(StoreError::Unsupported("URL without a scheme".to_owned())),
            Some((_, (scheme, _))) => Err(StoreError::Unsupported(format!("{scheme}:…"))),
        }
    }

    /// Applies what the schema lacks. Of several processes that start at once, one
    /// does it and the others wait.
    ///
    /// # Errors
    /// The database fails, or was made by a newer version.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        let done = match self {
            Self::Sqlite(pool) => {
                let _lock = sqlite::lock_schema(pool).await?;
                SQLITE.run(pool).await
            }
            Self::Postgres(pool) => POSTGRES.run(pool).await,
        };
        done.map_err(|error| StoreError::Open {
            database: self.name(),
            reason: match error {
                sqlx::migrate::MigrateError::VersionMissing(version) => format!(
                    "it has migration {version}, which this version of orchestrate does not know; use a newer one"
                ),
                other => other.to_string(),
            },
        })
    }

    /// Every step of the schema, and whether the database has it.
    ///
    /// # Errors
    /// The database fails.
    pub async fn migrations(&self) -> Result<Vec<MigrationState>, StoreError> {
        let there: Vec<(bool,)> = match self {
            Self::Sqlite(_) => {
                self.fetch(
                    "select exists (select 1 from sqlite_master where name = '_sqlx_migrations')",
                    &[],
                )
                .await?
            }
            Self::Postgres(_) => {
                self.fetch("select to_regclass('_sqlx_migrations') is not null", &[])
                    .await?
            }
        };
        let applied: Vec<(i64,)> = match there.first() {
            Some((true,)) => {
                self.fetch("select version from _sqlx_migrations where success", &[])
                    .await?
            }
            _ => Vec::new(),
        };
        Ok(self
            .migrator()
            .iter()
            .map(|step| MigrationState {
                version: step.version,
                name: step.description.to_string(),
                applied: applied.contains(&(step.version,)),
            })
            .collect())
    }

    /// Which database it is, without its password.
    pub fn name(&self) -> String {
        match self {
            Self::Sqlite(pool) => sqlite::name(&pool.connect_options()),
            Self::Postgres(pool) => postgres::name(&pool.connect_options()),
        }
    }

    /// Waits until everything is written and lets the database go; one that does not
    /// answer is not waited for.
    pub async fn close(self) {
        let closing = async {
            match &self {
                Self::Sqlite(pool) => pool.close().await,
                Self::Postgres(pool) => pool.close().await,
            }
        };
        if tokio::time::timeout(PATIENCE, closing).await.is_err() {
            tracing::warn!("{} did not close its connections", self.name());
        }
    }

    fn migrator(&self) -> &'static Migrator {
        match self {
            Self::Sqlite(_) => &SQLITE,
            Self::Postgres(_) => &POSTGRES,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn another_database_is_refused_and_no_password_is_shown() {
        for (url, expected) in [
            (
                "mysql://me:s3cret@host/db",
                "database mysql:…: only sqlite: and postgres:// URLs are supported",
            ),
            (
                "s3cret",
                "database URL without a scheme: only sqlite: and postgres:// URLs are supported",
            ),
            (
                "postgres://me:s3cret@host:port/db",
                "database: the postgres:// URL cannot be read: invalid port number",
            ),
            (
                "postgres://me:s3cret@127.0.0.1:1/db?password=s3cret",
                "database postgres://me@127.0.0.1:1/db: Connection refused (os error 111)",
            ),
        ] {
            let error = Store::connect(Some(url), Path::new(".")).await.unwrap_err();
            assert_eq!(error.to_string(), expected);
            assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
        }
    }
}
