//! `/api/runs` and `/api/runs/{run}`: past and running runs, and one of them whole.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::Json;
use jiff::Timestamp;
use serde::Deserialize;

use crate::queries::find_run::find_run;
use crate::queries::history::{RUNS, list_runs};
use crate::store::{HistoryFilter, RunHeader, RunRecord};
use crate::web::api::MOST;
use crate::web::fault::Fault;
use crate::web::route_policy::{DATA, readable};
use crate::web::site::Site;

pub(crate) fn routes() -> Router<Arc<Site>> {
    readable("/api/runs", DATA, runs).merge(readable("/api/runs/{run}", DATA, run))
}

/// What `/api/runs` can be narrowed to.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RunsQuery {
    command: Option<String>,
    group: Option<String>,
    outcome: Option<String>,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    last: Option<u32>,
}

/// Runs, newest first.
async fn runs(
    State(site): State<Arc<Site>>,
    Query(query): Query<RunsQuery>,
) -> Result<Json<Vec<RunHeader>>, Fault> {
    let filter = HistoryFilter {
        command: query.command,
        group: query.group,
        outcome: query.outcome,
        since: query.since,
        until: query.until,
        last: query.last.unwrap_or(RUNS).min(MOST),
    };
    Ok(Json(list_runs(&site.store, &filter).await?))
}

/// One run whole, by its id, the beginning of its id, or `last`.
async fn run(State(site): State<Arc<Site>>, Path(run): Path<String>) -> Result<Json<RunRecord>, Fault> {
    Ok(Json(find_run(&site.store, &run).await?))
}
