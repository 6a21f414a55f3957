//! Which database it is: a SQLite file, or the PostgreSQL server that a URL names.

use std::path::PathBuf;

use sqlx::Sqlite;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::SqlitePool;

use crate::database::address::{DatabaseAddress, FileAccess};
use crate::database::error::DatabaseError;
use crate::database::file_identity::FileIdentity;
use crate::database::limits::PATIENCE;
use crate::database::postgres::pool::PostgresPool;
use crate::database::postgres::server;
use crate::database::{look, sqlite};

/// A database and the connections to it. Cheap to clone.
#[derive(Debug, Clone)]
pub enum Database {
    /// A file, for one machine.
    Sqlite(SqliteFile),
    /// A server, for one or many.
    Postgres(PostgresPool),
}

/// Connections to a file, or to a database in memory.
#[derive(Debug, Clone)]
pub struct SqliteFile {
    pub(super) pool: SqlitePool,
    /// `None` where it is only looked at, or in memory.
    opened: Option<FileIdentity>,
}

impl SqliteFile {
    /// A connection to the file that was opened first. Connections are made when they are
    /// needed, and by name: so the question comes after that, too.
    pub(super) async fn acquire(&self) -> Result<PoolConnection<Sqlite>, DatabaseError> {
        // Without the file there is no new connection, which would say less.
        self.check()?;
        let mut connection = self.pool.acquire().await?;
        self.check().inspect_err(|_| {
            // It may lead to the other file: whoever comes next, when ours is back, is not to get it.
            connection.close_on_drop();
        })?;
        Ok(connection)
    }

    /// The connections, for who watches over the file by himself.
    pub fn pool(&self) -> &SqlitePool {
        &self.pool
    }

    fn check(&self) -> Result<(), DatabaseError> {
        self.opened.as_ref().map_or(Ok(()), FileIdentity::check)
    }
}

impl From<SqlitePool> for SqliteFile {
    fn from(pool: SqlitePool) -> Self {
        Self { pool, opened: None }
    }
}

impl Database {
    /// Opens a database, and leaves its schema as it is. A file is made if it is not there
    /// and may be made.
    ///
    /// # Errors
    /// It cannot be opened.
    pub async fn connect(address: &DatabaseAddress) -> Result<Self, DatabaseError> {
        match address {
            DatabaseAddress::Sqlite { file, access } => {
                let pool = match access {
                    FileAccess::Create => sqlite::connect(file, true).await?,
                    FileAccess::Write | FileAccess::InUse => sqlite::connect(file, false).await?,
                    FileAccess::Read => return Ok(Self::Sqlite(look::pool(file, false).await?.into())),
                };
                let opened = FileIdentity::of(file).map_err(|source| DatabaseError::File {
                    path: file.clone(),
                    source,
                })?;
                let opened = Some(opened);
                Ok(Self::Sqlite(SqliteFile { pool, opened }))
            }
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
                Ok(Some(Self::Sqlite(pool.into())))
            }
        }
    }

    /// A database without a row, which nobody else sees and which goes with its last
    /// connection: whoever looks where there is none is answered by it.
    pub(crate) async fn empty() -> Result<Self, DatabaseError> {
        Ok(Self::Sqlite(sqlite::in_memory().await?.into()))
    }

    /// Which database it is, without its password.
    pub fn name(&self) -> String {
        match self {
            Self::Sqlite(file) => sqlite::name(file.pool.connect_options().get_filename()),
            Self::Postgres(pool) => server::name(pool.options()),
        }
    }

    /// The file, if it is one.
    pub(crate) fn file(&self) -> Option<PathBuf> {
        match self {
            Self::Sqlite(file) => Some(file.pool.connect_options().get_filename().to_owned()),
            Self::Postgres(_) => None,
        }
    }

    /// Whether it is still the one that was opened; a server always is.
    ///
    /// # Errors
    /// [`DatabaseError::Displaced`] if the file was removed or replaced.
    pub(crate) fn check_in_place(&self) -> Result<(), DatabaseError> {
        match self {
            Self::Sqlite(file) => file.check(),
            Self::Postgres(_) => Ok(()),
        }
    }

    /// Waits until everything is written and lets the database go; one that does not
    /// answer is not waited for.
    pub async fn close(&self) {
        let closing = async {
            match self {
                Self::Sqlite(file) => file.pool.close().await,
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
