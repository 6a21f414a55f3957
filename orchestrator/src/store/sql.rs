//! Statements on either database. Both understand `$1`, `on conflict` and
//! `returning`, so most text is shared; where it cannot be, the caller gives both.
//! Nothing waits for ever: a database that does not answer is an error.

use std::fmt::Display;
use std::future::Future;
use std::time::Duration;

use jiff::Timestamp;
use sqlx::pool::PoolConnection;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::types::Json;
use sqlx::{FromRow, Postgres, SqlSafeStr, SqlStr, Sqlite};

use crate::model::RunId;
use crate::store::error::StoreError;
use crate::store::store::Store;

/// No statement of ours takes as long on a database that is well.
const ANSWER: Duration = Duration::from_secs(30);

/// A value for a statement, or within a JSON array that is one.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(untagged)]
pub(crate) enum Arg {
    Int(Option<i64>),
    Text(Option<String>),
    Bool(bool),
    List(Vec<String>),
}

/// `&args![run, position, at]`
macro_rules! args {
    ($($value:expr),* $(,)?) => { [$($crate::store::sql::Arg::from($value)),*] };
}
pub(crate) use args;

/// A row that can be read from either database.
pub(crate) trait Row:
    for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin + 'static
{
}
impl<T> Row for T where T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin + 'static
{}

macro_rules! bound {
    ($query:expr, $args:expr) => {{
        let mut query = $query;
        for arg in $args {
            query = match arg {
                Arg::Int(value) => query.bind(*value),
                Arg::Text(value) => query.bind(value.clone()),
                Arg::Bool(value) => query.bind(*value),
                Arg::List(value) => query.bind(Json(value.clone())),
            };
        }
        query
    }};
}

/// A transaction. One that is dropped without a commit never happened, and its
/// connection is not used again: it may be in the middle of anything.
pub(crate) struct Sql {
    connection: Connection,
    committed: bool,
}

enum Connection {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
}

impl Store {
    /// A transaction that writes. SQLite has one at a time; it waits for its turn
    /// here, and never fails in the middle because another one was faster.
    pub(crate) async fn begin(&self) -> Result<Sql, StoreError> {
        self.start("begin immediate", "begin").await
    }

    /// A transaction that reads: everything in it is from one moment.
    pub(crate) async fn snapshot(&self) -> Result<Sql, StoreError> {
        self.start("begin", "begin isolation level repeatable read read only")
            .await
    }

    async fn start(&self, sqlite: &'static str, postgres: &'static str) -> Result<Sql, StoreError> {
        let connection = match self {
            Self::Sqlite(pool) => Connection::Sqlite(pool.acquire().await?),
            Self::Postgres(pool) => Connection::Postgres(pool.acquire().await?),
        };
        let mut sql = Sql {
            connection,
            committed: false,
        };
        sql.raw(self.text(sqlite, postgres)).await?;
        Ok(sql)
    }

    /// The text for this database, where one text cannot serve both.
    pub(crate) fn text(&self, sqlite: &'static str, postgres: &'static str) -> &'static str {
        match self {
            Self::Sqlite(_) => sqlite,
            Self::Postgres(_) => postgres,
        }
    }

    /// Rows, outside a transaction.
    pub(crate) async fn fetch<T: Row>(
        &self,
        sql: impl SqlSafeStr,
        args: &[Arg],
    ) -> Result<Vec<T>, StoreError> {
        let sql = noted(sql);
        match self {
            Self::Sqlite(pool) => within(bound!(sqlx::query_as(sql), args).fetch_all(pool)).await,
            Self::Postgres(pool) => within(bound!(sqlx::query_as(sql), args).fetch_all(pool)).await,
        }
    }
}

impl Sql {
    /// The text for this database, where one text cannot serve both.
    pub(crate) fn text(&self, sqlite: &'static str, postgres: &'static str) -> &'static str {
        match &self.connection {
            Connection::Sqlite(_) => sqlite,
            Connection::Postgres(_) => postgres,
        }
    }

    /// How many rows it changed.
    pub(crate) async fn execute(&mut self, sql: impl SqlSafeStr, args: &[Arg]) -> Result<u64, StoreError> {
        let sql = noted(sql);
        Ok(match &mut self.connection {
            Connection::Sqlite(connection) => {
                within(bound!(sqlx::query(sql), args).execute(&mut **connection))
                    .await?
                    .rows_affected()
            }
            Connection::Postgres(connection) => {
                within(bound!(sqlx::query(sql), args).execute(&mut **connection))
                    .await?
                    .rows_affected()
            }
        })
    }

    /// Changes exactly one row. Any other number means that the row was not in the
    /// state from which `change` leads on.
    pub(crate) async fn change_one(
        &mut self,
        change: impl Display,
        sql: impl SqlSafeStr,
        args: &[Arg],
    ) -> Result<(), StoreError> {
        match self.execute(sql, args).await? {
            1 => Ok(()),
            rows => Err(StoreError::Refused(format!("{change} would change {rows} rows"))),
        }
    }

    /// Rows.
    pub(crate) async fn fetch<T: Row>(
        &mut self,
        sql: impl SqlSafeStr,
        args: &[Arg],
    ) -> Result<Vec<T>, StoreError> {
        let sql = noted(sql);
        match &mut self.connection {
            Connection::Sqlite(connection) => {
                within(bound!(sqlx::query_as(sql), args).fetch_all(&mut **connection)).await
            }
            Connection::Postgres(connection) => {
                within(bound!(sqlx::query_as(sql), args).fetch_all(&mut **connection)).await
            }
        }
    }

    /// Makes it so.
    pub(crate) async fn commit(mut self) -> Result<(), StoreError> {
        self.raw("commit").await?;
        self.committed = true;
        Ok(())
    }

    async fn raw(&mut self, sql: &'static str) -> Result<(), StoreError> {
        match &mut self.connection {
            Connection::Sqlite(connection) => within(sqlx::raw_sql(sql).execute(&mut **connection))
                .await
                .map(drop),
            Connection::Postgres(connection) => within(sqlx::raw_sql(sql).execute(&mut **connection))
                .await
                .map(drop),
        }
    }
}

impl Drop for Sql {
    fn drop(&mut self) {
        if !self.committed {
            match &mut self.connection {
                Connection::Sqlite(connection) => connection.close_on_drop(),
                Connection::Postgres(connection) => connection.close_on_drop(),
            }
        }
    }
}

/// In tests every statement is noted, so that one can look at what it would do.
#[cfg(test)]
fn noted(sql: impl SqlSafeStr) -> SqlStr {
    let sql = sql.into_sql_str();
    crate::store::plans::note(sql.as_str());
    sql
}

#[cfg(not(test))]
fn noted(sql: impl SqlSafeStr) -> SqlStr {
    sql.into_sql_str()
}

async fn within<T>(answer: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, StoreError> {
    match tokio::time::timeout(ANSWER, answer).await {
        Ok(result) => Ok(result?),
        Err(_) => Err(sqlx::Error::Io(std::io::Error::new(
            std::io::ErrorKind::TimedOut,
            format!("no answer within {} s", ANSWER.as_secs()),
        ))
        .into()),
    }
}

/// PostgreSQL's text cannot hold NUL, which a collector may well write.
fn without_nul(text: &str) -> String {
    text.replace('\0', "\u{2400}")
}

impl From<i64> for Arg {
    fn from(value: i64) -> Self {
        Self::Int(Some(value))
    }
}

impl From<u32> for Arg {
    fn from(value: u32) -> Self {
        Self::Int(Some(value.into()))
    }
}

/// SQL has no unsigned numbers; what does not fit is as good as the largest that does.
impl From<u64> for Arg {
    fn from(value: u64) -> Self {
        Self::Int(Some(i64::try_from(value).unwrap_or(i64::MAX)))
    }
}

impl From<usize> for Arg {
    fn from(value: usize) -> Self {
        Self::Int(Some(i64::try_from(value).unwrap_or(i64::MAX)))
    }
}

impl From<Option<i32>> for Arg {
    fn from(value: Option<i32>) -> Self {
        Self::Int(value.map(i64::from))
    }
}

impl From<Option<i64>> for Arg {
    fn from(value: Option<i64>) -> Self {
        Self::Int(value)
    }
}

impl From<u8> for Arg {
    fn from(value: u8) -> Self {
        Self::Int(Some(value.into()))
    }
}

impl From<Timestamp> for Arg {
    fn from(value: Timestamp) -> Self {
        Self::Int(Some(value.as_microsecond()))
    }
}

impl From<&str> for Arg {
    fn from(value: &str) -> Self {
        Self::Text(Some(without_nul(value)))
    }
}

impl From<&String> for Arg {
    fn from(value: &String) -> Self {
        Self::from(value.as_str())
    }
}

impl From<&Option<String>> for Arg {
    fn from(value: &Option<String>) -> Self {
        Self::Text(value.as_deref().map(without_nul))
    }
}

impl From<&RunId> for Arg {
    fn from(value: &RunId) -> Self {
        Self::from(value.as_str())
    }
}

impl From<bool> for Arg {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<&Vec<String>> for Arg {
    fn from(value: &Vec<String>) -> Self {
        Self::List(value.iter().map(|text| without_nul(text)).collect())
    }
}
