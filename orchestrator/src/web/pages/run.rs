//! `/runs/{id}`: what exactly happened, and why?

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::model::RunId;
use crate::queries::run_details::run_details;
use crate::store::{ActionOutcome, ActionVerb, KnownAction, Store, StoreError};
use crate::web::fault::Fault;
use crate::web::live::run::run_revision;
use crate::web::pages::actions::waiting::waiting;
use crate::web::pages::frame::{Frame, LiveMark, Reader, page};
use crate::web::parameters::{Parameters, PathPart};
use crate::web::route_policy::{DATA, Routes, readable};
use crate::web::site::Site;
use crate::web::views::links;
use crate::web::views::look::OutcomeLook;
use crate::web::views::moment::ShownMoment;
use crate::web::views::run::cause::{TaskCause, cause, chosen};
use crate::web::views::run::facts::{Fact, Hands, RUNS_FOR, facts, look, result, title};
use crate::web::views::run::rows::{ShownTask, WIDTH, rows};

pub(crate) fn route() -> Routes {
    readable("/runs/{run}", DATA, run)
}

/// Which of its collectors is looked at.
#[derive(Debug, Deserialize)]
struct RunQuery {
    task: Option<usize>,
}

#[derive(Template)]
#[template(path = "run.html")]
struct RunPage {
    frame: Frame,
    id: String,
    /// Where it is cancelled while it goes on, and retried afterwards.
    cancel: Option<String>,
    retry: Option<String>,
    title: String,
    began: ShownMoment,
    group: Option<(String, String)>,
    look: OutcomeLook,
    result: String,
    lost: Option<String>,
    facts: Vec<Fact>,
    /// The name of the one that changes by itself.
    runs_for: &'static str,
    from: String,
    to: String,
    rows: Vec<ShownTask>,
    bar_width: i64,
    selected: usize,
    cause: Option<TaskCause>,
}

/// Whose hands the audit has on a run.
async fn hands(store: &Store, run: &RunId) -> Result<Hands, StoreError> {
    let begun = store.action_of_run(run).await?;
    let done = store.actions_on(run.as_str(), 20).await?;
    let is_cancel =
        |action: &&KnownAction| action.verb == ActionVerb::Cancel && action.outcome == ActionOutcome::Done;
    let actor = |action: &KnownAction| action.actor.clone();
    Ok(Hands {
        begun: begun.as_ref().map(actor),
        cancelled: done.iter().find(is_cancel).map(actor),
        note: begun.and_then(|action| action.note),
    })
}

async fn run(
    State(site): State<Arc<Site>>,
    reader: Reader,
    PathPart(word): PathPart,
    Parameters(query): Parameters<RunQuery>,
) -> Result<Response, Fault> {
    let now = site.clock.now();
    let details = match run_details(&site.store, &word).await {
        Ok(details) => details,
        Err(error) => {
            // Who asked for it is led here before it has begun.
            let asked_for = waiting(&site, &reader, &word).await?;
            return asked_for.ok_or_else(|| error.into());
        }
    };
    let header = &details.record.header;
    if header.run.as_str() != word {
        // `last`, or a part of an id: the page has one address.
        let location = links::run(&header.run).unwrap_or_else(|| "/runs".to_owned());
        return Ok((StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response());
    }
    let hands = hands(&site.store, &header.run).await?;
    let tasks = || details.record.tasks.iter().map(|task| &task.summary);
    let words: Vec<&str> = tasks().map(|summary| summary.word()).collect();
    let names: Vec<(&str, &str)> = tasks()
        .map(|summary| (summary.group.as_str(), summary.name.as_str()))
        .collect();
    let title = title(header, details.slot.as_ref(), &names);
    let began = ShownMoment::new(header.started_at, now);
    let ended = header.finished_at.map(|at| ShownMoment::new(at, now));
    let mut frame = Frame::new(
        format!("{title}, {} {}", began.day, began.clock),
        "/runs",
        now,
        &reader,
    );
    if header.finished_at.is_none() {
        frame.refresh = Some(10);
        frame.live = Some(LiveMark {
            query: format!("run={}", header.run),
            revision: run_revision(&details.record),
        });
    }
    let doing = site.live.feed.doing(&header.run);
    let task = chosen(&details.record.tasks, query.task);
    Ok(page(&RunPage {
        frame,
        id: header.run.to_string(),
        cancel: links::run_action(&header.run, "cancel").filter(|_| header.finished_at.is_none()),
        retry: links::run_action(&header.run, "retry").filter(|_| header.finished_at.is_some()),
        group: header.group.as_ref().map(|group| {
            let href = links::with_query("/runs", &[("group", Some(group))]);
            (group.clone(), href)
        }),
        title,
        look: look(header, &words),
        result: result(&words),
        lost: header.lost.clone(),
        facts: facts(&details, &hands, now),
        runs_for: RUNS_FOR,
        from: began.clock.clone(),
        to: ended.map_or_else(|| "now".to_owned(), |ended| ended.clock),
        began,
        rows: rows(&details, &doing, now),
        bar_width: WIDTH,
        selected: task.map_or(0, |task| task.summary.position),
        cause: task.map(|task| cause(&header.run, task, now)),
    }))
}
