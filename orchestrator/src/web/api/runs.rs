//! `/api/v1/runs` and `/api/v1/runs/{run}`: past and running runs, and one of them whole.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Json;
use jiff::Timestamp;
use serde::Deserialize;

use crate::model::{RunId, TaskStatus};
use crate::queries::find_run::find_run;
use crate::queries::find_task::{Meant, find_tasks, scheduled_tasks};
use crate::queries::history::{PastRun, list_results};
use crate::store::{HistoryFilter, KnownTask, Role, RunHeader, RunRecord};
use crate::web::api::answer::list::{ListPage, key, limit, wrong_cursor};
use crate::web::api::document::path::{ApiPath, CURSOR, LIMIT, part, query};
use crate::web::api::document::shape::Shape;
use crate::web::api::route::route_of;
use crate::web::fault::Fault;
use crate::web::parameters::{Parameters, PathPart};
use crate::web::route_policy::Routes;
use crate::web::site::Site;
use crate::web::views::links::is_run_id;

/// What a list and a run have in common.
const HEADER: &[(&str, Shape)] = &[
    ("run", Shape::Text),
    ("schedule", Shape::Text),
    ("group", Shape::Maybe(&Shape::Text)),
    ("state", Shape::Text),
    ("started_at", Shape::Instant),
    ("finished_at", Shape::Maybe(&Shape::Instant)),
    ("succeeded", Shape::Count),
    ("failed", Shape::Count),
    ("skipped", Shape::Count),
    ("suspect", Shape::Count),
    ("success", Shape::Maybe(&Shape::Truth)),
    ("exit_code", Shape::Maybe(&Shape::Whole)),
    ("lost", Shape::Maybe(&Shape::Text)),
];

pub(crate) const RUNS: ApiPath = ApiPath {
    path: "/api/v1/runs",
    summary: "Past and running runs, the newest first",
    role: Role::Viewer,
    parameters: &[
        query("group", Shape::Text, "only runs in which this group took part"),
        query(
            "collector",
            Shape::Text,
            "only runs in which this task or command took part",
        ),
        query("command", Shape::Text, "another name of `collector`"),
        query(
            "outcome",
            Shape::Text,
            "only runs in which a task ended so; `running`, `suspect`",
        ),
        query("since", Shape::Instant, "only runs that began then or later"),
        query("until", Shape::Instant, "only runs that began before"),
        CURSOR,
        LIMIT,
    ],
    answer: Shape::Object(&[
        ("items", Shape::List(&Shape::Object(HEADER))),
        ("next", Shape::Maybe(&Shape::Text)),
    ]),
};

pub(crate) const RUN: ApiPath = ApiPath {
    path: "/api/v1/runs/{run}",
    summary: "One run whole, by its id, a part of it that no other has, or `last`",
    role: Role::Viewer,
    parameters: &[part("run", "its id, a part of it, or `last`")],
    answer: Shape::Object(&[
        ("run", Shape::Text),
        ("schedule", Shape::Text),
        ("state", Shape::Text),
        ("started_at", Shape::Instant),
        ("finished_at", Shape::Maybe(&Shape::Instant)),
        (
            "tasks",
            Shape::List(&Shape::Object(&[
                ("position", Shape::Count),
                ("group", Shape::Text),
                ("name", Shape::Text),
                ("command", Shape::Text),
                ("args", Shape::List(&Shape::Text)),
                ("outcome", Shape::Text),
                ("reason", Shape::Text),
                ("exit_code", Shape::Maybe(&Shape::Whole)),
                ("attempts", Shape::Count),
                ("duration_ms", Shape::Count),
                (
                    "attempt_list",
                    Shape::List(&Shape::Object(&[
                        ("number", Shape::Count),
                        ("started_at", Shape::Instant),
                        ("finished_at", Shape::Maybe(&Shape::Instant)),
                        ("outcome", Shape::Maybe(&Shape::Text)),
                        ("log", Shape::Text),
                    ])),
                ),
            ])),
        ),
    ]),
};

pub(crate) fn routes() -> Routes {
    route_of(&RUNS, runs).merge(route_of(&RUN, run))
}

/// What the list can be narrowed to, and where it goes on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RunsQuery {
    #[serde(alias = "command")]
    collector: Option<String>,
    group: Option<String>,
    outcome: Option<String>,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    cursor: Option<String>,
    #[serde(alias = "last")]
    limit: Option<u32>,
}

async fn runs(
    State(site): State<Arc<Site>>,
    Parameters(query): Parameters<RunsQuery>,
) -> Result<Json<ListPage<PastRun>>, Fault> {
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
    let tasks = match &query.collector {
        Some(word) => tasks_meant(&site, word, query.group.as_deref()).await?,
        None => Vec::new(),
    };
    let limit = limit(query.limit)?;
    let filter = HistoryFilter {
        tasks,
        group: query.group,
        outcome: query.outcome,
        since: query.since,
        until: query.until,
        before: before(query.cursor.as_deref())?,
        last: limit + 1,
    };
    let found = list_results(&site.store, &filter).await?;
    Ok(Json(ListPage::of(found, limit, |past| place(&past.header))))
}

/// A run in the order of the list.
fn place(header: &RunHeader) -> String {
    format!("{}.{}", header.started_at.as_microsecond(), header.run)
}

fn before(cursor: Option<&str>) -> Result<Option<(Timestamp, RunId)>, Fault> {
    let Some(key) = key(cursor)? else {
        return Ok(None);
    };
    let read = key.split_once('.').and_then(|(at, id)| {
        let at = Timestamp::from_microsecond(at.parse().ok()?).ok()?;
        is_run_id(id).then(|| (at, RunId::new(id)))
    });
    read.map(Some).ok_or_else(wrong_cursor)
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
            let fault = Fault::unknown_value("collector", word, []);
            Err(match near {
                Some(near) => fault.hint(format!("did you mean {near}?")),
                None => fault.hint("/api/v1/schedule lists the tasks"),
            })
        }
    }
}

/// One run whole, by its id, a part of its id that no other has, or `last`.
async fn run(State(site): State<Arc<Site>>, PathPart(run): PathPart) -> Result<Json<RunRecord>, Fault> {
    Ok(Json(find_run(&site.store, &run).await?))
}
