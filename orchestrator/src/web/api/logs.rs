//! `/api/v1/runs/{run}/logs/{place}`: a page of the log of one attempt, by byte offset.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Json;
use serde::{Deserialize, Serialize};

use crate::model::RunId;
use crate::queries::find_run::find_run;
use crate::queries::logs::attempt_file::{LogPlace, has_ended, open_attempt_log};
use crate::queries::logs::window::{At, LogWindow, PlacedRecord, read_window};
use crate::store::Role;
use crate::web::api::document::path::{ApiPath, part, query};
use crate::web::api::document::shape::Shape;
use crate::web::api::route::route_of;
use crate::web::fault::Fault;
use crate::web::pages::logs::asked::unreadable;
use crate::web::parameters::{Parameters, PathParts};
use crate::web::route_policy::Routes;
use crate::web::site::Site;
use crate::web::views::links::is_run_id;

pub(crate) const PATH: ApiPath = ApiPath {
    path: "/api/v1/runs/{run}/logs/{place}",
    summary: "A page of the log of one attempt: at most 64 KiB and 1,000 records",
    role: Role::Viewer,
    parameters: &[
        part("run", "its id"),
        part("place", "POSITION.TRY, both from 1"),
        query(
            "at",
            Shape::Text,
            "a byte offset, or `end`; the beginning where nothing is said",
        ),
        query("before", Shape::Count, "only what ends before this offset"),
    ],
    answer: Shape::Object(&[
        ("log", Shape::Maybe(&Shape::Text)),
        ("offset", Shape::Count),
        ("next_offset", Shape::Count),
        ("size", Shape::Count),
        ("more", Shape::Truth),
        ("ended", Shape::Truth),
        ("reason", Shape::Maybe(&Shape::Text)),
        (
            "lines",
            Shape::List(&Shape::Object(&[
                ("offset", Shape::Count),
                ("at", Shape::Text),
                ("stream", Shape::Word(&["stdout", "stderr"])),
                ("text", Shape::Text),
                ("partial", Shape::Truth),
            ])),
        ),
    ]),
};

pub(crate) fn route() -> Routes {
    route_of(&PATH, log)
}

/// Where in the log.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LogQuery {
    at: Option<String>,
    before: Option<u64>,
}

/// A page of it.
#[derive(Debug, Default, Serialize)]
struct ApiLogPage {
    /// Relative to the state directory; `None` if it was never started.
    log: Option<String>,
    offset: u64,
    next_offset: u64,
    size: u64,
    /// Whether there is more in the file after this page.
    more: bool,
    /// Whether nothing will be written to it any more.
    ended: bool,
    /// Why there is nothing, where nothing was started or its file is gone.
    reason: Option<String>,
    lines: Vec<ApiLogLine>,
}

#[derive(Debug, Serialize)]
struct ApiLogLine {
    offset: u64,
    at: String,
    stream: &'static str,
    text: String,
    /// Whether the line goes on in the next record of its stream.
    partial: bool,
}

async fn log(
    State(site): State<Arc<Site>>,
    PathParts([run, place]): PathParts<2>,
    Parameters(query): Parameters<LogQuery>,
) -> Result<Json<ApiLogPage>, Fault> {
    let nothing = || Fault::not_found("there is no such log").hint("/api/v1/runs/{run} lists the attempts");
    let place = LogPlace::parse(&place).ok_or_else(nothing)?;
    if !is_run_id(&run) {
        return Err(nothing());
    }
    let at = at(&query)?;
    let record = find_run(&site.store, &run).await?;
    let (task, attempt) = place.find(&record).ok_or_else(nothing)?;
    let Some(attempt) = attempt.cloned() else {
        return Ok(Json(ApiLogPage {
            ended: record.header.finished_at.is_some(),
            reason: Some(match task.summary.reason.is_empty() {
                true => "it has not been started".to_owned(),
                false => task.summary.reason.clone(),
            }),
            ..ApiLogPage::default()
        }));
    };
    let ended = has_ended(task, &attempt);
    let (state_dir, run) = (site.state_dir.clone(), RunId::new(run));
    let (log, of) = (attempt.log.clone(), attempt);
    let read = tokio::task::spawn_blocking(move || match open_attempt_log(&state_dir, &run, &of) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        file => read_window(&mut file?, at, ended).map(Some),
    });
    Ok(Json(match unreadable(read.await)? {
        Some(window) => page(window, log, ended),
        None => ApiLogPage {
            log: Some(log),
            ended,
            reason: Some("its log is not there".to_owned()),
            ..ApiLogPage::default()
        },
    }))
}

fn at(query: &LogQuery) -> Result<At, Fault> {
    match (query.before, query.at.as_deref()) {
        (Some(before), None) => Ok(At::Before(before)),
        (Some(_), Some(_)) => Err(Fault::bad_request("either `at` or `before`")),
        (None, None) => Ok(At::Offset(0)),
        (None, Some("end")) => Ok(At::End),
        (None, Some(offset)) => {
            let wrong = |_| Fault::bad_request("`at` is no place in a log").hint("a byte offset, or `end`");
            offset.parse().map(At::Offset).map_err(wrong)
        }
    }
}

fn page(window: LogWindow, log: String, ended: bool) -> ApiLogPage {
    ApiLogPage {
        log: Some(log),
        offset: window.from,
        next_offset: window.to,
        size: window.size,
        more: window.to < window.size,
        ended,
        reason: None,
        lines: window.records.into_iter().map(line).collect(),
    }
}

fn line(record: PlacedRecord) -> ApiLogLine {
    let text = record.bytes.strip_suffix(b"\r").unwrap_or(&record.bytes);
    ApiLogLine {
        offset: record.offset,
        stream: record.stream.as_str(),
        text: String::from_utf8_lossy(text).into_owned(),
        partial: !record.whole,
        at: record.at,
    }
}
