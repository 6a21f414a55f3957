//! The queue of a database: opened once by whoever gives runs to it or takes them.

use crate::database::arg::args;
use crate::database::transaction::Transaction;
use crate::database::{AssertSqlSafe, ChannelListener, Database};
use crate::store::error::StoreError;
use crate::store::store::Store;

/// No name of a queue is longer: PGMQ makes names of tables of it.
const LONGEST: usize = 47;

/// What is said when a run has ended, and there is nothing in it for a worker.
pub(super) const ENDED: &str = "ended";

/// The same, where the next run of its entry waits.
pub(super) const NEXT: &str = "next";

/// Runs wait in it. On PostgreSQL it is a queue of PGMQ, on SQLite the rows themselves. Cheap
/// to clone.
#[derive(Debug, Clone)]
pub struct FleetQueue {
    pub(super) database: Database,
    /// `orchestrate_<schema>`.
    pub(super) name: String,
}

const SQLITE_NAME: &str = "'orchestrate'";
const POSTGRES_NAME: &str = "'orchestrate_' || current_setting('search_path')";

/// The name of our queue, as an expression: for whoever has not opened it.
pub(super) fn queue_name(database: &Database) -> &'static str {
    database.text(SQLITE_NAME, POSTGRES_NAME)
}

/// The same for whoever has only a transaction.
pub(super) fn queue_name_within(sql: &Transaction) -> &'static str {
    sql.text(SQLITE_NAME, POSTGRES_NAME)
}

const SQLITE_NOW: &str = "cast(unixepoch('subsec') * 1000000 as integer)";
const POSTGRES_NOW: &str = "cast(extract(epoch from clock_timestamp()) * 1000000 as bigint)";

/// The time of the database, in microseconds.
pub(super) fn now(database: &Database) -> &'static str {
    database.text(SQLITE_NOW, POSTGRES_NOW)
}

/// The same for whoever has only a transaction.
pub(super) fn now_within(sql: &Transaction) -> &'static str {
    sql.text(SQLITE_NOW, POSTGRES_NOW)
}

impl Store {
    /// Opens the queue, and makes it where there is none.
    ///
    /// # Errors
    /// The database fails, has a PGMQ that we cannot use, or our schema has too long a name.
    pub async fn open_queue(&self) -> Result<FleetQueue, StoreError> {
        let database = self.database.clone();
        if let Database::Sqlite(_) = database {
            let name = "orchestrate".to_owned();
            return Ok(FleetQueue { database, name });
        }
        database.ensure_pgmq().await?;
        let text = format!(
            "select name, to_regclass('pgmq.q_' || name) is null from (select {} as name) as ours
             where true or $1",
            queue_name(&database)
        );
        let rows: Vec<(String, bool)> = database.fetch(AssertSqlSafe(text), &args![true]).await?;
        let Some((name, missing)) = rows.into_iter().next() else {
            return Err(StoreError::Refused("it does not name its schema".to_owned()));
        };
        if name.len() > LONGEST {
            return Err(StoreError::Refused(format!(
                "the queue would be called {name}, and PGMQ allows {LONGEST} characters: give database_schema: a \
                 shorter name"
            )));
        }
        if missing {
            let mut sql = database.begin().await?;
            sql.execute("select pgmq.create($1)", &args![&name]).await?;
            sql.commit().await?;
        }
        Ok(FleetQueue { database, name })
    }
}

impl FleetQueue {
    /// Hears what the queue says from now on: an empty word when a run waits, `cancel` when one
    /// is to end, `ended` or `next` when one has. On SQLite nothing is heard.
    ///
    /// # Errors
    /// The database fails.
    pub async fn listen(&self) -> Result<ChannelListener, StoreError> {
        Ok(self.database.listen(&self.name).await?)
    }

    /// Whether there may be something for a worker in what the queue said: that a run has ended, and
    /// nothing waited for that, is not.
    pub fn concerns_workers(said: &str) -> bool {
        said != ENDED
    }

    /// Where workers of this queue listen.
    pub fn channel(&self) -> &str {
        &self.name
    }
}
