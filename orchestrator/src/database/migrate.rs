//! The steps of the schema, which of them a database has, and the right to add to them. What
//! may be added to is decided by whoever knows the tables (`store::schema`).

use std::fs::File;

use sqlx::migrate::{Migrate, MigrateError, Migrator};

use crate::database::arg::args;
use crate::database::connection::Connection;
use crate::database::error::DatabaseError;
use crate::database::pool::Database;
use crate::database::{AssertSqlSafe, sqlite};

static SQLITE: Migrator = sqlx::migrate!("../migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("../migrations/postgres");

/// The library's table of steps.
const STEPS: &str = "_sqlx_migrations";

/// So many columns of it are read.
const STEP_COLUMNS: i64 = 3;

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

/// A row of a table of steps, ours or another program's.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct Step {
    pub(crate) version: i64,
    pub(crate) checksum: Vec<u8>,
    pub(crate) success: bool,
}

/// What a table of steps says to us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StepsVerdict {
    /// There is none, or it has no row.
    None,
    /// None of its rows is ours.
    Foreign,
    /// All are ours; these are missing. None is: it is up to date.
    Ours(Vec<i64>),
    /// A newer version made it: this step is not known here.
    Newer(i64),
    /// It is ours and cannot be used, in words.
    Unusable(String),
}

/// What lies in the place where our tables belong.
#[derive(Debug)]
pub(crate) struct Inventory {
    /// Tables and views, the library's own table left out.
    pub(crate) relations: Vec<String>,
    pub(crate) steps: Vec<Step>,
}

impl Database {
    /// Looks at what is there, as of one moment: somebody may be making it.
    ///
    /// # Errors
    /// The database fails, or our schema may not be used.
    pub(crate) async fn inventory(&self) -> Result<Inventory, DatabaseError> {
        const NAMES: (&str, &str) = (
            "select name from sqlite_master where type in ('table', 'view')
                 and name not like 'sqlite\\_%' escape '\\'",
            "select cast(relname as text) from pg_class
                 where relnamespace = to_regnamespace(current_setting('search_path'))
                   and relkind in ('r', 'p', 'v', 'm', 'f')",
        );
        const COLUMNS: (&str, &str) = (
            "select count(*) from pragma_table_info('_sqlx_migrations')
             where name in ('version', 'checksum', 'success')",
            "select count(*) from pg_attribute
             where attrelid = to_regclass(quote_ident(current_setting('search_path')) || '._sqlx_migrations')
               and (cast(attname as text), format_type(atttypid, null)) in
                   (('version', 'bigint'), ('checksum', 'bytea'), ('success', 'boolean'))",
        );
        if matches!(self, Self::Postgres(_)) {
            self.check_entry().await?;
        }
        let mut sql = self.snapshot().await?;
        let mut relations: Vec<(String,)> = sql.fetch(self.text(NAMES.0, NAMES.1), &[]).await?;
        let columns: Vec<(i64,)> = sql.fetch(self.text(COLUMNS.0, COLUMNS.1), &[]).await?;
        let mut steps = Vec::new();
        // A table of that name which is not the library's is some table of another program.
        if columns == [(STEP_COLUMNS,)] {
            relations.retain(|(name,)| name != STEPS);
            steps = sql.fetch(AssertSqlSafe(steps_of("")), &[]).await?;
        }
        sql.commit().await?;
        let relations = relations.into_iter().map(|(name,)| name).collect();
        Ok(Inventory { relations, steps })
    }

    /// A schema that is there and closed looks like one without tables.
    async fn check_entry(&self) -> Result<(), DatabaseError> {
        const SQL: &str = "select cast(current_user as text), current_setting('search_path')
             from pg_namespace where nspname = current_setting('search_path')
               and not has_schema_privilege(oid, 'USAGE')";
        let closed: Vec<(String, String)> = self.fetch(SQL, &[]).await?;
        match closed.into_iter().next() {
            None => Ok(()),
            Some((user, schema)) => Err(DatabaseError::Closed {
                database: self.name(),
                user,
                schema,
            }),
        }
    }

    /// The rows of the table of steps in `public`, where older builds had it; none if there is
    /// no such table.
    ///
    /// # Errors
    /// The database fails.
    pub(crate) async fn steps_in_public(&self) -> Result<Vec<Step>, DatabaseError> {
        const THERE: &str = "select has_table_privilege(oid, 'SELECT')
                 and 3 = (select count(*) from pg_attribute where attrelid = pg_class.oid
                     and (cast(attname as text), format_type(atttypid, null)) in
                         (('version', 'bigint'), ('checksum', 'bytea'), ('success', 'boolean')))
             from pg_class where oid = to_regclass('public._sqlx_migrations')";
        let there: Vec<(bool,)> = match self {
            Self::Sqlite(_) => Vec::new(),
            Self::Postgres(_) => self.fetch(THERE, &[]).await?,
        };
        match there.first() {
            Some((true,)) => self.fetch(AssertSqlSafe(steps_of("public.")), &[]).await,
            // What may not be read, or is another table, is another's.
            _ => Ok(Vec::new()),
        }
    }

    /// What these steps say, compared with ours.
    pub(crate) fn judge(&self, steps: &[Step]) -> StepsVerdict {
        let known: Vec<(i64, &[u8])> = self
            .migrator()
            .iter()
            .map(|step| (step.version, &*step.checksum))
            .collect();
        judge(steps, &known)
    }

    /// Every step of the schema, and whether the database has it.
    ///
    /// # Errors
    /// The database fails.
    pub async fn migrations(&self) -> Result<Vec<MigrationState>, DatabaseError> {
        let applied = self.inventory().await?.steps;
        let applied = |version| applied.iter().any(|step| step.version == version && step.success);
        let steps = self.migrator().iter();
        Ok(steps
            .map(|step| MigrationState {
                version: step.version,
                name: step.description.to_string(),
                applied: applied(step.version),
            })
            .collect())
    }

    /// Makes a file that was found to be for us ready to be written by many.
    ///
    /// # Errors
    /// The database fails.
    pub(crate) async fn make_ready(&self) -> Result<(), DatabaseError> {
        match self {
            Self::Sqlite(file) => sqlite::ensure_wal(&file.pool).await,
            Self::Postgres(_) => Ok(()),
        }
    }

    /// Waits for the right to change the schema: one process has it at a time.
    ///
    /// # Errors
    /// The database fails.
    pub(crate) async fn lock_schema(&self) -> Result<SchemaLock, DatabaseError> {
        let (mut connection, file) = match self {
            Self::Sqlite(file) => (self.acquire().await?, sqlite::lock_schema(&file.pool).await?),
            // Closed when dropped: with it goes the lock, whatever happened.
            Self::Postgres(_) => (self.connection().await?, None),
        };
        if let Some(connection) = connection.postgres() {
            // The library's own lock, which builds of before take as well.
            connection.lock().await.map_err(|error| self.unmigrated(&error))?;
        }
        Ok(SchemaLock {
            connection,
            database: self.clone(),
            _file: file,
        })
    }

    fn migrator(&self) -> &'static Migrator {
        match self {
            Self::Sqlite(_) => &SQLITE,
            Self::Postgres(_) => &POSTGRES,
        }
    }

    fn unmigrated(&self, error: &MigrateError) -> DatabaseError {
        DatabaseError::Open {
            database: self.name(),
            reason: error.to_string(),
        }
    }
}

/// The right to change the schema, and the connection on which that is done.
#[derive(Debug)]
pub(crate) struct SchemaLock {
    connection: Connection,
    database: Database,
    _file: Option<File>,
}

impl SchemaLock {
    pub(crate) fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// Makes the schema where our tables belong, if there is none. Asked first: whoever may
    /// not make one may well use one that is there.
    ///
    /// # Errors
    /// The database fails, or does not allow it.
    pub(crate) async fn make_schema(&mut self) -> Result<(), DatabaseError> {
        const MISSING: &str = "select current_setting('search_path')
             where to_regnamespace(current_setting('search_path')) is null";
        if self.connection.postgres().is_none() {
            return Ok(());
        }
        let missing: Vec<(String,)> = self.connection.fetch(MISSING, &args![]).await?;
        if let Some((schema,)) = missing.first() {
            let sql = format!("create schema {schema}");
            self.connection.execute(AssertSqlSafe(sql), &[]).await?;
        }
        Ok(())
    }

    /// Applies what the schema lacks.
    ///
    /// # Errors
    /// The database fails.
    pub(crate) async fn apply(&mut self) -> Result<(), DatabaseError> {
        self.make_schema().await?;
        let mut done = Ok(());
        if let Some(connection) = self.connection.sqlite() {
            done = SQLITE.run(connection).await;
        }
        if let Some(connection) = self.connection.postgres() {
            done = POSTGRES.run(connection).await;
        }
        done.map_err(|error| self.database.unmigrated(&error))
    }
}

fn steps_of(place: &str) -> String {
    format!("select version, checksum, success from {place}{STEPS} order by version")
}

fn judge(steps: &[Step], known: &[(i64, &[u8])]) -> StepsVerdict {
    let checksum = |version: i64| {
        known
            .iter()
            .find(|(other, _)| *other == version)
            .map(|(_, sum)| *sum)
    };
    let is_ours = |step: &Step| checksum(step.version) == Some(step.checksum.as_slice());
    if steps.is_empty() {
        return StepsVerdict::None;
    }
    if !steps.iter().any(is_ours) {
        return StepsVerdict::Foreign;
    }
    for step in steps {
        let version = step.version;
        if checksum(version).is_none() {
            return StepsVerdict::Newer(version);
        }
        let reason = if !is_ours(step) {
            format!("its migration {version} is not the one that this version of orchestrate has")
        } else if !step.success {
            format!("its migration {version} was not finished")
        } else {
            continue;
        };
        return StepsVerdict::Unusable(reason);
    }
    let has = |version: i64| steps.iter().any(|step| step.version == version);
    let missing = known
        .iter()
        .map(|(version, _)| *version)
        .filter(|version| !has(*version));
    StepsVerdict::Ours(missing.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_of_steps_is_ours_only_by_version_and_checksum() {
        let known: [(i64, &[u8]); 3] = [(1, b"a"), (2, b"b"), (3, b"c")];
        let step = |version, checksum: &str| Step {
            version,
            checksum: checksum.into(),
            success: true,
        };
        let unusable = |steps: &[Step]| match judge(steps, &known) {
            StepsVerdict::Unusable(reason) => reason,
            other => panic!("{other:?}"),
        };
        assert_eq!(judge(&[], &known), StepsVerdict::None);
        assert_eq!(
            judge(&[step(1, "x"), step(20_250_101, "a")], &known),
            StepsVerdict::Foreign
        );
        assert_eq!(judge(&[step(1, "a")], &known), StepsVerdict::Ours(vec![2, 3]));
        let whole = [step(1, "a"), step(2, "b"), step(3, "c")];
        assert_eq!(judge(&whole, &known), StepsVerdict::Ours(vec![]));
        assert_eq!(
            judge(&[step(1, "a"), step(9, "z")], &known),
            StepsVerdict::Newer(9)
        );
        assert!(unusable(&[step(1, "a"), step(2, "z")]).contains("its migration 2 is not"));
        let mut torn = step(1, "a");
        torn.success = false;
        assert!(unusable(&[torn]).contains("not finished"));
    }
}
