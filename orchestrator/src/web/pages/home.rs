//! `/`: where to go. The place of the dashboard; until there is one it says what can be
//! asked.

use std::sync::Arc;

use axum::Router;

use crate::web::route_policy::{DATA, readable};
use crate::web::site::Site;

pub(crate) fn route() -> Router<Arc<Site>> {
    readable("/", DATA, home)
}

async fn home() -> &'static str {
    "orchestrate\n\n/healthz\n/metrics\n/api/schedule\n/api/next?hours=24\n/api/runs?last=20\n/api/runs/{run}\n"
}
