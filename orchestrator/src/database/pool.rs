//! Which database it is: a SQLite file, or the PostgreSQL server that a URL names.

use std::path::PathBuf;

use sqlx::sqlite::SqlitePool;

use crate::database::address::{DatabaseAddress, FileAccess};
use crate::database::error::DatabaseError;
use crate::database::limits::PATIENCE;
use crate::database::postgres::pool::PostgresPool;
use crate::database::postgres::server;
use crate::database::{look, sqlite};

/// A database and the connections to it. Cheap to clone.
#[derive(Debug, Clone)]
pub enum Database {
    /// A file, for one machine.
    Sqlite(SqlitePool),
    /// A server, for one or many.
    Postgres(PostgresPool),
}

impl Database {
    /// Opens a database, and leaves its schema as it is. A file is made if it is not there
    /// and may be made.
    ///
    /// # Errors
    /// It cannot be opened.
    pub async fn connect(address: &DatabaseAddress) -> Result<Self, DatabaseError> {
        match address {
            DatabaseAddress::Sqlite { file, access } => Ok(Self::Sqlite(match access {
                FileAccess::Create => sqlite::connect(file, true).await?,
                FileAccess::Write | FileAccess::InUse => sqlite::connect(file, false).await?,
                FileAccess::Read => look::pool(file, false).await?,
            })),
            DatabaseAddress::Postgres { options, schema } => {
                Ok(Self::Postgres(server::connect(options, schema).await?))
            }
        }
    }

    /// Opens it to look only; `None` where there is no file. A server is asked as ever.
    ///
    /// # Errors
    /// It cannot be opened.
    pub(crate) async fn look(address: &DatabaseAddress) -> Result<Option<Self>, DatabaseError> {
        let Some(file) = address.path() else {
            return Self::connect(address).await.map(Some);
        };
        match std::fs::metadata(file) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            _ => {
                let pool = look::pool(file, address.is_in_use()).await?;
                Ok(Some(Self::Sqlite(pool)))
            }
        }
    }

    /// A database without a row, which nobody else sees and which goes with its last
    /// connection: whoever looks where there is none is answered by it.
    pub(crate) async fn empty() -> Result<Self, DatabaseError> {
        Ok(Self::Sqlite(sqlite::in_memory().await?))
    }

    /// Which database it is, without its password.
    pub fn name(&self) -> String {
        match self {
            Self::Sqlite(pool) => sqlite::name(pool.connect_options().get_filename()),
            Self::Postgres(pool) => server::name(pool.options()),
        }
    }

    /// The file, if it is one.
    pub(crate) fn file(&self) -> Option<PathBuf> {
        match self {
            Self::Sqlite(pool) => Some(pool.connect_options().get_filename().to_owned()),
            Self::Postgres(_) => None,
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
    use crate::model::SchemaName;

    #[tokio::test]
    async fn what_is_not_there_is_named_without_its_password() {
        let url = "postgres://me:s3cret@127.0.0.1:1/db?password=s3cret";
        let address = DatabaseAddress::parse(url, SchemaName::default()).unwrap();
        let error = Database::connect(&address).await.unwrap_err();
        let expected = "database postgres://me@127.0.0.1:1/db: Connection refused (os error 111)";
        assert_eq!(error.to_string(), expected);
        assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
    }
}
