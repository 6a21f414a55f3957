//! PGMQ, the queue in the database (docs/design/0021): whether it is there with what we call,
//! and its installation where it is not. What somebody else installed is used as it is, or
//! refused by the name of what it lacks; it is never altered.

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::time::timeout;

use crate::database::arg::Arg;
use crate::database::error::DatabaseError;
use crate::database::limits::{PATIENCE, WORK};
use crate::database::pool::Database;

/// The functions that we call, with the types of their arguments.
const FUNCTIONS: [&str; 5] = [
    "pgmq.create(text)",
    "pgmq.send(text,jsonb,jsonb)",
    "pgmq.read(text,integer,integer,jsonb)",
    "pgmq.set_vt(text,bigint,integer)",
    "pgmq.delete(text,bigint)",
];

const MISSING: &str = "select value from jsonb_array_elements_text($1) as wanted (value)
     where to_regprocedure(value) is null";

const SCHEMA: &str = "select cast(nspname as text) from pg_namespace where nspname = 'pgmq'";

impl Database {
    /// Makes sure that the functions of the queue can be called.
    ///
    /// # Errors
    /// It is SQLite; or the database has another PGMQ, which lacks some of them; or it fails.
    pub(crate) async fn ensure_pgmq(&self) -> Result<(), DatabaseError> {
        let Self::Postgres(pool) = self else {
            return Err(self.without_queue("a queue needs PostgreSQL".to_owned()));
        };
        let there: Vec<(String,)> = self.fetch(SCHEMA, &[]).await?;
        let mut installed = Ok(());
        if there.is_empty() {
            installed = timeout(WORK, install(pool.options().clone()))
                .await
                .unwrap_or_else(|_| {
                    Err(DatabaseError::no_answer(
                        "PGMQ was not installed in time".to_owned(),
                    ))
                });
        }
        let missing = self.missing_functions().await?;
        match installed {
            _ if missing.is_empty() => Ok(()),
            // Not even one who came first at the same moment has it now.
            Err(error) if error.may_pass() => Err(error),
            Err(error) => Err(self.without_queue(format!("PGMQ cannot be installed: {error}"))),
            Ok(()) => Err(self.without_queue(format!(
                "its schema pgmq lacks {}: another version of PGMQ lies there, and is left as it is",
                missing.join(", ")
            ))),
        }
    }

    async fn missing_functions(&self) -> Result<Vec<String>, DatabaseError> {
        let names = Arg::List(FUNCTIONS.map(str::to_owned).to_vec());
        let missing: Vec<(String,)> = self.fetch(MISSING, &[names]).await?;
        Ok(missing.into_iter().map(|(name,)| name).collect())
    }

    fn without_queue(&self, reason: String) -> DatabaseError {
        DatabaseError::Open {
            database: self.name(),
            reason,
        }
    }
}

/// The installer takes a pool of the library's own; one connection is all it needs.
async fn install(options: PgConnectOptions) -> Result<(), DatabaseError> {
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(PATIENCE)
        .connect_with(options)
        .await?;
    let installed = pgmq::install::install_sql_from_embedded(&pool).await;
    pool.close().await;
    installed.map_err(|error| match error {
        pgmq::PgmqError::DatabaseError(error) => error.into(),
        other => sqlx::Error::Protocol(other.to_string()).into(),
    })
}
