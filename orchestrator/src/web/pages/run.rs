//! `/runs/{id}`: what exactly happened, and why?

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::queries::run_details::run_details;
use crate::web::fault::Fault;
use crate::web::pages::frame::{Frame, Reader, page};
use crate::web::parameters::{Parameters, PathPart};
use crate::web::route_policy::{DATA, Routes, readable};
use crate::web::site::Site;
use crate::web::views::links;
use crate::web::views::look::OutcomeLook;
use crate::web::views::moment::ShownMoment;
use crate::web::views::run::cause::{TaskCause, cause, chosen};
use crate::web::views::run::facts::{Fact, facts, look, result, title};
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
    title: String,
    began: ShownMoment,
    group: Option<(String, String)>,
    look: OutcomeLook,
    result: String,
    lost: Option<String>,
    facts: Vec<Fact>,
    from: String,
    to: String,
    rows: Vec<ShownTask>,
    bar_width: i64,
    selected: usize,
    cause: Option<TaskCause>,
}

async fn run(
    State(site): State<Arc<Site>>,
    reader: Reader,
    PathPart(word): PathPart,
    Parameters(query): Parameters<RunQuery>,
) -> Result<Response, Fault> {
    let now = site.clock.now();
    let details = run_details(&site.store, &word).await?;
    let header = &details.record.header;
    if header.run.as_str() != word {
        // `last`, or a part of an id: the page has one address.
        let location = links::run(&header.run).unwrap_or_else(|| "/runs".to_owned());
        return Ok((StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response());
    }
    let words: Vec<&str> = details
        .record
        .tasks
        .iter()
        .map(|task| task.summary.word())
        .collect();
    let names: Vec<(&str, &str)> = details
        .record
        .tasks
        .iter()
        .map(|task| (task.summary.group.as_str(), task.summary.name.as_str()))
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
    frame.refresh = header.finished_at.is_none().then_some(10);
    let task = chosen(&details.record.tasks, query.task);
    Ok(page(&RunPage {
        frame,
        id: header.run.to_string(),
        group: header.group.as_ref().map(|group| {
            let href = links::with_query("/runs", &[("group", Some(group))]);
            (group.clone(), href)
        }),
        title,
        look: look(header, &words),
        result: result(&words),
        lost: header.lost.clone(),
        facts: facts(&details, now),
        from: began.clock.clone(),
        to: ended.map_or_else(|| "now".to_owned(), |ended| ended.clock),
        began,
        rows: rows(&details, now),
        bar_width: WIDTH,
        selected: task.map_or(0, |task| task.summary.position),
        cause: task.map(|task| cause(&header.run, task, now)),
    }))
}
