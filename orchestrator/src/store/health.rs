//! How the store is: for probes, and for people who wonder.

use std::path::Path;

use serde::Serialize;

use crate::model::{Owner, RunId};
use crate::rundir::unrecorded_runs;
use crate::store::error::StoreError;
use crate::store::liveness::{LocalLiveness, is_abandoned};
use crate::store::store::Store;

/// Numbers about the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoreHealth {
    /// Which database, without its password.
    pub database: String,
    /// Steps that the schema lacks.
    pub missing_migrations: Vec<i64>,
    /// Runs without an end, of every machine.
    pub running: Vec<RunId>,
    /// Those of them whose process is gone.
    pub abandoned: Vec<RunId>,
    /// Runs whose journal holds what the database may lack, and which do not go on.
    pub unrecorded: Vec<RunId>,
}

impl Store {
    /// Looks; changes nothing.
    ///
    /// # Errors
    /// The database fails.
    pub async fn health(&self, state_dir: &Path, here: &Owner) -> Result<StoreHealth, StoreError> {
        let missing_migrations: Vec<i64> = self
            .migrations()
            .await?
            .into_iter()
            .filter(|step| !step.applied)
            .map(|step| step.version)
            .collect();
        let running = if missing_migrations.is_empty() {
            self.unfinished().await?
        } else {
            Vec::new()
        };
        let abandoned = running
            .iter()
            .filter(|(run, owner)| is_abandoned(&LocalLiveness { state_dir, here }, run, owner))
            .map(|(run, _)| run.clone())
            .collect();
        let unrecorded = unrecorded_runs(state_dir).map_err(|source| StoreError::File {
            path: state_dir.to_owned(),
            source,
        })?;
        Ok(StoreHealth {
            database: self.name(),
            missing_migrations,
            running: running.into_iter().map(|(run, _)| run).collect(),
            abandoned,
            unrecorded,
        })
    }
}
