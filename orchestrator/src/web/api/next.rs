//! `/api/next`: what is to come, with the last outcomes.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Json;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::model::{timetable, upcoming_slots};
use crate::queries::next::{SlotFacts, next_slots, window};
use crate::web::api::MOST;
use crate::web::fault::Fault;
use crate::web::parameters::Parameters;
use crate::web::route_policy::{DATA, Routes, readable};
use crate::web::site::Site;

pub(crate) fn route() -> Routes {
    readable("/api/next", DATA, next)
}

/// How far `/api/next` looks ahead.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NextQuery {
    hours: Option<u32>,
    count: Option<u32>,
}

async fn next(
    State(site): State<Arc<Site>>,
    Parameters(query): Parameters<NextQuery>,
) -> Result<Json<Value>, Fault> {
    let now = site.clock.now();
    // A page of slots each; an interval of a minute has half a million in a year.
    let bounded = query.hours.is_some() || query.count.is_some();
    let count = bounded.then(|| query.count.unwrap_or(MOST).min(MOST));
    let schedule = Arc::clone(&site.standing.borrow().schedule);
    let timetable = timetable(&schedule);
    let slots = upcoming_slots(&timetable, now, window(now, query.hours, count));
    let remembered = SlotFacts::ask(&site.store, &slots).await?;
    Ok(Json(json!(next_slots(&slots, &remembered))))
}
