//! `/api/v1/openapi.json`: what there is.

use std::sync::LazyLock;

use axum::response::Json;
use serde_json::Value;

use crate::store::Role;
use crate::web::api::document::describe::describe;
use crate::web::api::document::path::ApiPath;
use crate::web::api::document::shape::Shape;
use crate::web::api::route::route_of;
use crate::web::api::{logs, next, notices, records, releases, runs, schedule, status, why, workers};
use crate::web::route_policy::Routes;

pub(crate) const PATH: ApiPath = ApiPath {
    path: "/api/v1/openapi.json",
    summary: "This description of the API (OpenAPI 3.1)",
    role: Role::Viewer,
    parameters: &[],
    answer: Shape::Object(&[("openapi", Shape::Text), ("paths", Shape::Object(&[]))]),
};

/// All that is described, in order of the paths.
pub(crate) const PATHS: [&ApiPath; 14] = [
    &logs::PATH,
    &next::PATH,
    &notices::PATH,
    &PATH,
    &records::COLLECTIONS,
    &records::RECORDS,
    &releases::PATH,
    &runs::RUN,
    &runs::RUNS,
    &schedule::PATH,
    &status::PATH,
    &why::PATH,
    &workers::SCHEDULERS,
    &workers::WORKERS,
];

static DESCRIPTION: LazyLock<Value> = LazyLock::new(|| describe(&PATHS));

pub(crate) fn route() -> Routes {
    route_of(&PATH, openapi)
}

async fn openapi() -> Json<&'static Value> {
    Json(&DESCRIPTION)
}
