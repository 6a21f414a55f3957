//! What is remembered of runs, in the SQLite file of the state directory or on the
//! PostgreSQL server that `DATABASE_URL` names. Opened by every verb that asks.

use std::path::Path;

use crate::database::{Database, MigrationState};
use crate::store::error::StoreError;

/// The file in the state directory.
const FILE: &str = "orchestrate.db";

/// Tables that a run writes, the most telling first.
const OF_RUNS: [&str; 8] = [
    "runs",
    "tasks",
    "attempts",
    "ingests",
    "deliveries",
    "records",
    "states",
    "sightings",
];

/// Tables that a scheduler writes besides.
const OF_SCHEDULERS: [&str; 4] = ["slots", "ledger", "timetable", "beats"];

/// Where runs are remembered. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    pub(super) database: Database,
}

impl Store {
    /// Opens the database that `url` names, or the SQLite file in the state
    /// directory, and brings its schema up to date.
    ///
    /// # Errors
    /// Those of [`Store::connect`] and [`Store::migrate`].
    pub async fn open(url: Option<&str>, state_dir: &Path) -> Result<Self, StoreError> {
        let store = Self::connect(url, state_dir).await?;
        store.migrate().await?;
        Ok(store)
    }

    /// Opens it and leaves the schema as it is.
    ///
    /// # Errors
    /// The URL is none of ours, or the database cannot be opened.
    pub async fn connect(url: Option<&str>, state_dir: &Path) -> Result<Self, StoreError> {
        let database = Database::connect(url, &state_dir.join(FILE)).await?;
        Ok(Self { database })
    }

    /// The database, for what else is kept in it.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Applies what the schema lacks. Of several processes that start at once, one
    /// does it and the others wait.
    ///
    /// # Errors
    /// The database fails, or was made by a newer version.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        Ok(self.database.migrate().await?)
    }

    /// Every step of the schema, and whether the database has it.
    ///
    /// # Errors
    /// The database fails.
    pub async fn migrations(&self) -> Result<Vec<MigrationState>, StoreError> {
        Ok(self.database.migrations().await?)
    }

    /// Whether a run may be recorded and what it brings be kept: asked before it begins.
    ///
    /// # Errors
    /// It may not ([`DatabaseError::Denied`](crate::database::DatabaseError)), or the
    /// database fails.
    pub async fn check_rights_to_run(&self) -> Result<(), StoreError> {
        Ok(self.database.check_rights(&OF_RUNS).await?)
    }

    /// Whether slots may be claimed as well.
    ///
    /// # Errors
    /// Those of [`Store::check_rights_to_run`].
    pub async fn check_rights_to_schedule(&self) -> Result<(), StoreError> {
        Ok(self
            .database
            .check_rights(&[&OF_RUNS[..], &OF_SCHEDULERS].concat())
            .await?)
    }

    /// Which database it is, without its password.
    pub fn name(&self) -> String {
        self.database.name()
    }

    /// Waits until everything is written and lets the database go; one that does not
    /// answer is not waited for.
    pub async fn close(self) {
        self.database.close().await;
    }
}
