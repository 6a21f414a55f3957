//! `/records`: what collectors brought. The collections, and the records of one of them by key.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use serde::Deserialize;

use crate::model::RunId;
use crate::queries::collections::{CollectionAnswer, CollectionUser, Kept, collections, records_after};
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
    writers: Vec<UserLink>,
    readers: Vec<UserLink>,
    delivered: Option<ShownMoment>,
    brought: String,
    run: Option<String>,
}

/// A task that writes or reads a collection.
struct UserLink {
    name: String,
    href: String,
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
    let found = collections(&site.store, now).await?;
    let total: u64 = found.iter().map(|answer| answer.collection.records).sum();
    let wanted = query.collection.as_deref().filter(|name| !name.is_empty());
    if let Some(name) = wanted
        && !found.iter().any(|answer| answer.collection.collection == name)
    {
        return Err(
            Fault::not_found(format!("there is no collection {name:?}")).hint("the page Records lists them")
        );
    }
    let shown = match wanted {
        Some(name) => Some(shown(&site, name, query.after.as_deref().unwrap_or_default()).await?),
        None => None,
    };
    let row = |answer: CollectionAnswer| row(answer, wanted, now);
    Ok(page(&RecordsPage {
        frame: Frame::new("Records", "/records", now, &reader),
        total: grouped(total),
        collections: found.into_iter().map(row).collect(),
        shown,
    }))
}

fn row(answer: CollectionAnswer, wanted: Option<&str>, now: Timestamp) -> CollectionRow {
    let collection = answer.collection;
    let mut writers: Vec<UserLink> = answer.writers.iter().map(UserLink::from).collect();
    if writers.is_empty() {
        // Whoever delivered last, though nobody did in the days that are looked at.
        writers.push(UserLink::new(&collection.group, &collection.name));
    }
    CollectionRow {
        href: links::with_query("/records", &[("collection", Some(&collection.collection))]),
        current: wanted == Some(collection.collection.as_str()),
        records: grouped(collection.records),
        writers,
        readers: answer.readers.iter().map(UserLink::from).collect(),
        delivered: collection.delivered_at.map(|at| ShownMoment::new(at, now)),
        brought: match brought(collection.counts) {
            words if words.is_empty() => format!("{} unchanged", grouped(collection.counts.unchanged)),
            words => words,
        },
        run: links::run(&RunId::new(&*collection.run)),
        name: collection.collection,
    }
}

impl UserLink {
    fn new(group: &str, name: &str) -> Self {
        Self {
            name: format!("{group}/{name}"),
            href: links::collector(group, name),
        }
    }
}

impl From<&CollectionUser> for UserLink {
    fn from(user: &CollectionUser) -> Self {
        Self::new(&user.group, &user.name)
    }
}

async fn shown(site: &Site, collection: &str, after: &str) -> Result<Shown, Fault> {
    let now = site.clock.now();
    let kept = records_after(&site.store, collection, after, LAST).await?;
    let address = |after: Option<&str>| {
        links::with_query("/records", &[("collection", Some(collection)), ("after", after)])
    };
    let full = kept.len() >= LAST as usize;
    let older = kept.last().filter(|_| full).map(|last| address(Some(&last.key)));
    let row = |record: Kept| {
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
