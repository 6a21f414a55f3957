//! `plan.json`: what a run will do, whole. A worker on another machine needs nothing else of
//! the schedule; its own settings, secrets and collectors it has. Written before the first
//! event of a run, and never changed.
//!
//! An argument, a value of `env` or a path may hold `{secret:NAME}`: whoever starts the attempt
//! puts in what its own environment has (`text/placeholder.rs`).

use std::io::{self, Write};
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::events::SlotRef;
use crate::input::read_regular;
use crate::model::{Plan, RunId};
use crate::rundir::missing_names::MissingNames;
use crate::rundir::paths::RunDir;
use crate::rundir::replace::replace_file;
use crate::rundir::task_secrets::hide_secrets;
use crate::text::{NamedSecrets, placeholder, secrets_in};

/// The version that this program writes. Whoever takes a key away or gives one another
/// meaning counts it up; keys that may be absent can be added.
const VERSION: u64 = RunPlan::VERSION as u64;

/// No plan of ours is larger, not one of a schedule of its largest size.
const LARGEST: u64 = 64 << 20;

/// The name of the plan in its run's directory.
pub const PLAN_NAME: &str = "plan.json";

/// A run to be executed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunPlan {
    /// Its id.
    pub run: RunId,
    /// What was asked for, as the record will call it: `daily`, `run-all`, `retry ...`.
    pub schedule: String,
    /// The group it was narrowed to, if it was.
    pub group: Option<String>,
    /// The slot of the timetable that it is for; `None` for a run by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot: Option<SlotRef>,
    /// Whether the first failure skips all that follows.
    pub stop_on_failure: bool,
    /// Whether nobody is to be told how it ends: who started it sits before it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub quiet: bool,
    /// What to run. Its order is the order of execution.
    #[serde(flatten)]
    pub plan: Plan,
}

/// Why text is no plan that can be executed.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// A later program wrote it.
    #[error(
        "the plan has version {found}, and this orchestrate knows versions up to {VERSION}: it needs a newer one"
    )]
    Newer {
        /// The version it says.
        found: u64,
    },
    /// It is from the time when a run's directory had only what `plan` shows.
    #[error("the plan has no version: it was kept to be looked at, and does not say how its tasks are run")]
    Unversioned,
    /// It is no plan at all.
    #[error("the plan cannot be read: {0}")]
    Malformed(#[from] serde_json::Error),
    /// The file cannot be read.
    #[error("the plan cannot be read: {0}")]
    File(#[from] io::Error),
}

#[derive(Serialize)]
struct DocumentOut<'a> {
    version: u64,
    #[serde(flatten)]
    plan: &'a RunPlan,
}

#[derive(Deserialize)]
struct Version {
    version: Option<u64>,
}

impl RunPlan {
    /// The version that this program writes, and the newest that it reads.
    pub const VERSION: u32 = 1;

    /// The names of the secrets whose values whoever executes it must have.
    pub fn secrets(&self) -> Vec<String> {
        let mut names = Vec::new();
        for planned in &self.plan.tasks {
            let policy = &planned.task.policy;
            let directory = policy.working_directory.as_deref().and_then(Path::to_str);
            let texts = planned.task.args.iter().map(String::as_str);
            let texts = texts
                .chain(policy.env.values().map(String::as_str))
                .chain(directory);
            names.extend(texts.flat_map(secrets_in).map(str::to_owned));
        }
        names.sort();
        names.dedup();
        names
    }

    /// Hides the values of secrets that still stand in it: it was made when fewer were known.
    pub(crate) fn hide_secrets(&mut self, secrets: &NamedSecrets) {
        for planned in &mut self.plan.tasks {
            hide_secrets(&mut planned.task, secrets);
        }
    }

    /// Puts what the run knows about itself into the arguments of its tasks. Done once, before
    /// it is written down: what is recorded is what ran.
    pub(crate) fn fill_arguments(&mut self, now: Timestamp) {
        let filled = self.plan.filled_arguments(now, Some(&self.run));
        for (planned, args) in self.plan.tasks.iter_mut().zip(filled) {
            planned.task.args = args;
        }
    }

    /// The plan as it may be written down: what a task itself gives a secret is a placeholder
    /// as well. Who executes it elsewhere has a value of its own.
    #[must_use]
    pub(crate) fn with_placeholders(mut self, secrets: &NamedSecrets) -> Self {
        self.hide_secrets(secrets);
        for planned in &mut self.plan.tasks {
            let env = planned.task.policy.env.iter_mut();
            for (name, value) in env.filter(|(name, _)| secrets.has(name)) {
                *value = placeholder(name);
            }
        }
        self
    }

    /// The document.
    ///
    /// # Errors
    /// Something in it has no form in JSON: a path that is not UTF-8.
    pub fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        let document = DocumentOut {
            version: VERSION,
            plan: self,
        };
        serde_json::to_vec_pretty(&document)
    }

    /// The plan that a document holds.
    ///
    /// # Errors
    /// It is of a newer version, of none, or no plan.
    pub fn parse(document: &[u8]) -> Result<Self, PlanError> {
        match serde_json::from_slice::<Version>(document)?.version {
            None => Err(PlanError::Unversioned),
            Some(found) if found > VERSION => Err(PlanError::Newer { found }),
            Some(_) => {
                let mut plan: Value = serde_json::from_slice(document)?;
                MissingNames::default().add(&mut plan);
                Ok(serde_json::from_value(plan)?)
            }
        }
    }

    /// Writes it into the run's directory.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, dir: &RunDir) -> io::Result<()> {
        let document = self.to_json()?;
        replace_file(&dir.path().join(PLAN_NAME), |file| file.write_all(&document))
    }

    /// Reads it from a run's directory.
    ///
    /// # Errors
    /// There is none, or [`RunPlan::parse`] does not take it.
    pub fn read(run_dir: &Path) -> Result<Self, PlanError> {
        Self::parse(&read_regular(&run_dir.join(PLAN_NAME), LARGEST)?)
    }
}

#[cfg(test)]
mod tests;
