//! Which database it is: a SQLite file, or the PostgreSQL server that a URL names.

use std::path::{Path, PathBuf};

use sqlx::sqlite::SqlitePool;

use crate::database::error::DatabaseError;
use crate::database::limits::PATIENCE;
use crate::database::postgres_pool::PostgresPool;
use crate::database::{postgres, sqlite};

/// A database and the connections to it. Cheap to clone.
#[derive(Debug, Clone)]
pub enum Database {
    /// A file, for one machine.
    Sqlite(SqlitePool),
    /// A server, for one or many.
    Postgres(PostgresPool),
}

impl Database {
    /// Opens the database that `url` names, or the SQLite file `file`, and leaves its
    /// schema as it is.
    ///
    /// # Errors
    /// The URL is none of ours, or the database cannot be opened.
    pub async fn connect(url: Option<&str>, file: &Path) -> Result<Self, DatabaseError> {
        match url.map(|url| (url, url.split_once(':').unwrap_or_default())) {
            None => Ok(Self::Sqlite(sqlite::connect(file).await?)),
            Some((_, ("sqlite", path))) => {
                let file = PathBuf::from(path.strip_prefix("//").unwrap_or(path));
                Ok(Self::Sqlite(sqlite::connect(&file).await?))
            }
            Some((url, ("postgres" | "postgresql", _))) => Ok(Self::Postgres(postgres::connect(url).await?)),
            Some((_, ("", _))) => Err(DatabaseError::Unsupported("URL without a scheme".to_owned())),
            Some((_, (scheme, _))) => Err(DatabaseError::Unsupported(format!("{scheme}:…"))),
        }
    }

    /// Which database it is, without its password.
    pub fn name(&self) -> String {
        match self {
            Self::Sqlite(pool) => sqlite::name(&pool.connect_options()),
            Self::Postgres(pool) => postgres::name(pool.options()),
        }
    }

    /// Waits until everything is written and lets the database go; one that does not
    /// answer is not waited for.
    pub async fn close(&self) {
        let closing = async {
            match self {
                Self::Sqlite(pool) => pool.close().await,
                Self::Postgres(pool) => pool.close().await,
            }
        };
        if tokio::time::timeout(PATIENCE, closing).await.is_err() {
            tracing::warn!("{} did not close its connections", self.name());
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
            let error = Database::connect(Some(url), Path::new("db")).await.unwrap_err();
            assert_eq!(error.to_string(), expected);
            assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
        }
    }
}
