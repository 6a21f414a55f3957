//! Which runs a worker may have: said to people; the queue itself asks the database (`show`). Pure.

use serde::Serialize;

use crate::model::RunId;
use crate::store::fleet::waiting::WaitingRun;

/// What a worker says that it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerOffer {
    /// Secrets with a value.
    pub secrets: Vec<String>,
    /// The newest version of plans that it reads.
    pub plan_version: u32,
    /// Commands for which nothing can be executed there; empty of a worker that does not say.
    pub lacks_commands: Vec<String>,
}

/// A run that a worker leaves to others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftRun {
    /// Which.
    pub run: RunId,
    /// What the worker lacks for it.
    pub why: String,
}

/// What a worker lacks for a run; `None` if it may have it. One of an earlier version does not say
/// what it has to offer beside its labels, and is not accused.
pub(super) fn lack_of(labels: &[String], offer: Option<&WorkerOffer>, run: &WaitingRun) -> Option<String> {
    if let Some(label) = run.labels.iter().find(|label| !labels.contains(label)) {
        return Some(format!("it runs on {label}"));
    }
    let offer = offer?;
    if run.version > offer.plan_version {
        return Some(format!(
            "its plan has version {}, and version {} is the newest that is known",
            run.version, offer.plan_version
        ));
    }
    if let Some(secret) = run.secrets.iter().find(|secret| !offer.secrets.contains(secret)) {
        return Some(format!("it needs a value for the secret {secret}"));
    }
    let command = run
        .commands
        .iter()
        .find(|command| offer.lacks_commands.contains(command))?;
    Some(format!(
        "nothing can be executed there for its collector {command}"
    ))
}

/// What a worker leaves to others.
pub(super) fn left_by(
    labels: &[String],
    offer: Option<&WorkerOffer>,
    waiting: &[WaitingRun],
) -> Vec<LeftRun> {
    let left = |run: &WaitingRun| {
        let why = lack_of(labels, offer, run)?;
        let run = run.run.clone();
        Some(LeftRun { run, why })
    };
    waiting.iter().filter_map(left).collect()
}
