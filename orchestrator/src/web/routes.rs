//! Every path there is. Needs no socket: a request is a value.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn, from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};

use crate::web::fault::Fault;
use crate::web::guard::guard;
use crate::web::identify::identify;
use crate::web::route_policy::{harden, refuse_path};
use crate::web::site::Site;
use crate::web::{api, pages, probes};

/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(45);

/// The paths of a site.
pub(crate) fn routes(site: Site) -> Router {
    let site = Arc::new(site);
    Router::new()
        .merge(pages::home::route())
        .merge(probes::healthz::route())
        .merge(probes::metrics::route())
        .merge(api::schedule::route())
        .merge(api::next::route())
        .merge(api::runs::routes())
        .fallback(refuse_path)
        .layer(from_fn(within))
        .layer(from_fn_with_state(Arc::clone(&site), identify))
        .layer(from_fn_with_state(Arc::clone(&site), guard))
        .merge(probes::liveness::routes())
        .layer(map_response(harden))
        .with_state(site)
}

/// No request waits for ever for a database.
async fn within(request: Request, next: Next) -> Response {
    match tokio::time::timeout(PATIENCE, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Fault::new(StatusCode::GATEWAY_TIMEOUT, "timeout", "no answer in time").into_response(),
    }
}
