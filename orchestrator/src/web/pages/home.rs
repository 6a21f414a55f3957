//! `/`: can I go on with my day? The night in a sentence, what needs somebody, what happened,
//! what comes.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use jiff::tz::TimeZone;

use crate::queries::overview::overview;
use crate::queries::status::{StatusProblem, StatusQuestion};
use crate::store::RunningTask;
use crate::web::fault::Fault;
use crate::web::live::home::{doings, home_revision};
use crate::web::pages::frame::{Frame, LiveMark, Reader, page};
use crate::web::route_policy::{DATA, Routes, readable};
use crate::web::site::Site;
use crate::web::views::home::attention::{AttentionRow, alarms, sentence};
use crate::web::views::home::coming::{Firing, coming};
use crate::web::views::home::groups::{GroupRow, groups, zones};
use crate::web::views::home::health::{Part, parts};
use crate::web::views::home::often::{OftenRow, WIDTH, often};
use crate::web::views::home::running::{Going, going};
use crate::web::views::home::tally::{BAR, Count, Nights, nights, tally};
use crate::web::views::numbers::brought;

pub(crate) fn route() -> Routes {
    readable("/", DATA, home)
}

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    frame: Frame,
    verdict: String,
    /// What is no collector's own: the first of it stands above everything.
    problem: Option<Problem>,
    problems: Vec<Problem>,
    counts: Vec<Count>,
    bar_width: usize,
    brought: String,
    nights: Nights,
    /// How many collectors need a look.
    attention: usize,
    alarms: Vec<AttentionRow>,
    more_alarms: usize,
    groups: Vec<GroupRow>,
    zones: String,
    often: Vec<OftenRow>,
    ticks_width: i64,
    running: Vec<Going>,
    firings: Vec<Firing>,
    more_firings: usize,
    parts: Vec<Part>,
    /// Whether nothing ever ran: then the page says how to begin.
    first: bool,
}

struct Problem {
    message: String,
    hint: Option<String>,
}

impl From<&StatusProblem> for Problem {
    fn from(problem: &StatusProblem) -> Self {
        Self {
            message: sentence(&problem.message),
            hint: problem.hint.clone(),
        }
    }
}

async fn home(State(site): State<Arc<Site>>, reader: Reader) -> Result<Response, Fault> {
    let now = site.clock.now();
    let standing = site.standing.borrow().clone();
    let asked = StatusQuestion {
        schedule: Some(&standing.schedule),
        schedule_error: standing.schedule_error.clone(),
        groups: &[],
        since: None,
        now,
        zone: &TimeZone::UTC,
        problems: Vec::new(),
    };
    let found = overview(&site.store, &asked).await?;
    let status = &found.status;
    let paused = |group: &str| {
        let mut lines = status.tasks.iter();
        lines.any(|line| line.group == group && line.paused)
    };
    let (firings, more_firings) = coming(&standing.schedule, paused, now);
    let (alarms, more_alarms) = alarms(status, now);
    let mut problems: Vec<Problem> = status.problems.iter().map(Problem::from).collect();
    let problem = (!problems.is_empty()).then(|| problems.remove(0));
    let mut frame = Frame::new("Home", "/", now, &reader);
    frame.refresh = (!found.running.is_empty()).then_some(10);
    let running: Vec<&RunningTask> = found.running.iter().map(|(task, _)| task).collect();
    frame.live = Some(LiveMark {
        query: "home".to_owned(),
        revision: home_revision(&running, found.newest_run.as_ref(), &standing),
    });
    let doings = doings(&site, running);
    Ok(page(&HomePage {
        frame,
        verdict: status.verdict.clone(),
        problem,
        problems,
        counts: tally(status),
        bar_width: BAR,
        brought: brought(found.brought),
        nights: nights(&found.nights),
        attention: status.attention,
        alarms,
        more_alarms,
        groups: groups(status, &standing.schedule),
        zones: zones(&standing.schedule, now),
        often: often(&found.often, found.often_since, now),
        ticks_width: WIDTH,
        running: going(&found.running, &doings, now),
        firings,
        more_firings,
        parts: parts(&standing, site.store.name(), now),
        first: found.newest_run.is_none() && status.due == 0,
    }))
}
