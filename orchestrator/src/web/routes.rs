//! Every path there is. Needs no socket: a request is a value.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn, from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};

use crate::web::fault::Fault;
use crate::web::guard::guard;
use crate::web::route_policy::{harden, refuse_path};
use crate::web::site::Site;
use crate::web::{api, pages, probes};

/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(45);

/// The paths of a site that listens on `address`.
pub(crate) fn routes(site: Site, address: SocketAddr) -> Router {
    Router::new()
        .merge(pages::home::route())
        .merge(probes::healthz::route())
        .merge(probes::metrics::route())
        .merge(api::schedule::route())
        .merge(api::next::route())
        .merge(api::runs::routes())
        .fallback(refuse_path)
        .layer(from_fn(within))
        .layer(from_fn_with_state(address, guard))
        .merge(probes::liveness::routes())
        .layer(map_response(harden))
        .with_state(Arc::new(site))
}

/// No request waits for ever for a database.
async fn within(request: Request, next: Next) -> Response {
    match tokio::time::timeout(PATIENCE, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Fault::new(StatusCode::GATEWAY_TIMEOUT, "timeout", "no answer in time").into_response(),
    }
}
