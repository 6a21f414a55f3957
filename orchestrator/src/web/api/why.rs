//! `/api/v1/why/{group}/{name}`: why it ran, did not run, or when it will.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Json;
use jiff::tz::TimeZone;

use crate::queries::find_task::{Meant, find_tasks};
use crate::queries::why::{WhyAnswer, WhyQuestion, why as why_of};
use crate::store::Role;
use crate::web::api::document::path::{ApiPath, part};
use crate::web::api::document::shape::Shape;
use crate::web::api::route::route_of;
use crate::web::fault::Fault;
use crate::web::parameters::PathParts;
use crate::web::route_policy::Routes;
use crate::web::site::Site;

pub(crate) const PATH: ApiPath = ApiPath {
    path: "/api/v1/why/{group}/{name}",
    summary: "Why a task ran, did not run, or when it will, in one paragraph and what that is made of",
    role: Role::Viewer,
    parameters: &[
        part("group", "its group"),
        part("name", "its name, or its command"),
    ],
    answer: Shape::Object(&[
        ("group", Shape::Text),
        ("name", Shape::Text),
        ("command", Shape::Text),
        ("text", Shape::Text),
        ("scheduled", Shape::Truth),
        ("enabled", Shape::Truth),
        ("rule", Shape::Maybe(&Shape::Text)),
        ("previous", Shape::Maybe(&Shape::Instant)),
        ("next", Shape::Maybe(&Shape::Instant)),
        ("last_success", Shape::Maybe(&Shape::Instant)),
        ("paused_since", Shape::Maybe(&Shape::Instant)),
    ]),
};

pub(crate) fn route() -> Routes {
    route_of(&PATH, why)
}

async fn why(
    State(site): State<Arc<Site>>,
    PathParts([group, name]): PathParts<2>,
) -> Result<Json<WhyAnswer>, Fault> {
    let schedule = Arc::clone(&site.standing.borrow().schedule);
    let tasks = match find_tasks(&site.store, Some(&schedule), &name, Some(&group)).await? {
        Meant::Tasks(tasks) | Meant::Ambiguous(tasks) => tasks,
        Meant::Unknown(_) => Vec::new(),
    };
    let asked = WhyQuestion {
        tasks: &tasks,
        now: site.clock.now(),
        zone: &TimeZone::UTC,
    };
    let answers = why_of(&site.store, &schedule, &asked).await?;
    let unknown = || {
        Fault::not_found(format!(
            "neither schedule nor record has {name:?} in group {group:?}"
        ))
    };
    answers.into_iter().next().map(Json).ok_or_else(unknown)
}
