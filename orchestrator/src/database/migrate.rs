//! The steps of the schema, and which of them a database has.

use sqlx::migrate::Migrator;
use sqlx::{FromRow, PgConnection};

use crate::database::error::DatabaseError;
use crate::database::pool::Database;
use crate::database::sqlite;

static SQLITE: Migrator = sqlx::migrate!("../migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("../migrations/postgres");

/// A step of the schema.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct MigrationState {
    /// Its number; they are applied in this order.
    pub version: i64,
    /// What its file is called.
    pub name: String,
    /// Whether the database has it.
    pub applied: bool,
}

impl Database {
    /// Applies what the schema lacks. Of several processes that start at once, one
    /// does it and the others wait.
    ///
    /// # Errors
    /// The database fails, or was made by a newer version.
    pub async fn migrate(&self) -> Result<(), DatabaseError> {
        let done = match self {
            Self::Sqlite(pool) => {
                let _lock = sqlite::lock_schema(pool).await?;
                SQLITE.run(pool).await
            }
            Self::Postgres(pool) => {
                let mut connection = pool.acquire().await?;
                let done = if is_current(&mut connection).await {
                    Ok(())
                } else {
                    POSTGRES.run(&mut *connection).await
                };
                if done.is_ok() {
                    connection.allow_reuse();
                }
                done
            }
        };
        done.map_err(|error| DatabaseError::Open {
            database: self.name(),
            reason: match error {
                sqlx::migrate::MigrateError::VersionMissing(version) => format!(
                    "it has migration {version}, which this version of orchestrate does not know; use a newer one"
                ),
                other => other.to_string(),
            },
        })
    }

    /// Every step of the schema, and whether the database has it.
    ///
    /// # Errors
    /// The database fails.
    pub async fn migrations(&self) -> Result<Vec<MigrationState>, DatabaseError> {
        let there: Vec<(bool,)> = match self {
            Self::Sqlite(_) => {
                self.fetch(
                    "select exists (select 1 from sqlite_master where name = '_sqlx_migrations')",
                    &[],
                )
                .await?
            }
            Self::Postgres(_) => {
                self.fetch("select to_regclass('_sqlx_migrations') is not null", &[])
                    .await?
            }
        };
        let applied: Vec<(i64,)> = match there.first() {
            Some((true,)) => {
                self.fetch("select version from _sqlx_migrations where success", &[])
                    .await?
            }
            _ => Vec::new(),
        };
        Ok(self
            .migrator()
            .iter()
            .map(|step| MigrationState {
                version: step.version,
                name: step.description.to_string(),
                applied: applied.contains(&(step.version,)),
            })
            .collect())
    }

    fn migrator(&self) -> &'static Migrator {
        match self {
            Self::Sqlite(_) => &SQLITE,
            Self::Postgres(_) => &POSTGRES,
        }
    }
}

/// Whether a server has exactly the steps that we know. The whole look takes a lock and seven
/// questions, which is long where a server is far away.
async fn is_current(connection: &mut PgConnection) -> bool {
    const SQL: &str = "select version, success, checksum from _sqlx_migrations order by version";
    let Ok(rows) = sqlx::raw_sql(SQL).fetch_all(connection).await else {
        // Without the table there is something to do, and whatever else is wrong is found then.
        return false;
    };
    let applied: Vec<(i64, bool, Vec<u8>)> = rows.iter().flat_map(FromRow::from_row).collect();
    let known = POSTGRES
        .iter()
        .map(|step| (step.version, true, step.checksum.to_vec()));
    applied.into_iter().eq(known)
}
