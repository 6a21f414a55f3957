//! `/records`: what collectors brought. The collections, and the records of one of them by key.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use crate::model::RunId;
use crate::queries::collections::{collections, records_after};
use crate::web::fault::Fault;
use crate::web::pages::frame::{Frame, Reader, page};
use crate::web::parameters::Parameters;
use crate::web::route_policy::{DATA, Routes, readable};
use crate::web::site::Site;
use crate::web::views::links;
use crate::web::views::moment::ShownMoment;
use crate::web::views::numbers::{brought, grouped};

/// Records on a page.
const LAST: u32 = 50;

/// A record is shown so far; the whole of it is in the API and in the export.
const DATA_SHOWN: usize = 400;

pub(crate) fn route() -> Routes {
    readable("/records", DATA, records)
}

/// Which collection, and from which key on.
#[derive(Debug, Deserialize)]
struct RecordsQuery {
    collection: Option<String>,
    after: Option<String>,
}

#[derive(Template)]
#[template(path = "records.html")]
struct RecordsPage {
    frame: Frame,
    total: String,
    collections: Vec<CollectionRow>,
    shown: Option<Shown>,
}

struct CollectionRow {
    name: String,
    href: String,
    current: bool,
    records: String,
    by: String,
    by_href: String,
    delivered: Option<ShownMoment>,
    brought: String,
    run: Option<String>,
}

struct Shown {
    collection: String,
    records: Vec<RecordRow>,
    older: Option<String>,
    first: Option<String>,
}

struct RecordRow {
    key: String,
    data: String,
    changed: Option<ShownMoment>,
    run: Option<String>,
}

async fn records(
    State(site): State<Arc<Site>>,
    reader: Reader,
    Parameters(query): Parameters<RecordsQuery>,
) -> Result<Response, Fault> {
    let now = site.clock.now();
    let found = collections(&site.store).await?;
    let total: u64 = found.iter().map(|collection| collection.records).sum();
    let wanted = query.collection.as_deref().filter(|name| !name.is_empty());
    if let Some(name) = wanted
        && !found.iter().any(|collection| collection.collection == name)
    {
        return Err(
            Fault::not_found(format!("there is no collection {name:?}")).hint("the page Records lists them")
        );
    }
    let shown = match wanted {
        Some(name) => Some(shown(&site, name, query.after.as_deref().unwrap_or_default()).await?),
        None => None,
    };
    let row = |collection: crate::queries::collections::Collection| CollectionRow {
        href: links::with_query("/records", &[("collection", Some(&collection.collection))]),
        current: wanted == Some(collection.collection.as_str()),
        records: grouped(collection.records),
        by: format!("{}/{}", collection.group, collection.name),
        by_href: links::collector(&collection.group, &collection.name),
        delivered: collection.delivered_at.map(|at| ShownMoment::new(at, now)),
        brought: match brought(collection.counts) {
            words if words.is_empty() => format!("{} unchanged", grouped(collection.counts.unchanged)),
            words => words,
        },
        run: links::run(&RunId::new(&*collection.run)),
        name: collection.collection,
    };
    Ok(page(&RecordsPage {
        frame: Frame::new("Records", "/records", now, &reader),
        total: grouped(total),
        collections: found.into_iter().map(row).collect(),
        shown,
    }))
}

async fn shown(site: &Site, collection: &str, after: &str) -> Result<Shown, Fault> {
    let now = site.clock.now();
    let kept = records_after(&site.store, collection, after, LAST).await?;
    let address = |after: Option<&str>| {
        links::with_query("/records", &[("collection", Some(collection)), ("after", after)])
    };
    let full = kept.len() >= LAST as usize;
    let older = kept.last().filter(|_| full).map(|last| address(Some(&last.key)));
    let row = |record: crate::queries::collections::Kept| {
        let data = record.data.get();
        let mut shown: String = data.chars().take(DATA_SHOWN).collect();
        if shown.len() < data.len() {
            shown.push('\u{2026}');
        }
        RecordRow {
            data: shown,
            changed: record.changed_at.map(|at| ShownMoment::new(at, now)),
            run: links::run(&RunId::new(&*record.changed_run)),
            key: record.key,
        }
    };
    Ok(Shown {
        collection: collection.to_owned(),
        records: kept.into_iter().map(row).collect(),
        older,
        first: (!after.is_empty()).then(|| address(None)),
    })
}
