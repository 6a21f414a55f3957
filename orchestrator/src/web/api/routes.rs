//! Every path of the API. What is not made of a document here is no path of it.

use axum::middleware::from_fn;

use crate::web::api::answer::etag::with_etag;
use crate::web::api::{
    former, logs, next, notices, openapi, records, releases, runs, schedule, status, why, workers,
};
use crate::web::route_policy::Routes;

/// All routes, also those under which they were known before.
pub(crate) fn routes() -> Routes {
    let mut all = logs::route()
        .merge(next::route())
        .merge(notices::route())
        .merge(openapi::route())
        .merge(records::routes())
        .merge(releases::route())
        .merge(runs::routes())
        .merge(schedule::route())
        .merge(status::route())
        .merge(why::route())
        .merge(workers::routes());
    all.router = all.router.layer(from_fn(with_etag));
    all.merge(former::routes())
}
