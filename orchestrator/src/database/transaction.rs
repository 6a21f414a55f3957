//! A transaction on either database, and the two ways to begin one.

use std::ops::{Deref, DerefMut};

use crate::database::connection::Connection;
use crate::database::error::DatabaseError;
use crate::database::pool::Database;

/// One that is dropped without a commit never happened, and its connection is not used
/// again: it may be in the middle of anything.
#[derive(Debug)]
pub(crate) struct Transaction {
    connection: Connection,
    committed: bool,
}

impl Database {
    /// A transaction that writes. SQLite has one at a time; it waits for its turn
    /// here, and never fails in the middle because another one was faster. In PostgreSQL
    /// each statement sees what others committed before it, whatever the server's default is.
    pub(crate) async fn begin(&self) -> Result<Transaction, DatabaseError> {
        self.start("begin immediate", "begin isolation level read committed")
            .await
    }

    /// A transaction that reads: everything in it is from one moment.
    pub(crate) async fn snapshot(&self) -> Result<Transaction, DatabaseError> {
        self.start("begin", "begin isolation level repeatable read read only")
            .await
    }

    async fn start(
        &self,
        sqlite: &'static str,
        postgres: &'static str,
    ) -> Result<Transaction, DatabaseError> {
        let mut transaction = Transaction {
            connection: self.acquire().await?,
            committed: false,
        };
        transaction.run(self.text(sqlite, postgres)).await?;
        Ok(transaction)
    }
}

impl Transaction {
    /// Makes it so.
    pub(crate) async fn commit(mut self) -> Result<(), DatabaseError> {
        self.connection.run("commit").await?;
        self.committed = true;
        self.connection.allow_reuse();
        Ok(())
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if !self.committed {
            self.connection.close_when_dropped();
        }
    }
}

impl Deref for Transaction {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }
}
