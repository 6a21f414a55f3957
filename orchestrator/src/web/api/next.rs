//! `/api/v1/next`: what is to come, with the last outcomes.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Json;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::model::{timetable, upcoming_slots};
use crate::queries::next::{SlotFacts, next_slots, window};
use crate::store::Role;
use crate::web::api::answer::list::ListPage;
use crate::web::api::document::path::{ApiPath, query};
use crate::web::api::document::shape::Shape;
use crate::web::api::route::route_of;
use crate::web::fault::Fault;
use crate::web::parameters::Parameters;
use crate::web::route_policy::Routes;
use crate::web::site::Site;

/// The most slots of one entry.
const MOST: u32 = 1000;

pub(crate) const PATH: ApiPath = ApiPath {
    path: "/api/v1/next",
    summary: "Upcoming firings of the timetable, with the last outcome of each task; all on one page",
    role: Role::Viewer,
    parameters: &[
        query("hours", Shape::Count, "how far ahead"),
        query("count", Shape::Count, "how many of each entry, at most 1000"),
    ],
    answer: Shape::Object(&[
        (
            "items",
            Shape::List(&Shape::Object(&[
                (
                    "kind",
                    Shape::Word(&["group", "releases", "interval", "cron", "workflow"]),
                ),
                ("next", Shape::Instant),
                (
                    "tasks",
                    Shape::List(&Shape::Object(&[
                        ("group", Shape::Text),
                        ("name", Shape::Text),
                        ("command", Shape::Text),
                        ("args", Shape::List(&Shape::Text)),
                        ("schedule", Shape::Text),
                        ("last", Shape::Maybe(&Shape::Object(&[("outcome", Shape::Text)]))),
                    ])),
                ),
            ])),
        ),
        ("next", Shape::Maybe(&Shape::Text)),
    ]),
};

pub(crate) fn route() -> Routes {
    route_of(&PATH, next)
}

/// How far ahead.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NextQuery {
    hours: Option<u32>,
    count: Option<u32>,
}

async fn next(
    State(site): State<Arc<Site>>,
    Parameters(query): Parameters<NextQuery>,
) -> Result<Json<ListPage<Value>>, Fault> {
    let now = site.clock.now();
    // A page of slots each; an interval of a minute has half a million in a year.
    let bounded = query.hours.is_some() || query.count.is_some();
    let count = bounded.then(|| query.count.unwrap_or(MOST).min(MOST));
    let schedule = Arc::clone(&site.standing.borrow().schedule);
    let timetable = timetable(&schedule);
    let slots = upcoming_slots(&timetable, now, window(now, query.hours, count));
    let remembered = SlotFacts::ask(&site.store, &slots).await?;
    let items = next_slots(&slots, &remembered);
    Ok(Json(ListPage {
        items: items.iter().map(|slot| json!(slot)).collect(),
        next: None,
    }))
}
