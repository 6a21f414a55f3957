//! `/healthz`: whether this scheduler is well.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json};

use crate::web::route_policy::{DATA, Routes, readable};
use crate::web::site::Site;

/// A scheduler that has not looked at its timetable for so long after something was due
/// is stuck.
const STUCK: Duration = Duration::from_secs(120);

pub(crate) fn route() -> Routes {
    readable("/healthz", DATA, healthz)
}

/// 200 when the scheduler is well, 503 with the reasons when it is not. It asks no
/// database: a probe must not end a process whose collectors run on while one is away.
async fn healthz(State(site): State<Arc<Site>>) -> impl IntoResponse {
    let standing = site.standing.borrow().clone();
    let mut problems = Vec::new();
    if let Some(error) = &standing.schedule_error {
        problems.push(format!("the schedule file cannot be used: {error}"));
    }
    if let Some(error) = &standing.database_error {
        problems.push(format!("the database cannot be used: {error}"));
    }
    let late = standing
        .next_at
        .and_then(|next| Duration::try_from(site.clock.now().duration_since(next)).ok())
        .filter(|late| standing.leading && *late > STUCK);
    if let Some(late) = late {
        problems.push(format!(
            "something was due {} s ago and has not begun",
            late.as_secs()
        ));
    }
    let status = if problems.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let body = serde_json::json!({
        "ok": problems.is_empty(),
        "leading": standing.leading,
        "ticked_at": standing.ticked_at,
        "next_at": standing.next_at,
        "problems": problems,
        // Somebody else's outage is no reason to restart this process.
        "release_error": standing.release_error,
    });
    (status, Json(body))
}
