//! The JSON API, `/api/v1`: the documents of `--format json` of the verbs. Read-only. One file a
//! path: its document, its route and its handler. A route is made of its document (`document/`),
//! so that none is without one, and `/api/v1/openapi.json` is what there is.

pub(crate) mod answer;
pub(crate) mod document;
pub(crate) mod former;
pub(crate) mod logs;
pub(crate) mod next;
pub(crate) mod notices;
pub(crate) mod openapi;
pub(crate) mod records;
pub(crate) mod releases;
pub(crate) mod route;
pub(crate) mod routes;
pub(crate) mod runs;
pub(crate) mod schedule;
pub(crate) mod status;
pub(crate) mod why;
pub(crate) mod workers;
