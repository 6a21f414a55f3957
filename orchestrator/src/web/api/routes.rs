//! Every path of the API. What is not made of a document here is no path of it.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn;

use crate::web::api::answer::etag::with_etag;
use crate::web::api::{
    former, logs, next, notices, openapi, records, releases, runs, schedule, status, why, workers,
};
use crate::web::site::Site;

/// All routes, also those under which they were known before.
pub(crate) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .merge(logs::route())
        .merge(next::route())
        .merge(notices::route())
        .merge(openapi::route())
        .merge(records::routes())
        .merge(releases::route())
        .merge(runs::routes())
        .merge(schedule::route())
        .merge(status::route())
        .merge(why::route())
        .merge(workers::routes())
        .layer(from_fn(with_etag))
        .merge(former::routes())
}
