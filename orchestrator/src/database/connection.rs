//! Statements on either database. Both understand `$1`, `on conflict` and
//! `returning`, so most text is shared; where it cannot be, the caller gives both.
//! Nothing waits for ever: a database that does not answer is an error.

use std::future::Future;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgCopyIn, PgRow};
use sqlx::sqlite::SqliteRow;
use sqlx::types::Json;
use sqlx::{FromRow, PgConnection, SqlSafeStr, SqlStr, Sqlite, SqliteConnection};
use tokio_stream::StreamExt;

use crate::database::arg::Arg;
use crate::database::error::DatabaseError;
use crate::database::limits::ANSWER;
use crate::database::pool::Database;
use crate::database::postgres::pool::PostgresConnection;

/// A row that can be read from either database.
pub(crate) trait EitherRow:
    for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin + 'static
{
}
impl<T> EitherRow for T where
    T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin + 'static
{
}

macro_rules! bind_all {
    ($query:expr, $args:expr) => {{
        let mut query = $query;
        for arg in $args {
            query = match arg {
                Arg::Int(value) => query.bind(*value),
                Arg::Text(value) => query.bind(value.as_deref()),
                Arg::Bool(value) => query.bind(*value),
                Arg::List(value) => query.bind(Json(value)),
                Arg::Bytes(value) => query.bind(value.as_slice()),
            };
        }
        query
    }};
}

/// A connection that nobody else uses.
#[derive(Debug)]
pub(crate) struct Connection {
    to: To,
    patience: Duration,
}

#[derive(Debug)]
enum To {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PostgresConnection),
}

impl Database {
    /// A connection with tables of its own, which is closed in the end: nobody else shall
    /// find them, or whatever state a failure leaves it in.
    pub(crate) async fn connection(&self) -> Result<Connection, DatabaseError> {
        let mut connection = self.acquire().await?;
        connection.close_when_dropped();
        Ok(connection)
    }

    /// A connection that others have when it is dropped.
    pub(super) async fn acquire(&self) -> Result<Connection, DatabaseError> {
        let to = match self {
            Self::Sqlite(file) => To::Sqlite(file.acquire().await?),
            Self::Postgres(pool) => To::Postgres(pool.acquire().await?),
        };
        Ok(Connection { to, patience: ANSWER })
    }

    /// The text for this database, where one text cannot serve both.
    pub(crate) fn text(&self, sqlite: &'static str, postgres: &'static str) -> &'static str {
        match self {
            Self::Sqlite(_) => sqlite,
            Self::Postgres(_) => postgres,
        }
    }

    /// Rows, outside a transaction.
    pub(crate) async fn fetch<T: EitherRow>(
        &self,
        sql: impl SqlSafeStr,
        args: &[Arg],
    ) -> Result<Vec<T>, DatabaseError> {
        self.fetch_within(ANSWER, sql, args).await
    }

    /// Rows, for as long as somebody has patience.
    pub(crate) async fn fetch_within<T: EitherRow>(
        &self,
        patience: Duration,
        sql: impl SqlSafeStr,
        args: &[Arg],
    ) -> Result<Vec<T>, DatabaseError> {
        let sql = noted(sql);
        match self {
            Self::Sqlite(file) => {
                within(patience, async {
                    let mut connection = file.acquire().await?;
                    let rows = bind_all!(sqlx::query_as(sql), args).fetch_all(&mut *connection);
                    Ok::<_, DatabaseError>(rows.await?)
                })
                .await
            }
            Self::Postgres(pool) => {
                within(patience, async {
                    let mut connection = pool.acquire().await?;
                    let rows = if args.is_empty() {
                        // One way to the server and back instead of two.
                        let rows = sqlx::raw_sql(sql).fetch_all(&mut *connection).await?;
                        rows.iter().map(T::from_row).collect::<Result<_, _>>()?
                    } else {
                        bind_all!(sqlx::query_as(sql), args)
                            .fetch_all(&mut *connection)
                            .await?
                    };
                    connection.allow_reuse();
                    Ok::<_, sqlx::Error>(rows)
                })
                .await
            }
        }
    }
}

impl Connection {
    /// Whether it leads to a server, which has functions that SQLite has not.
    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self.to, To::Postgres(_))
    }

    /// From now on a statement may take so long.
    pub(crate) fn allow(&mut self, patience: Duration) {
        self.patience = patience;
    }

    /// SQLite's own connection, for the library's migrator.
    pub(super) fn sqlite(&mut self) -> Option<&mut SqliteConnection> {
        match &mut self.to {
            To::Sqlite(connection) => Some(connection),
            To::Postgres(_) => None,
        }
    }

    /// PostgreSQL's own connection, for the library's migrator.
    pub(super) fn postgres(&mut self) -> Option<&mut PgConnection> {
        match &mut self.to {
            To::Sqlite(_) => None,
            To::Postgres(connection) => Some(connection),
        }
    }

    pub(super) fn close_when_dropped(&mut self) {
        match &mut self.to {
            To::Sqlite(connection) => connection.close_on_drop(),
            To::Postgres(connection) => connection.forbid_reuse(),
        }
    }

    /// It is in no transaction any more, and others may have it.
    pub(super) fn allow_reuse(&mut self) {
        if let To::Postgres(connection) = &mut self.to {
            connection.allow_reuse();
        }
    }

    /// The text for this database, where one text cannot serve both.
    pub(crate) fn text(&self, sqlite: &'static str, postgres: &'static str) -> &'static str {
        match &self.to {
            To::Sqlite(_) => sqlite,
            To::Postgres(_) => postgres,
        }
    }

    /// How many rows it changed.
    pub(crate) async fn execute(&mut self, sql: impl SqlSafeStr, args: &[Arg]) -> Result<u64, DatabaseError> {
        let (sql, patience) = (noted(sql), self.patience);
        Ok(match &mut self.to {
            To::Sqlite(connection) => within(
                patience,
                bind_all!(sqlx::query(sql), args).execute(&mut **connection),
            )
            .await?
            .rows_affected(),
            To::Postgres(connection) => within(
                patience,
                bind_all!(sqlx::query(sql), args).execute(&mut **connection),
            )
            .await?
            .rows_affected(),
        })
    }

    pub(crate) async fn fetch<T: EitherRow>(
        &mut self,
        sql: impl SqlSafeStr,
        args: &[Arg],
    ) -> Result<Vec<T>, DatabaseError> {
        let (sql, patience) = (noted(sql), self.patience);
        match &mut self.to {
            To::Sqlite(connection) => {
                within(
                    patience,
                    bind_all!(sqlx::query_as(sql), args).fetch_all(&mut **connection),
                )
                .await
            }
            To::Postgres(connection) => {
                within(
                    patience,
                    bind_all!(sqlx::query_as(sql), args).fetch_all(&mut **connection),
                )
                .await
            }
        }
    }

    /// Gives rows to `each` one by one as they come, whatever their size.
    pub(crate) async fn fetch_each<T: EitherRow, E: From<DatabaseError>>(
        &mut self,
        sql: impl SqlSafeStr,
        args: &[Arg],
        mut each: impl FnMut(T) -> Result<(), E>,
    ) -> Result<(), E> {
        let (sql, patience) = (noted(sql), self.patience);
        macro_rules! go {
            ($connection:expr) => {{
                let mut rows = bind_all!(sqlx::query_as(sql), args).fetch(&mut **$connection);
                while let Some(row) = within(patience, async { rows.next().await.transpose() }).await? {
                    each(row)?;
                }
            }};
        }
        match &mut self.to {
            To::Sqlite(connection) => go!(connection),
            To::Postgres(connection) => go!(connection),
        }
        Ok(())
    }

    /// Statements without values, one or several.
    pub(crate) async fn run(&mut self, sql: &'static str) -> Result<(), DatabaseError> {
        let patience = self.patience;
        match &mut self.to {
            To::Sqlite(connection) => within(patience, sqlx::raw_sql(sql).execute(&mut **connection))
                .await
                .map(drop),
            To::Postgres(connection) => within(patience, sqlx::raw_sql(sql).execute(&mut **connection))
                .await
                .map(drop),
        }
    }

    /// PostgreSQL's COPY from here; SQLite has none, and says so.
    pub(crate) async fn copy(&mut self, sql: &'static str) -> Result<Copy<'_>, DatabaseError> {
        let patience = self.patience;
        match &mut self.to {
            To::Sqlite(_) => Err(sqlx::Error::Protocol("SQLite has no COPY".to_owned()).into()),
            To::Postgres(connection) => Ok(Copy {
                into: within(patience, connection.copy_in_raw(sql)).await?,
                patience,
            }),
        }
    }

    /// Closes it now, and with it goes the memory of its temporary tables.
    pub(crate) async fn close(self) -> Result<(), DatabaseError> {
        match self.to {
            To::Sqlite(connection) => within(ANSWER, connection.close()).await,
            To::Postgres(connection) => within(ANSWER, connection.close()).await,
        }
    }
}

/// Rows on their way into a table of PostgreSQL.
pub(crate) struct Copy<'c> {
    into: PgCopyIn<&'c mut PgConnection>,
    patience: Duration,
}

impl Copy<'_> {
    pub(crate) async fn send(&mut self, rows: Vec<u8>) -> Result<(), DatabaseError> {
        within(self.patience, self.into.send(rows)).await.map(drop)
    }

    pub(crate) async fn finish(self) -> Result<(), DatabaseError> {
        within(self.patience, self.into.finish()).await.map(drop)
    }
}

fn noted(sql: impl SqlSafeStr) -> SqlStr {
    let sql = sql.into_sql_str();
    #[cfg(test)]
    crate::database::statements::note(sql.as_str());
    sql
}

async fn within<T, E: Into<DatabaseError>>(
    patience: Duration,
    answer: impl Future<Output = Result<T, E>>,
) -> Result<T, DatabaseError> {
    match tokio::time::timeout(patience, answer).await {
        Ok(result) => result.map_err(Into::into),
        Err(_) => Err(DatabaseError::no_answer(format!(
            "no answer within {} s",
            patience.as_secs()
        ))),
    }
}
