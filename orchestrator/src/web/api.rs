//! The JSON API: the same documents as `--format json` of the verbs. Read-only.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::response::Json;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::model::{Window, timetable, upcoming_slots};
use crate::report::UpcomingSlotView;
use crate::store::{HistoryFilter, Pause, RunHeader, RunRecord};
use crate::web::fault::Fault;
use crate::web::server::Site;

/// The most that one answer lists.
const MOST: u32 = 1000;

/// What `/api/runs` can be narrowed to.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RunsQuery {
    command: Option<String>,
    group: Option<String>,
    outcome: Option<String>,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    last: Option<u32>,
}

/// Runs, newest first.
pub(super) async fn runs(
    State(site): State<Arc<Site>>,
    Query(query): Query<RunsQuery>,
) -> Result<Json<Vec<RunHeader>>, Fault> {
    let filter = HistoryFilter {
        command: query.command,
        group: query.group,
        outcome: query.outcome,
        since: query.since,
        until: query.until,
        last: query.last.unwrap_or(20).min(MOST),
    };
    Ok(Json(site.store.history(&filter).await?))
}

/// One run whole, by its id, the beginning of its id, or `last`.
pub(super) async fn run(
    State(site): State<Arc<Site>>,
    Path(run): Path<String>,
) -> Result<Json<RunRecord>, Fault> {
    let found = site.store.find_run(&run).await?;
    match found.as_slice() {
        [only] => {
            let record = site.store.run(only).await?;
            record
                .map(Json)
                .ok_or_else(|| Fault::NotFound(format!("run {only} is gone")))
        }
        [] => Err(Fault::NotFound(format!("no run begins with {run:?}"))),
        _ => Err(Fault::BadRequest(format!(
            "more than one run begins with {run:?}"
        ))),
    }
}

/// How far `/api/next` looks ahead.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NextQuery {
    hours: Option<u32>,
    count: Option<u32>,
}

/// Upcoming slots with the last outcomes.
pub(super) async fn next(
    State(site): State<Arc<Site>>,
    Query(query): Query<NextQuery>,
) -> Result<Json<Value>, Fault> {
    let now = site.clock.now();
    let hours = query.hours.map(|hours| SignedDuration::from_hours(hours.into()));
    // A page of slots each; an interval of a minute has half a million in a year.
    let bounded = query.hours.is_some() || query.count.is_some();
    let window = Window {
        until: hours.and_then(|hours| now.checked_add(hours).ok()),
        count: bounded.then(|| query.count.unwrap_or(MOST).min(MOST) as usize),
    };
    let schedule = Arc::clone(&site.standing.borrow().schedule);
    let timetable = timetable(&schedule);
    let upcoming = upcoming_slots(&timetable, now, window);
    let tasks = upcoming.iter().flat_map(|slot| &slot.tasks);
    let keys: BTreeSet<_> = tasks
        .map(|task| (task.group.to_string(), task.command.to_string()))
        .collect();
    let pauses = site.store.pauses().await?;
    let mut last = HashMap::new();
    for (group, command) in keys {
        if let Some(outcome) = site.store.last_outcomes(&group, &command, 1).await?.pop() {
            last.insert((group, command), outcome);
        }
    }
    let views: Vec<_> = upcoming
        .iter()
        .map(|slot| {
            UpcomingSlotView::of(
                slot,
                |task| last.get(&(task.group.to_string(), task.command.to_string())),
                |group| Pause::of(&pauses, group),
            )
        })
        .collect();
    Ok(Json(json!(views)))
}

#[derive(Serialize)]
struct GroupView<'a> {
    group: &'a str,
    at: String,
    timezone: &'a str,
    paused_since: Option<Timestamp>,
    tasks: Vec<Value>,
}

/// The timetable in force, since when, and what is wrong with the file, if anything is.
pub(super) async fn schedule(State(site): State<Arc<Site>>) -> Result<Json<Value>, Fault> {
    let standing = site.standing.borrow().clone();
    let pauses = site.store.pauses().await?;
    let groups: Vec<GroupView<'_>> = standing
        .schedule
        .groups
        .iter()
        .map(|group| GroupView {
            group: group.name.as_str(),
            at: group.default_time.strftime("%H:%M").to_string(),
            timezone: group.timezone.iana_name().unwrap_or("UTC"),
            paused_since: Pause::of(&pauses, group.name.as_str()),
            // Not the environment: values may be nobody's business.
            tasks: group
                .tasks
                .iter()
                .map(|task| {
                    json!({
                        "command": task.command,
                        "args": task.args,
                        "schedule": task.cadence.keyword(),
                        "when": task.cadence.to_string(),
                        "enabled": task.enabled,
                    })
                })
                .collect(),
        })
        .collect();
    Ok(Json(json!({
        "loaded_at": standing.loaded_at,
        "error": standing.schedule_error,
        "leading": standing.leading,
        "groups": groups,
    })))
}
