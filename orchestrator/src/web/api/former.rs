//! The paths of before there were versions: each leads to what took its place, until 1.0.
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

use crate::web::route_policy::{DATA, Routes, readable};

/// Those that there were.
const FORMER: [&str; 4] = ["/api/schedule", "/api/next", "/api/runs", "/api/runs/{run}"];

pub(crate) fn routes() -> Routes {
    FORMER.into_iter().fold(Routes::default(), |router, path| {
        router.merge(readable(path, DATA, moved))
    })
}

async fn moved(uri: Uri) -> Response {
    let path = uri.path_and_query().map_or("", |path| path.as_str());
    let rest = path.strip_prefix("/api").unwrap_or_default();
    // Method and query stay (RFC 9110, 15.4.9).
    let location = format!("/api/v1{rest}");
    (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, location)]).into_response()
}
