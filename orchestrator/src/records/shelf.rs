//! Where records are kept: the same database that remembers runs. Made by the shells
//! from the store's own pools; the store knows nothing of records.

use std::future::Future;
use std::time::Duration;

use sqlx::postgres::PgPool;
use sqlx::sqlite::SqlitePool;

use crate::records::error::RecordsError;

/// The records of one database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Shelf {
    pub(super) pool: Pool,
}

#[derive(Debug, Clone)]
pub(super) enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// A question about few rows.
pub(super) const ANSWER: Duration = Duration::from_secs(30);

/// A statement that changes as many rows as a delivery has.
pub(super) const WORK: Duration = Duration::from_secs(600);

impl From<SqlitePool> for Shelf {
    fn from(pool: SqlitePool) -> Self {
        Self {
            pool: Pool::Sqlite(pool),
        }
    }
}

impl From<PgPool> for Shelf {
    fn from(pool: PgPool) -> Self {
        Self {
            pool: Pool::Postgres(pool),
        }
    }
}

/// No wait is for ever.
pub(super) async fn within<T>(
    limit: Duration,
    answer: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, RecordsError> {
    match tokio::time::timeout(limit, answer).await {
        Ok(result) => Ok(result?),
        Err(_) => Err(sqlx::Error::Io(std::io::Error::new(
            std::io::ErrorKind::TimedOut,
            format!("no answer within {} s", limit.as_secs()),
        ))
        .into()),
    }
}
