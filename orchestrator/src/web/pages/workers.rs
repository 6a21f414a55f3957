//! `/workers`: who executes what. Without a queue that is whoever starts a run; the page says which
//! workers and which schedulers there are.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;

use crate::model::RunId;
use crate::store::{SchedulerRole, WorkerLine, WorkerState};
use crate::web::fault::Fault;
use crate::web::pages::frame::{Frame, Reader, page};
use crate::web::route_policy::{DATA, Routes, readable};
use crate::web::site::Site;
use crate::web::views::links;
use crate::web::views::moment::ShownMoment;

pub(crate) fn route() -> Routes {
    readable("/workers", DATA, workers)
}

#[derive(Template)]
#[template(path = "workers.html")]
struct WorkersPage {
    frame: Frame,
    workers: Vec<WorkerRow>,
    schedulers: Vec<SchedulerRow>,
}

struct WorkerRow {
    name: String,
    /// Whether it takes runs; one that drains or is gone does not.
    working: bool,
    state: &'static str,
    places: String,
    /// What it executes: id, and address.
    running: Vec<(String, String)>,
    labels: String,
    version: String,
    seen: ShownMoment,
}

struct SchedulerRow {
    leading: bool,
    host: String,
    pid: u32,
    file: String,
    since: ShownMoment,
    seen: ShownMoment,
}

async fn workers(State(site): State<Arc<Site>>, reader: Reader) -> Result<Response, Fault> {
    let now = site.clock.now();
    let workers = site.store.workers().await?;
    let found = site.store.schedulers().await?;
    let schedulers = found.into_iter().map(|(heartbeat, role)| SchedulerRow {
        leading: role == SchedulerRole::Leading,
        host: heartbeat.owner.host,
        pid: heartbeat.owner.pid,
        file: heartbeat.schedule_file,
        since: ShownMoment::new(heartbeat.started_at, now),
        seen: ShownMoment::new(heartbeat.seen_at, now),
    });
    Ok(page(&WorkersPage {
        frame: Frame::new("Workers", "/workers", now, &reader),
        workers: workers.into_iter().map(|line| worker_row(line, now)).collect(),
        schedulers: schedulers.collect(),
    }))
}

fn worker_row(line: WorkerLine, now: Timestamp) -> WorkerRow {
    let address = |run: &RunId| Some((run.to_string(), links::run(run)?));
    WorkerRow {
        working: line.state == WorkerState::Working,
        state: line.state.as_str(),
        places: format!("{} of {}", line.running.len(), line.capacity),
        running: line.running.iter().filter_map(address).collect(),
        labels: line.labels.join(", "),
        version: line.version,
        seen: ShownMoment::new(line.seen_at, now),
        name: line.worker,
    }
}
