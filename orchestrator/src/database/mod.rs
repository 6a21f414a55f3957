//! The one way to the database, SQLite or PostgreSQL: pools, connections, transactions,
//! the steps of the schema, and one opinion on which error passes. `store` and `records`
//! speak SQL through it; it knows none of their tables.

pub(crate) mod address;
pub(crate) mod arg;
pub(crate) mod columns;
pub(crate) mod connection;
pub(crate) mod error;
pub(crate) mod file_identity;
pub(crate) mod limits;
pub(crate) mod look;
pub(crate) mod migrate;
pub(crate) mod pool;
pub(crate) mod postgres;
pub(crate) mod rights;
pub(crate) mod sqlite;
#[cfg(test)]
pub(crate) mod statements;
pub(crate) mod transaction;

pub use address::{DatabaseAddress, FileAccess, url_of_file};
pub use error::DatabaseError;
pub(crate) use look::Stamp;
pub use migrate::MigrationState;
pub use pool::Database;
pub use postgres::listener::ChannelListener;
pub(crate) use sqlx::AssertSqlSafe;
pub(crate) use sqlx::types::Json;
