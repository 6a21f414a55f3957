//! `/collectors/{group}/{name}`: is it healthy?

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::queries::collector::collector;
use crate::web::fault::Fault;
use crate::web::pages::frame::{Frame, Reader, page};
use crate::web::parameters::PathParts;
use crate::web::route_policy::{DATA, Routes, readable};
use crate::web::site::Site;
use crate::web::views::collector::{Chart, Figure, HEIGHT, PastRow, WIDTH, chart, figures, rows};
use crate::web::views::links;

pub(crate) fn route() -> Routes {
    readable("/collectors/{group}/{name}", DATA, show)
}

#[derive(Template)]
#[template(path = "collector.html")]
struct CollectorPage {
    frame: Frame,
    group: String,
    group_href: String,
    name: String,
    command: String,
    args: String,
    why: String,
    command_line: Option<String>,
    rule: Option<String>,
    figures: Vec<Figure>,
    chart: Option<Chart>,
    chart_width: u32,
    chart_height: u32,
    rows: Vec<PastRow>,
    all_href: String,
    /// Where it is run now, as long as the timetable has it.
    run_now: Option<String>,
}

/// `every day at 03:10 UTC`.
fn without_due(rule: &str) -> String {
    rule.strip_prefix("is due ").unwrap_or(rule).to_owned()
}

async fn show(
    State(site): State<Arc<Site>>,
    reader: Reader,
    PathParts([group, name]): PathParts<2>,
) -> Result<Response, Fault> {
    let now = site.clock.now();
    let schedule = Arc::clone(&site.standing.borrow().schedule);
    let Some(answer) = collector(&site.store, &schedule, (&group, &name), now).await? else {
        return Err(Fault::not_found(format!(
            "neither schedule nor record has {name:?} in group {group:?}"
        ))
        .hint("the page Schedule lists the collectors"));
    };
    let in_timetable = schedule
        .tasks()
        .any(|task| task.group.as_str() == group && task.name.as_str() == name);
    let facts = answer.why.as_ref().map(|why| &why.facts);
    Ok(page(&CollectorPage {
        frame: Frame::new(format!("{group}/{name}"), "/schedule", now, &reader),
        run_now: in_timetable.then(|| links::collector_action(&group, &name, "run")),
        group_href: links::with_query("/runs", &[("group", Some(&group))]),
        command: answer.task.command.clone(),
        args: facts.map(|facts| facts.args.join(" ")).unwrap_or_default(),
        why: answer
            .why
            .as_ref()
            .map(|why| why.text.clone())
            .unwrap_or_default(),
        command_line: answer
            .why
            .as_ref()
            .and_then(|why| why.command_line().map(str::to_owned)),
        // It stands under its own word.
        rule: facts.and_then(|facts| facts.rule.as_deref().map(without_due)),
        figures: figures(&answer, facts.and_then(|facts| facts.next), now),
        chart: chart(&answer),
        chart_width: WIDTH,
        chart_height: HEIGHT,
        rows: rows(&answer.history, now),
        all_href: links::with_query(
            "/runs",
            &[
                ("group", Some(&group)),
                ("collector", Some(&name)),
                ("unfold", Some("1")),
            ],
        ),
        group,
        name,
    }))
}
