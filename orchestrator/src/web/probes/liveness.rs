//! `/livez` and `/readyz`: yes or no, and nothing that a stranger could use; why is in `/healthz`.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tokio::time::Instant;

use crate::events::LOOP_PATIENCE;
use crate::web::route_policy::{DATA, Routes, open};
use crate::web::site::Site;

/// They answer whatever Host they are asked as: a probe may know only an address.
pub(crate) fn routes() -> Routes {
    open("/livez", DATA, livez).merge(open("/readyz", DATA, readyz))
}

/// Whether the loop turns. Neither a broken schedule nor a database that is away is a reason to
/// end this process.
async fn livez(State(site): State<Arc<Site>>) -> Response {
    answer(turned_ago(&site) <= LOOP_PATIENCE)
}

/// Whether it can do its work now: the loop turns, and the database takes what it says.
async fn readyz(State(site): State<Arc<Site>>) -> Response {
    let database_works = site.standing.borrow().database_error.is_none();
    answer(database_works && turned_ago(&site) <= LOOP_PATIENCE)
}

fn turned_ago(site: &Site) -> Duration {
    Instant::now()
        .into_std()
        .duration_since(site.standing.borrow().turned_at)
}

fn answer(yes: bool) -> Response {
    match yes {
        true => (StatusCode::OK, "ok\n").into_response(),
        false => (StatusCode::SERVICE_UNAVAILABLE, "not ok\n").into_response(),
    }
}
