//! `/api/v1/workers` and `/api/v1/schedulers`: who executes, and who keeps the timetable.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Json;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::store::{Role, SchedulerRole, WorkerLine};
use crate::web::api::answer::list::{ListPage, key, limit};
use crate::web::api::document::path::{ApiPath, CURSOR, LIMIT};
use crate::web::api::document::shape::Shape;
use crate::web::api::route::route_of;
use crate::web::fault::Fault;
use crate::web::parameters::Parameters;
use crate::web::route_policy::Routes;
use crate::web::site::Site;

pub(crate) const WORKERS: ApiPath = ApiPath {
    path: "/api/v1/workers",
    summary: "The workers of the queue, by name",
    role: Role::Viewer,
    parameters: &[CURSOR, LIMIT],
    answer: Shape::Object(&[
        (
            "items",
            Shape::List(&Shape::Object(&[
                ("worker", Shape::Text),
                ("host", Shape::Text),
                ("version", Shape::Text),
                ("state", Shape::Word(&["working", "draining", "gone"])),
                ("capacity", Shape::Count),
                ("running", Shape::List(&Shape::Text)),
                ("labels", Shape::List(&Shape::Text)),
                ("seen_at", Shape::Instant),
                ("clock_skew_ms", Shape::Maybe(&Shape::Whole)),
            ])),
        ),
        ("next", Shape::Maybe(&Shape::Text)),
    ]),
};

pub(crate) const SCHEDULERS: ApiPath = ApiPath {
    path: "/api/v1/schedulers",
    summary: "The schedulers of this database: one leads, the others stand by",
    role: Role::Viewer,
    parameters: &[CURSOR, LIMIT],
    answer: Shape::Object(&[
        (
            "items",
            Shape::List(&Shape::Object(&[
                ("leading", Shape::Truth),
                ("host", Shape::Text),
                ("pid", Shape::Count),
                ("schedule_file", Shape::Text),
                ("started_at", Shape::Instant),
                ("seen_at", Shape::Instant),
            ])),
        ),
        ("next", Shape::Maybe(&Shape::Text)),
    ]),
};

pub(crate) fn routes() -> Routes {
    route_of(&WORKERS, workers).merge(route_of(&SCHEDULERS, schedulers))
}

/// A page of the list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WorkersQuery {
    cursor: Option<String>,
    limit: Option<u32>,
}

#[derive(Debug, Serialize)]
struct SchedulerLine {
    leading: bool,
    host: String,
    pid: u32,
    schedule_file: String,
    started_at: Timestamp,
    seen_at: Timestamp,
}

async fn workers(
    State(site): State<Arc<Site>>,
    Parameters(query): Parameters<WorkersQuery>,
) -> Result<Json<ListPage<WorkerLine>>, Fault> {
    let after = key(query.cursor.as_deref())?;
    let limit = limit(query.limit)?;
    let found = site.store.workers().await?;
    let name = |line: &WorkerLine| line.worker.clone();
    Ok(Json(ListPage::after(found, after.as_deref(), limit, name)))
}

async fn schedulers(
    State(site): State<Arc<Site>>,
    Parameters(query): Parameters<WorkersQuery>,
) -> Result<Json<ListPage<SchedulerLine>>, Fault> {
    let after = key(query.cursor.as_deref())?;
    let limit = limit(query.limit)?;
    let found = site.store.schedulers().await?;
    let line = |(heartbeat, role): (crate::store::Heartbeat, SchedulerRole)| SchedulerLine {
        leading: role == SchedulerRole::Leading,
        host: heartbeat.owner.host,
        pid: heartbeat.owner.pid,
        schedule_file: heartbeat.schedule_file,
        started_at: heartbeat.started_at,
        seen_at: heartbeat.seen_at,
    };
    let found = found.into_iter().map(line).collect();
    // Which leads may change; where it is does not.
    let place = |line: &SchedulerLine| format!("{}\n{:010}", line.host, line.pid);
    Ok(Json(ListPage::after(found, after.as_deref(), limit, place)))
}
