//! What is remembered of runs, in the SQLite file of the state directory or in the database
//! that a URL names. Opened by every verb that asks.

use std::path::Path;

use crate::database::{Database, DatabaseAddress};
use crate::model::SchemaName;
use crate::store::error::StoreError;

/// The file in the state directory.
const FILE: &str = "orchestrate.db";

/// Tables that a run writes, the most telling first.
const OF_RUNS: [&str; 10] = [
    "runs",
    "tasks",
    "attempts",
    "ingests",
    "deliveries",
    "records",
    "states",
    "sightings",
    "record_changes",
    "lineage",
];

/// Tables that a scheduler writes besides.
const OF_SCHEDULERS: [&str; 4] = ["slots", "ledger", "timetable", "beats"];

/// Where runs are remembered. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    pub(super) database: Database,
}

/// What is found where one only looks.
#[derive(Debug)]
pub enum Looked {
    /// There is no database yet.
    Absent,
    /// It was opened, and nothing in it was changed.
    There(Store),
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
        let address = match url {
            Some(url) => DatabaseAddress::parse(url, SchemaName::default())?,
            None => Self::address_in(state_dir),
        };
        Self::connect_to(&address).await
    }

    /// The database of a state directory.
    pub fn address_in(state_dir: &Path) -> DatabaseAddress {
        DatabaseAddress::file(&state_dir.join(FILE))
    }

    /// Opens a database and leaves its schema as it is.
    ///
    /// # Errors
    /// It cannot be opened.
    pub async fn connect_to(address: &DatabaseAddress) -> Result<Self, StoreError> {
        let database = Database::connect(address).await?;
        Ok(Self { database })
    }

    /// Opens a database to look only: nothing is made or changed by that.
    ///
    /// # Errors
    /// It cannot be opened, or is no database.
    pub async fn look(address: &DatabaseAddress) -> Result<Looked, StoreError> {
        Ok(match Database::look(address).await? {
            None => Looked::Absent,
            Some(database) => Looked::There(Self { database }),
        })
    }

    /// A store that remembers nothing, and goes when it is dropped.
    ///
    /// # Errors
    /// There is no memory for it.
    pub async fn empty() -> Result<Self, StoreError> {
        let store = Self {
            database: Database::empty().await?,
        };
        store.migrate().await?;
        Ok(store)
    }

    /// The database, for what else is kept in it.
    pub fn database(&self) -> &Database {
        &self.database
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
