//! A database that cannot be used as it is, in words, with the way out.

use std::path::Path;

use crate::cli::shell::failure::Failure;
use crate::rundir::journalled_runs;
use crate::store::SchemaState;
use crate::text::counted;

/// What is wrong and what helps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) message: String,
    pub(crate) hint: String,
}

impl Refusal {
    /// `None` where the database is whole or not there.
    pub(crate) fn of(state: &SchemaState, name: &str) -> Option<Self> {
        let (message, hint) = match state {
            SchemaState::Current | SchemaState::Absent => return None,
            SchemaState::Behind(missing) => (
                format!("{name} lacks {} of its schema", counted(missing.len(), "step")),
                "orchestrate db migrate",
            ),
            SchemaState::InPublic => (
                format!("{name} has our tables in the schema public, where older versions put them"),
                "orchestrate db migrate moves them into a schema of their own",
            ),
            SchemaState::Foreign(table) => {
                (format!("{name} has tables that are not ours ({table})"), FOREIGN)
            }
            SchemaState::Newer(reason) => (
                format!("{name}: {reason}"),
                "orchestrate --version says which one this is",
            ),
            SchemaState::Unusable(reason) => (format!("{name}: {reason}"), RESTORE),
        };
        Some(Self {
            message,
            hint: hint.to_owned(),
        })
    }

    /// There is no database, but what it was made of; `None` where there is nothing.
    pub(crate) fn of_journals(state_dir: &Path, name: &str) -> Result<Option<Self>, Failure> {
        let runs = journalled_runs(state_dir).map_err(|error| {
            let what = format!("cannot read {}", state_dir.join("runs").display());
            Failure::infrastructure(anyhow::Error::new(error).context(what))
        })?;
        Ok((!runs.is_empty()).then(|| Self {
            message: format!(
                "there is no database {name}, but the journals of {} are in {}",
                counted(runs.len(), "run"),
                state_dir.join("runs").display()
            ),
            hint: "orchestrate db import-journal --all makes it again of them".to_owned(),
        }))
    }
}

/// What helps against tables of another program.
pub(crate) const FOREIGN: &str = "ORCHESTRATE_DATABASE_URL or --database-url names another place for ours; \
     orchestrate db migrate --here puts them beside those";

const RESTORE: &str = "restore a copy of it; or put it away, and orchestrate db import-journal --all makes \
     a new one of the journals";

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::infrastructure(anyhow::anyhow!("{}", refusal.message)).hint(refusal.hint)
    }
}
