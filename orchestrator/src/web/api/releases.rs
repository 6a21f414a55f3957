//! `/api/v1/releases`: the releases that were found, and who dealt with them.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Json;
use serde::Deserialize;

use crate::store::{KnownRelease, Role};
use crate::web::api::answer::list::{ListPage, key, limit};
use crate::web::api::document::path::{ApiPath, CURSOR, LIMIT};
use crate::web::api::document::shape::Shape;
use crate::web::api::route::route_of;
use crate::web::fault::Fault;
use crate::web::parameters::Parameters;
use crate::web::route_policy::Routes;
use crate::web::site::Site;

pub(crate) const PATH: ApiPath = ApiPath {
    path: "/api/v1/releases",
    summary: "The releases that were found, by source and tag, and who dealt with each",
    role: Role::Viewer,
    parameters: &[CURSOR, LIMIT],
    answer: Shape::Object(&[
        (
            "items",
            Shape::List(&Shape::Object(&[
                ("source", Shape::Text),
                ("tag", Shape::Text),
                ("first_seen_at", Shape::Instant),
                (
                    "handled",
                    Shape::List(&Shape::Object(&[("group", Shape::Text), ("name", Shape::Text)])),
                ),
            ])),
        ),
        ("next", Shape::Maybe(&Shape::Text)),
    ]),
};

pub(crate) fn route() -> Routes {
    route_of(&PATH, releases)
}

/// A page of the list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReleasesQuery {
    cursor: Option<String>,
    limit: Option<u32>,
}

async fn releases(
    State(site): State<Arc<Site>>,
    Parameters(query): Parameters<ReleasesQuery>,
) -> Result<Json<ListPage<KnownRelease>>, Fault> {
    let after = key(query.cursor.as_deref())?;
    let limit = limit(query.limit)?;
    let found = site.store.known_releases().await?;
    // A tag has no such character.
    let place = |release: &KnownRelease| format!("{}\n{}", release.source, release.tag);
    Ok(Json(ListPage::after(found, after.as_deref(), limit, place)))
}
