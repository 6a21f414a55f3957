//! `/schedule`: the timetable in force, what fires next, and the file as it is read, with what is
//! wrong at its line.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::store::Pause;
use crate::web::fault::Fault;
use crate::web::pages::frame::{Frame, Reader, page};
use crate::web::route_policy::{DATA, Routes, readable};
use crate::web::schedule_text::ScheduleText;
use crate::web::site::Site;
use crate::web::views::moment::ShownMoment;
use crate::web::views::schedule::entries::{EntryRow, entries};
use crate::web::views::schedule::source::{SourceLine, source};

pub(crate) fn route() -> Routes {
    readable("/schedule", DATA, schedule)
}

#[derive(Template)]
#[template(path = "schedule.html")]
struct SchedulePage {
    frame: Frame,
    loaded: ShownMoment,
    /// Whether the file is not in force as it is now; and at which line it is wrong.
    refused: bool,
    error_line: Option<usize>,
    errors: usize,
    entries: Vec<EntryRow>,
    path: String,
    unreadable: Option<String>,
    lines: Vec<SourceLine>,
}

async fn schedule(State(site): State<Arc<Site>>, reader: Reader) -> Result<Response, Fault> {
    let now = site.clock.now();
    let standing = site.standing.borrow().clone();
    let pauses = site.store.pauses().await?;
    let file = Arc::clone(&site);
    let read = tokio::task::spawn_blocking(move || (file.read_schedule)()).await;
    let read = read.unwrap_or_else(|error| ScheduleText {
        path: "schedule file".to_owned(),
        text: Err(error.to_string()),
        problems: Vec::new(),
    });
    let mut errors = read.problems.iter().filter(|problem| problem.is_error);
    let error_line = errors.clone().next().map(|problem| problem.line);
    let is_paused = |group: &str| Pause::of(&pauses, group).is_some();
    Ok(page(&SchedulePage {
        frame: Frame::new("Schedule", "/schedule", now, &reader),
        loaded: ShownMoment::new(standing.loaded_at, now),
        refused: standing.schedule_error.is_some() || error_line.is_some(),
        error_line,
        errors: errors.by_ref().count(),
        entries: entries(&standing.schedule, is_paused, now),
        lines: source(&read),
        unreadable: read.text.err(),
        path: read.path,
    }))
}
