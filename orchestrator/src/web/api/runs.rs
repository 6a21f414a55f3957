//! `/api/runs` and `/api/runs/{run}`: past and running runs, and one of them whole.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Json;
use jiff::Timestamp;
use serde::Deserialize;

use crate::model::TaskStatus;
use crate::queries::find_run::find_run;
use crate::queries::find_task::{Meant, find_tasks, scheduled_tasks};
use crate::queries::history::{RUNS, list_runs};
use crate::store::{HistoryFilter, KnownTask, RunHeader, RunRecord};
use crate::web::api::MOST;
use crate::web::fault::Fault;
use crate::web::parameters::{Parameters, PathPart};
use crate::web::route_policy::{DATA, Routes, readable};
use crate::web::site::Site;

pub(crate) fn routes() -> Routes {
    readable("/api/runs", DATA, runs).merge(readable("/api/runs/{run}", DATA, run))
}

/// What `/api/runs` can be narrowed to.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RunsQuery {
    command: Option<String>,
    group: Option<String>,
    outcome: Option<String>,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    last: Option<u32>,
}

/// Runs, newest first.
async fn runs(
    State(site): State<Arc<Site>>,
    Parameters(query): Parameters<RunsQuery>,
) -> Result<Json<Vec<RunHeader>>, Fault> {
    if let Some(outcome) = query
        .outcome
        .as_deref()
        .filter(|word| !outcomes().any(|known| known == *word))
    {
        return Err(Fault::unknown_value("outcome", outcome, outcomes()));
    }
    if let Some(group) = &query.group {
        judge_group(&site, group).await?;
    }
    let tasks = match &query.command {
        Some(word) => tasks_meant(&site, word, query.group.as_deref()).await?,
        None => Vec::new(),
    };
    let filter = HistoryFilter {
        tasks,
        group: query.group,
        outcome: query.outcome,
        since: query.since,
        until: query.until,
        before: None,
        last: query.last.unwrap_or(RUNS).min(MOST),
    };
    Ok(Json(list_runs(&site.store, &filter).await?))
}

/// The words by which runs can be chosen: those of `history`.
fn outcomes() -> impl Iterator<Item = &'static str> {
    let ends = TaskStatus::ALL
        .into_iter()
        .filter(|status| *status != TaskStatus::Pending);
    ends.map(TaskStatus::as_str).chain(["suspect"])
}

/// Refuses a group that is in no schedule and no record.
async fn judge_group(site: &Site, group: &str) -> Result<(), Fault> {
    let schedule = Arc::clone(&site.standing.borrow().schedule);
    let recorded = site.store.known_tasks().await?;
    let groups: BTreeSet<String> = recorded
        .into_iter()
        .chain(scheduled_tasks(&schedule))
        .map(|task| task.group)
        .chain(schedule.groups.iter().map(|group| group.name.to_string()))
        .collect();
    if groups.contains(group) {
        return Ok(());
    }
    Err(Fault::unknown_value(
        "group",
        group,
        groups.iter().map(String::as_str),
    ))
}

/// The tasks that a word means, of the schedule or of a record: their name, or their command.
async fn tasks_meant(site: &Site, word: &str, group: Option<&str>) -> Result<Vec<KnownTask>, Fault> {
    let schedule = Arc::clone(&site.standing.borrow().schedule);
    match find_tasks(&site.store, Some(&schedule), word, group).await? {
        Meant::Tasks(tasks) | Meant::Ambiguous(tasks) => Ok(tasks),
        Meant::Unknown(near) => {
            let fault = Fault::unknown_value("command", word, []);
            Err(match near {
                Some(near) => fault.hint(format!("did you mean {near}?")),
                None => fault.hint("/api/schedule lists the tasks"),
            })
        }
    }
}

/// One run whole, by its id, a part of its id that no other has, or `last`.
async fn run(State(site): State<Arc<Site>>, PathPart(run): PathPart) -> Result<Json<RunRecord>, Fault> {
    Ok(Json(find_run(&site.store, &run).await?))
}
