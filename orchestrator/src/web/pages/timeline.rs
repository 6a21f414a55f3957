//! `/timeline`: what overlapped, what was late? The runs of a day, of three or of a week along the
//! time, and the slots that nobody ran.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use crate::queries::timeline::timeline;
use crate::web::fault::Fault;
use crate::web::pages::frame::{Frame, Reader, page};
use crate::web::parameters::Parameters;
use crate::web::route_policy::{DATA, Routes, readable};
use crate::web::site::Site;
use crate::web::views::links::with_query;
use crate::web::views::moment::ShownMoment;
use crate::web::views::timeline::{Lane, Mark, Stretch, WIDTH, lanes};

/// How much can be shown, and what it is called.
const STRETCHES: [(&str, i64); 3] = [("day", 24), ("3 days", 72), ("week", 168)];

pub(crate) fn route() -> Routes {
    readable("/timeline", DATA, show)
}

/// Which time.
#[derive(Debug, Deserialize)]
struct TimelineQuery {
    /// Its end, in seconds since the epoch; the next full hour if nothing is said.
    to: Option<i64>,
    /// 24, 72 or 168.
    hours: Option<i64>,
}

#[derive(Template)]
#[template(path = "timeline.html")]
struct TimelinePage {
    frame: Frame,
    from: ShownMoment,
    to: ShownMoment,
    lanes: Vec<Lane>,
    marks: Vec<Mark>,
    width: i64,
    /// Where the present lies.
    present: Option<i64>,
    stretches: Vec<(&'static str, String, bool)>,
    before: String,
    after: Option<String>,
    /// Whether there were more runs than are shown.
    cut: bool,
}

/// The full hour that comes, or is: so the marks are full hours, too.
fn next_hour(now: Timestamp) -> Timestamp {
    let second = now.as_second();
    let left = (3600 - second.rem_euclid(3600)) % 3600;
    Timestamp::from_second(second + left).unwrap_or(now)
}

async fn show(
    State(site): State<Arc<Site>>,
    reader: Reader,
    Parameters(query): Parameters<TimelineQuery>,
) -> Result<Response, Fault> {
    let now = site.clock.now();
    let hours = query.hours.unwrap_or(24);
    if !STRETCHES.iter().any(|(_, known)| *known == hours) {
        let known = ["24", "72", "168"];
        return Err(Fault::unknown_value("hours", &hours.to_string(), known));
    }
    let wrong = || Fault::bad_request("`to` is no time: seconds since 1970");
    let to = match query.to {
        Some(second) => Timestamp::from_second(second).map_err(|_| wrong())?,
        None => next_hour(now),
    };
    let length = SignedDuration::from_hours(hours);
    let from = to.checked_sub(length).map_err(|_| wrong())?;
    let found = timeline(&site.store, from, to).await?;
    let schedule = Arc::clone(&site.standing.borrow().schedule);
    let stretch = Stretch { from, to };
    let address = |to: Option<Timestamp>, hours: i64| {
        let to = to.map(|to| to.as_second().to_string());
        with_query(
            "/timeline",
            &[("to", to.as_deref()), ("hours", Some(&hours.to_string()))],
        )
    };
    let chosen = query.to.map(|_| to);
    Ok(page(&TimelinePage {
        frame: Frame::new("Timeline", "/timeline", now, &reader),
        from: ShownMoment::new(from, now),
        to: ShownMoment::new(to, now),
        lanes: lanes(&found.runs, &found.unserved, &schedule, stretch, now),
        marks: stretch.marks(),
        width: WIDTH,
        present: stretch.present(now),
        stretches: STRETCHES
            .iter()
            .map(|(word, of)| (*word, address(chosen, *of), *of == hours))
            .collect(),
        before: address(Some(from), hours),
        after: (to < now).then(|| {
            let later = to.checked_add(length).ok().filter(|later| *later < now);
            address(later, hours)
        }),
        cut: found.cut,
    }))
}
