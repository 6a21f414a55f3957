//! `/api/v1/records` and `/api/v1/records/{collection}`: what collectors brought.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Json;
use serde::Deserialize;

use crate::queries::collections::{CollectionAnswer, Kept, collections, records_after};
use crate::store::Role;
use crate::web::api::answer::list::{ListPage, key, limit};
use crate::web::api::document::path::{ApiPath, CURSOR, LIMIT, part};
use crate::web::api::document::shape::Shape;
use crate::web::api::route::route_of;
use crate::web::fault::Fault;
use crate::web::parameters::{Parameters, PathPart};
use crate::web::route_policy::Routes;
use crate::web::site::Site;

pub(crate) const COLLECTIONS: ApiPath = ApiPath {
    path: "/api/v1/records",
    summary: "The collections of records, by name, with the newest delivery of each",
    role: Role::Viewer,
    parameters: &[CURSOR, LIMIT],
    answer: Shape::Object(&[
        (
            "items",
            Shape::List(&Shape::Object(&[
                ("collection", Shape::Text),
                ("records", Shape::Count),
                ("delivered_at", Shape::Maybe(&Shape::Instant)),
                ("run", Shape::Text),
                ("group", Shape::Text),
                ("name", Shape::Text),
                ("command", Shape::Text),
                ("writers", Shape::List(USER)),
                ("readers", Shape::List(USER)),
            ])),
        ),
        ("next", Shape::Maybe(&Shape::Text)),
    ]),
};

/// Who writes or reads one.
const USER: &Shape = &Shape::Object(&[
    ("group", Shape::Text),
    ("name", Shape::Text),
    ("command", Shape::Text),
    ("run", Shape::Text),
    ("at", Shape::Instant),
]);

pub(crate) const RECORDS: ApiPath = ApiPath {
    path: "/api/v1/records/{collection}",
    summary: "The records of a collection, by key",
    role: Role::Viewer,
    parameters: &[part("collection", "its name"), CURSOR, LIMIT],
    answer: Shape::Object(&[
        (
            "items",
            Shape::List(&Shape::Object(&[
                ("collection", Shape::Text),
                ("key", Shape::Text),
                ("data", Shape::Anything),
                ("changed_at", Shape::Maybe(&Shape::Instant)),
                ("changed_run", Shape::Text),
            ])),
        ),
        ("next", Shape::Maybe(&Shape::Text)),
    ]),
};

pub(crate) fn routes() -> Routes {
    route_of(&COLLECTIONS, list).merge(route_of(&RECORDS, records))
}

/// A page of a list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordsQuery {
    cursor: Option<String>,
    limit: Option<u32>,
}

async fn list(
    State(site): State<Arc<Site>>,
    Parameters(query): Parameters<RecordsQuery>,
) -> Result<Json<ListPage<CollectionAnswer>>, Fault> {
    let after = key(query.cursor.as_deref())?;
    let limit = limit(query.limit)?;
    let found = collections(&site.store, site.clock.now()).await?;
    let name = |answer: &CollectionAnswer| answer.collection.collection.clone();
    Ok(Json(ListPage::after(found, after.as_deref(), limit, name)))
}

async fn records(
    State(site): State<Arc<Site>>,
    PathPart(collection): PathPart,
    Parameters(query): Parameters<RecordsQuery>,
) -> Result<Json<ListPage<Kept>>, Fault> {
    let after = key(query.cursor.as_deref())?.unwrap_or_default();
    let limit = limit(query.limit)?;
    let found = records_after(&site.store, &collection, &after, limit + 1).await?;
    if found.is_empty() && after.is_empty() {
        let hint = "/api/v1/records lists them";
        return Err(Fault::not_found(format!("there is no collection {collection:?}")).hint(hint));
    }
    Ok(Json(ListPage::of(found, limit, |record| record.key.clone())))
}
