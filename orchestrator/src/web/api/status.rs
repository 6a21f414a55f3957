//! `/api/v1/status`: what became of the night.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Json;
use jiff::tz::TimeZone;

use crate::queries::status::{StatusAnswer, StatusQuestion, status};
use crate::store::Role;
use crate::web::api::document::path::ApiPath;
use crate::web::api::document::shape::Shape;
use crate::web::api::route::route_of;
use crate::web::fault::Fault;
use crate::web::route_policy::Routes;
use crate::web::site::Site;

pub(crate) const PATH: ApiPath = ApiPath {
    path: "/api/v1/status",
    summary: "What became of the night: a sentence, what needs a look, and every task of the timetable",
    role: Role::Viewer,
    parameters: &[],
    answer: Shape::Object(&[
        ("since", Shape::Instant),
        ("at", Shape::Instant),
        ("verdict", Shape::Text),
        ("due", Shape::Count),
        ("succeeded", Shape::Count),
        ("suspect", Shape::Count),
        ("attention", Shape::Count),
        (
            "scheduler",
            Shape::Maybe(&Shape::Object(&[
                ("leading", Shape::Truth),
                ("seen_at", Shape::Instant),
            ])),
        ),
        ("schedule_error", Shape::Maybe(&Shape::Text)),
        (
            "problems",
            Shape::List(&Shape::Object(&[
                ("code", Shape::Text),
                ("message", Shape::Text),
                ("hint", Shape::Maybe(&Shape::Text)),
            ])),
        ),
        (
            "tasks",
            Shape::List(&Shape::Object(&[
                ("group", Shape::Text),
                ("command", Shape::Text),
                ("name", Shape::Text),
                ("args", Shape::List(&Shape::Text)),
                ("schedule", Shape::Text),
                ("slot", Shape::Maybe(&Shape::Instant)),
                (
                    "state",
                    Shape::Word(&[
                        "ran", "running", "waiting", "skipped", "missed", "unknown", "not_due",
                    ]),
                ),
                ("outcome", Shape::Maybe(&Shape::Text)),
                ("suspect", Shape::Maybe(&Shape::Text)),
                ("cause", Shape::Maybe(&Shape::Text)),
                ("attention", Shape::Truth),
                ("run", Shape::Maybe(&Shape::Text)),
                ("duration_ms", Shape::Maybe(&Shape::Count)),
                ("usual_ms", Shape::Maybe(&Shape::Count)),
                ("failed_in_row", Shape::Count),
                ("failing_since", Shape::Maybe(&Shape::Instant)),
                ("last_success", Shape::Maybe(&Shape::Instant)),
                ("next", Shape::Maybe(&Shape::Instant)),
                ("paused", Shape::Truth),
            ])),
        ),
    ]),
};

pub(crate) fn route() -> Routes {
    route_of(&PATH, night)
}

async fn night(State(site): State<Arc<Site>>) -> Result<Json<StatusAnswer>, Fault> {
    let standing = site.standing.borrow().clone();
    let asked = StatusQuestion {
        schedule: Some(&standing.schedule),
        schedule_error: standing.schedule_error.clone(),
        groups: &[],
        since: None,
        now: site.clock.now(),
        zone: &TimeZone::UTC,
        problems: Vec::new(),
    };
    Ok(Json(status(&site.store, &asked).await?))
}
