//! Every path there is. Needs no socket: a request is a value.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn, from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

use crate::web::access::guard::guard;
use crate::web::access::identify::identify;
use crate::web::access::origin::refuse_foreign;
use crate::web::fault::Fault;
#[cfg(test)]
use crate::web::route_policy::KnownRoute;
use crate::web::route_policy::{Routes, harden, refuse_path};
use crate::web::site::Site;
use crate::web::{api, assets, live, pages, probes};

/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(45);

/// The paths of a site.
pub(crate) fn routes(site: Site) -> Router {
    let site = Arc::new(site);
    // Pages and their style alone: what programs ask for in a flood costs no compression.
    let pages = pages::routes().router.layer(CompressionLayer::new());
    let doors = pages::doors::routes().router.layer(CompressionLayer::new());
    Router::new()
        .merge(pages)
        .merge(data().router)
        .fallback(refuse_path)
        .layer(from_fn_with_state(Arc::clone(&site), identify))
        .merge(doors)
        .layer(from_fn(within))
        .merge(assets::route().router.layer(CompressionLayer::new()))
        .layer(CatchPanicLayer::custom(internal_error))
        .layer(from_fn_with_state(Arc::clone(&site), refuse_foreign))
        .layer(from_fn_with_state(Arc::clone(&site), guard))
        .layer(from_fn_with_state(Arc::clone(&site), pages::faults::for_people))
        .merge(probes::liveness::routes().router)
        .layer(map_response(harden))
        .with_state(site)
}

/// What programs read.
fn data() -> Routes {
    probes::healthz::route()
        .merge(probes::metrics::route())
        .merge(api::routes::routes())
        .merge(live::stream::route())
}

/// Every path, as it was made.
#[cfg(test)]
pub(crate) fn known_routes() -> Vec<KnownRoute> {
    let all = pages::routes()
        .merge(pages::doors::routes())
        .merge(data())
        .merge(assets::route())
        .merge(probes::liveness::routes());
    all.known
}

/// A panic of a handler is our defect, and no reason to leave who asks without an answer.
fn internal_error(_: Box<dyn Any + Send + 'static>) -> Response {
    let (status, code) = (StatusCode::INTERNAL_SERVER_ERROR, "internal_error");
    Fault::new(
        status,
        code,
        "this is a defect of orchestrate; its log says where",
    )
    .into_response()
}

/// No request waits for ever for a database.
async fn within(request: Request, next: Next) -> Response {
    match tokio::time::timeout(PATIENCE, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Fault::new(StatusCode::GATEWAY_TIMEOUT, "timeout", "no answer in time").into_response(),
    }
}
