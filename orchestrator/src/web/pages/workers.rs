//! `/workers`: who executes what. Without a fleet that is whoever starts a run; the page says which
//! schedulers there are.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::store::SchedulerRole;
use crate::web::fault::Fault;
use crate::web::pages::frame::{Frame, Reader, page};
use crate::web::route_policy::{DATA, Routes, readable};
use crate::web::site::Site;
use crate::web::views::moment::ShownMoment;

pub(crate) fn route() -> Routes {
    readable("/workers", DATA, workers)
}

#[derive(Template)]
#[template(path = "workers.html")]
struct WorkersPage {
    frame: Frame,
    schedulers: Vec<SchedulerRow>,
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
        schedulers: schedulers.collect(),
    }))
}
