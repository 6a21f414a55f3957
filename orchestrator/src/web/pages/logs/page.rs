//! `/runs/{run}/logs/{place}`: a page of a log of any size, by byte offset, at its interesting end;
//! what is looked for in the whole of it; and `/raw`, the file itself.

use std::sync::Arc;
use std::time::Instant;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::model::Stream;
use crate::queries::logs::LogHole;
use crate::queries::logs::attempt_file::has_ended;
use crate::queries::logs::find::{Direction, LogHit, Needle, PATIENCE, find};
use crate::queries::logs::jump::Landing;
use crate::queries::logs::opened::open_log;
use crate::queries::logs::window::{At, LogWindow, read_window};
use crate::store::{RecordedAttempt, TaskState};
use crate::web::fault::Fault;
use crate::web::pages::frame::{Frame, LiveMark, Reader, page};
use crate::web::pages::logs::asked::{Asked, unreadable};
use crate::web::pages::logs::go::go_to;
use crate::web::parameters::{Parameters, PathParts};
use crate::web::route_policy::{DATA, Routes, readable};
use crate::web::site::Site;
use crate::web::views::home::attention::sentence;
use crate::web::views::links::{self, with_query};
use crate::web::views::log::lines::{ShownLine, lines};
use crate::web::views::log::words::{missing, never_started, nothing_found};
use crate::web::views::look::OutcomeLook;
use crate::web::views::numbers::bytes;

pub(crate) fn route() -> Routes {
    readable("/runs/{run}/logs/{place}", DATA, log)
}

/// Where in the log, and what is looked for.
#[derive(Debug, Default, Deserialize)]
struct LogQuery {
    /// A byte offset, or `end`.
    at: Option<String>,
    /// Only what ends before this offset.
    before: Option<u64>,
    stream: Option<String>,
    q: Option<String>,
    /// `next`, `previous` or `stderr`, from `from` on.
    find: Option<String>,
    from: Option<u64>,
    /// A line by its number, or a moment.
    go: Option<String>,
}

#[derive(Template)]
#[template(path = "log.html")]
struct LogPage {
    frame: Frame,
    run: String,
    run_href: String,
    task_href: String,
    name: String,
    attempt: u32,
    attempts: Vec<(u32, String)>,
    look: OutcomeLook,
    why: String,
    path: String,
    stream: &'static str,
    streams: [(&'static str, String, bool); 3],
    word: String,
    shown: Option<Shown>,
    /// Why there is nothing to show.
    nothing: Option<String>,
    /// What came of a search that found nothing.
    told: Option<String>,
    go_on: Option<String>,
}

/// A page of the log.
struct Shown {
    lines: Vec<ShownLine>,
    size: String,
    before: String,
    after: String,
    at_begin: bool,
    at_end: bool,
    running: bool,
    /// Up to which byte it is shown.
    to: u64,
    /// Whether its lines have a place in the file: all of a page have.
    filed: bool,
    first: String,
    earlier: String,
    later: String,
    last: String,
    hit_next: String,
    hit_previous: String,
    error_next: String,
    /// Of a thousand: where the page lies and how much of the log it is.
    view: (u64, u64),
}

async fn log(
    State(site): State<Arc<Site>>,
    reader: Reader,
    PathParts([run, place]): PathParts<2>,
    Parameters(query): Parameters<LogQuery>,
) -> Result<Response, Fault> {
    let asked = Asked::read(&site, &run, &place).await?;
    let (task, attempt) = asked.found()?;
    let path = format!(
        "/runs/{}/logs/{}.{}",
        asked.run(),
        asked.place.position,
        asked.place.attempt
    );
    let mut told = None;
    let mut go_on = None;
    if let (Some(attempt), Some(what)) = (attempt, query.find.as_deref()) {
        match look_for(&site, &asked, attempt, &query, what).await? {
            LogHit::At(offset) => return Ok(there(&path, &query, offset)),
            LogHit::Nothing => told = Some(nothing_found(what)),
            LogHit::NotYet(at) => {
                told = Some(format!("Searched up to byte {at}, and nothing so far."));
                go_on = Some(address(
                    &path,
                    &query,
                    &[("find", what), ("from", &at.to_string())],
                ));
            }
        }
    }
    let go = query.go.as_deref().filter(|go| !go.trim().is_empty());
    if let (Some(attempt), Some(go)) = (attempt, go) {
        match go_to(&site, &asked, attempt, go, query.from).await? {
            Landing::At(offset) => return Ok(there(&path, &query, offset)),
            Landing::Beyond => told = Some("The log ends before that.".to_owned()),
            Landing::NotYet { from, left } => {
                told = Some(format!("Counted up to byte {from}; {left} lines further it is."));
                let more = [("go", &*left.to_string()), ("from", &*from.to_string())];
                go_on = Some(address(&path, &query, &more));
            }
        }
    }
    let (shown, nothing) = match attempt {
        None => (None, Some(never_started(task))),
        Some(attempt) => match window(&site, &asked, task, attempt, &query).await? {
            Ok((found, holes)) => {
                told = told.or_else(|| missing(task, &holes));
                (Some(shown(&path, &query, found, !has_ended(task, attempt))), None)
            }
            Err(gone) => (None, Some(gone)),
        },
    };
    Ok(page(&log_page(
        &site,
        &reader,
        &asked,
        &query,
        Parts {
            path,
            shown,
            nothing,
            told,
            go_on,
        },
    )?))
}

/// To the line that begins there.
fn there(path: &str, query: &LogQuery, offset: u64) -> Response {
    let to = address(path, query, &[("at", &offset.to_string())]);
    (StatusCode::SEE_OTHER, [(LOCATION, format!("{to}#b{offset}"))]).into_response()
}

/// What the page is made of beside the run.
struct Parts {
    path: String,
    shown: Option<Shown>,
    nothing: Option<String>,
    told: Option<String>,
    go_on: Option<String>,
}

fn log_page(
    site: &Site,
    reader: &Reader,
    asked: &Asked,
    query: &LogQuery,
    parts: Parts,
) -> Result<LogPage, Fault> {
    let (task, attempt) = asked.found()?;
    let now = site.clock.now();
    let summary = &task.summary;
    let number = asked.place.attempt;
    let word = match attempt {
        Some(attempt) => attempt.outcome.as_deref().unwrap_or("running"),
        None => summary.word(),
    };
    let mut frame = Frame::new(format!("Log of {}", summary.name), "/runs", now, reader);
    let follows = parts.shown.as_ref().filter(|shown| shown.running && shown.at_end);
    if let Some(shown) = follows {
        frame.refresh = Some(10);
        frame.live = Some(LiveMark {
            query: format!(
                "run={}&log={}.{}&from={}",
                asked.run(),
                asked.place.position,
                asked.place.attempt,
                shown.to
            ),
            revision: String::new(),
        });
    }
    let chosen = stream(query);
    let choice = |name: &'static str, value: &'static str| {
        let href = address(&parts.path, query, &[("stream", value)]);
        (name, href, chosen.map_or("", Stream::as_str) == value)
    };
    Ok(LogPage {
        frame,
        run: asked.run().to_string(),
        run_href: format!("/runs/{}", asked.run()),
        task_href: format!("/runs/{}?task={}#why", asked.run(), summary.position),
        name: format!("{}/{}", summary.group, summary.name),
        attempt: number,
        attempts: task
            .attempt_list
            .iter()
            .filter_map(|attempt| {
                let href = links::log(asked.run(), summary.position, attempt.number)?;
                Some((attempt.number, href))
            })
            .collect(),
        look: OutcomeLook::of(word),
        why: attempt
            .and_then(|attempt| attempt.reason.as_deref())
            .map(sentence)
            .unwrap_or_default(),
        stream: chosen.map_or("", Stream::as_str),
        streams: [
            choice("both", ""),
            choice("stdout", "stdout"),
            choice("stderr", "stderr"),
        ],
        word: query.q.clone().unwrap_or_default(),
        path: parts.path,
        shown: parts.shown,
        nothing: parts.nothing,
        told: parts.told,
        go_on: parts.go_on,
    })
}

fn stream(query: &LogQuery) -> Option<Stream> {
    match query.stream.as_deref() {
        Some("stdout") => Some(Stream::Stdout),
        Some("stderr") => Some(Stream::Stderr),
        _ => None,
    }
}

/// The same page with its search and its stream, and these parameters.
fn address(path: &str, query: &LogQuery, more: &[(&str, &str)]) -> String {
    let mut all: Vec<(&str, Option<&str>)> = more.iter().map(|(name, value)| (*name, Some(*value))).collect();
    for (name, value) in [("q", query.q.as_deref()), ("stream", query.stream.as_deref())] {
        if !more.iter().any(|(own, _)| *own == name) {
            all.push((name, value));
        }
    }
    with_query(path, &all)
}

/// Searches the file, a few searches at a time.
async fn look_for(
    site: &Site,
    asked: &Asked,
    attempt: &RecordedAttempt,
    query: &LogQuery,
    what: &str,
) -> Result<LogHit, Fault> {
    let (needle, direction) = match what {
        "stderr" => (Some(Needle::Stderr), Direction::Onwards),
        "previous" => (query.q.as_deref().and_then(Needle::word), Direction::Back),
        "next" => (query.q.as_deref().and_then(Needle::word), Direction::Onwards),
        other => {
            return Err(Fault::unknown_value(
                "find",
                other,
                ["next", "previous", "stderr"],
            ));
        }
    };
    let Some(needle) = needle else {
        return Err(Fault::bad_request("`q` is what is looked for: 1 to 1000 bytes"));
    };
    let Ok(_turn) = site.log_searches.acquire().await else {
        return Err(Fault::bad_request("this process ends"));
    };
    let opened = open_log(&site.store, &site.state_dir, asked.run(), attempt).await;
    let mut file = unreadable(Ok(opened))?;
    let from = query.from.unwrap_or_default().max(file.first());
    let searched = tokio::task::spawn_blocking(move || {
        find(&mut file, &needle, from, direction, Instant::now() + PATIENCE)
    });
    unreadable(searched.await)
}

/// The page that is wanted; else why there is none.
async fn window(
    site: &Site,
    asked: &Asked,
    task: &TaskState,
    attempt: &RecordedAttempt,
    query: &LogQuery,
) -> Result<Result<(LogWindow, Vec<LogHole>), String>, Fault> {
    let ended = has_ended(task, attempt);
    let at =
        match (query.before, query.at.as_deref()) {
            (Some(before), _) => At::Before(before),
            (None, Some("end")) => At::End,
            (None, Some(offset)) => At::Offset(offset.parse().map_err(|_| {
                Fault::bad_request("`at` is no place in a log").hint("a byte offset, or `end`")
            })?),
            // The interesting end: of what failed or runs, the last it said.
            (None, None) if attempt.outcome.as_deref() == Some("succeeded") => At::Offset(0),
            (None, None) => At::End,
        };
    let mut file = match open_log(&site.store, &site.state_dir, asked.run(), attempt).await {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let gone = "Its log is not there: it was removed with its run's directory, or never made.";
            return Ok(Err(gone.to_owned()));
        }
        opened => unreadable(Ok(opened))?,
    };
    let holes = file.holes();
    let at = match at {
        At::Offset(offset) => At::Offset(offset.max(file.first())),
        at => at,
    };
    let read = tokio::task::spawn_blocking(move || {
        let mut window = read_window(&mut file, at, ended)?;
        // A hit is seen with what stands before it.
        if let At::Offset(offset) = at
            && offset > file.first()
        {
            let before = read_window(&mut file, At::Before(window.from), ended)?;
            let context = before.records.len().saturating_sub(CONTEXT);
            let mut records = before.records;
            records.drain(..context);
            window.from = records.first().map_or(window.from, |record| record.offset);
            records.append(&mut window.records);
            window.records = records;
        }
        Ok(window)
    });
    Ok(Ok((unreadable(read.await)?, holes)))
}

/// As many lines are shown before the place that was asked for.
const CONTEXT: usize = 10;

fn shown(path: &str, query: &LogQuery, mut found: LogWindow, running: bool) -> Shown {
    if let Some(wanted) = stream(query) {
        found.records.retain(|record| record.stream == wanted);
    }
    let word = query
        .q
        .as_deref()
        .filter(|word| !word.is_empty() && word.len() <= 1000);
    let word = word.and_then(|word| {
        let pattern = regex::RegexBuilder::new(&regex::escape(word))
            .case_insensitive(true)
            .build();
        pattern.ok()
    });
    let to = |more: &[(&str, &str)]| address(path, query, more);
    let (from, until) = (found.from.to_string(), found.to.to_string());
    // The next hit is looked for behind the first line that is shown with one.
    let lines = lines(&found.records, word.as_ref());
    let hits: Vec<u64> = lines
        .iter()
        .filter(|line| line.hit)
        .map(|line| line.offset)
        .collect();
    let here = query
        .at
        .as_deref()
        .and_then(|at| at.parse::<u64>().ok())
        .unwrap_or(found.from);
    let behind = hits
        .iter()
        .find(|hit| **hit >= here)
        .map_or(here, |hit| hit + 1)
        .to_string();
    let errors = lines.iter().find(|line| line.is_error && line.offset > here);
    let error_from = errors.map_or(found.to, |line| line.offset).to_string();
    let size = found.size.max(1);
    Shown {
        size: bytes(found.size),
        before: bytes(found.from),
        after: bytes(found.size.saturating_sub(found.to)),
        at_begin: found.from == 0,
        at_end: found.to >= found.size,
        running,
        to: found.to,
        filed: true,
        first: to(&[("at", "0")]),
        earlier: to(&[("before", &from)]),
        later: to(&[("at", &until)]),
        last: to(&[("at", "end")]),
        hit_next: to(&[("find", "next"), ("from", &behind)]),
        hit_previous: to(&[("find", "previous"), ("from", &here.to_string())]),
        error_next: to(&[("find", "stderr"), ("from", &error_from)]),
        view: (
            found.from * 1000 / size,
            ((found.to - found.from) * 1000 / size).max(8),
        ),
        lines,
    }
}
