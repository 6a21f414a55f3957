//! `/api/v1/schedule`: the timetable in force.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Json;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use crate::store::{Pause, Role};
use crate::web::api::document::path::ApiPath;
use crate::web::api::document::shape::Shape;
use crate::web::api::route::route_of;
use crate::web::fault::Fault;
use crate::web::route_policy::Routes;
use crate::web::site::Site;

pub(crate) const PATH: ApiPath = ApiPath {
    path: "/api/v1/schedule",
    summary: "The timetable in force, since when, and what is wrong with the file, if anything is",
    role: Role::Viewer,
    parameters: &[],
    answer: Shape::Object(&[
        ("loaded_at", Shape::Instant),
        ("error", Shape::Maybe(&Shape::Text)),
        ("leading", Shape::Truth),
        (
            "groups",
            Shape::List(&Shape::Object(&[
                ("group", Shape::Text),
                ("at", Shape::Maybe(&Shape::Text)),
                ("timezone", Shape::Text),
                ("paused_since", Shape::Maybe(&Shape::Instant)),
                (
                    "tasks",
                    Shape::List(&Shape::Object(&[
                        ("name", Shape::Text),
                        ("command", Shape::Text),
                        ("args", Shape::List(&Shape::Text)),
                        ("schedule", Shape::Text),
                        ("when", Shape::Text),
                        ("enabled", Shape::Truth),
                    ])),
                ),
            ])),
        ),
    ]),
};

pub(crate) fn route() -> Routes {
    route_of(&PATH, schedule)
}

#[derive(Serialize)]
struct GroupView<'a> {
    group: &'a str,
    at: Option<String>,
    timezone: &'a str,
    paused_since: Option<Timestamp>,
    tasks: Vec<Value>,
}

/// The timetable in force, since when, and what is wrong with the file, if anything is.
async fn schedule(State(site): State<Arc<Site>>) -> Result<Json<Value>, Fault> {
    let standing = site.standing.borrow().clone();
    let pauses = site.store.pauses().await?;
    let groups: Vec<GroupView<'_>> = standing
        .schedule
        .groups
        .iter()
        .map(|group| GroupView {
            group: group.name.as_str(),
            at: group.default_time.map(|at| at.strftime("%H:%M").to_string()),
            timezone: group.timezone.iana_name().unwrap_or("UTC"),
            paused_since: Pause::of(&pauses, group.name.as_str()),
            // Not the environment: values may be nobody's business.
            tasks: group
                .tasks
                .iter()
                .map(|task| {
                    json!({
                        "name": task.name,
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
