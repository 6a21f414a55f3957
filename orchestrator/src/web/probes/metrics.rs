//! `/metrics`: numbers for Prometheus.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;

use crate::web::probes::gauges::gauges;
use crate::web::route_policy::{DATA, Routes, readable};
use crate::web::site::Site;

pub(crate) fn route() -> Routes {
    readable("/metrics", DATA, metrics)
}

async fn metrics(State(site): State<Arc<Site>>) -> impl IntoResponse {
    let mut text = site.metrics.render();
    text.push_str(&gauges(&site.standing.borrow()));
    (
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")],
        text,
    )
}
