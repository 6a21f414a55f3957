//! `/runs`: find it again. The filters stand in the address; a list goes on from a run, so that
//! new ones do not move it.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Deserialize;

use crate::model::{RunId, TaskStatus};
use crate::queries::find_task::{Meant, find_tasks};
use crate::queries::run_list::list_whole_runs;
use crate::store::{HistoryFilter, KnownTask};
use crate::web::fault::Fault;
use crate::web::pages::frame::{Frame, Reader, page};
use crate::web::parameters::Parameters;
use crate::web::route_policy::{DATA, Routes, readable};
use crate::web::site::Site;
use crate::web::views::links::{is_run_id, run as link_to_run, with_query};
use crate::web::views::look::OutcomeLook;
use crate::web::views::run_list::{RunDay, days};

/// Runs on a page; those that fold are many and small.
const LAST: u32 = 100;

pub(crate) fn route() -> Routes {
    readable("/runs", DATA, runs)
}

/// What the list is narrowed to. Empty fields of the form count as none.
#[derive(Debug, Default, Deserialize)]
struct RunsFilter {
    outcome: Option<String>,
    group: Option<String>,
    collector: Option<String>,
    /// `<microseconds>.<id>`: only runs older than this one.
    before: Option<String>,
    unfold: Option<String>,
    find: Option<String>,
}

#[derive(Template)]
#[template(path = "runs.html")]
struct RunsPage {
    frame: Frame,
    outcomes: Vec<Choice>,
    groups: Vec<(String, bool)>,
    collector: String,
    outcome: String,
    unfold: bool,
    /// Filters that are set, each with the address without it.
    chips: Vec<(String, String)>,
    days: Vec<RunDay>,
    older: Option<String>,
    newest: Option<String>,
    unfold_href: String,
    /// Why nothing could be looked for.
    unknown: Option<String>,
}

struct Choice {
    look: Option<OutcomeLook>,
    word: &'static str,
    href: String,
    current: bool,
}

impl RunsFilter {
    fn given(word: &Option<String>) -> Option<&str> {
        let word = word.as_deref().map(str::trim);
        word.filter(|word| !word.is_empty() && *word != "all")
    }

    /// The address of the same list with one of its filters set, or taken away.
    fn with(&self, name: &str, value: Option<&str>) -> String {
        let own = |own: &'static str, word: &Option<String>| {
            let kept = Self::given(word).map(str::to_owned);
            let set = value.map(str::to_owned);
            (own, if own == name { set } else { kept })
        };
        let all = [
            own("outcome", &self.outcome),
            own("group", &self.group),
            own("collector", &self.collector),
            own("unfold", &self.unfold),
            own("before", &self.before),
        ];
        // Another filter begins at the newest again.
        let all: Vec<(&str, Option<&str>)> = all
            .iter()
            .filter(|(own, _)| *own != "before" || name == "before")
            .map(|(own, value)| (*own, value.as_deref()))
            .collect();
        with_query("/runs", &all)
    }

    fn before(&self) -> Result<Option<(Timestamp, RunId)>, Fault> {
        let Some(word) = Self::given(&self.before) else {
            return Ok(None);
        };
        let read = word.split_once('.').and_then(|(at, id)| {
            let at = Timestamp::from_microsecond(at.parse().ok()?).ok()?;
            is_run_id(id).then(|| (at, RunId::new(id)))
        });
        match read {
            Some(before) => Ok(Some(before)),
            None => Err(Fault::bad_request("`before` is no place in this list").hint("/runs begins it")),
        }
    }
}

async fn runs(
    State(site): State<Arc<Site>>,
    reader: Reader,
    Parameters(filter): Parameters<RunsFilter>,
) -> Result<Response, Fault> {
    let now = site.clock.now();
    if let Some(word) = RunsFilter::given(&filter.find) {
        return Ok((StatusCode::SEE_OTHER, [(LOCATION, found(&site, word).await?)]).into_response());
    }
    let schedule = Arc::clone(&site.standing.borrow().schedule);
    let collector = RunsFilter::given(&filter.collector);
    let group = RunsFilter::given(&filter.group);
    let tasks = match collector {
        None => Some(Vec::new()),
        Some(word) => match find_tasks(&site.store, Some(&schedule), word, group).await? {
            Meant::Tasks(tasks) | Meant::Ambiguous(tasks) => Some(tasks),
            Meant::Unknown(_) => None,
        },
    };
    let outcome = RunsFilter::given(&filter.outcome);
    if let Some(word) = outcome.filter(|word| outcomes().all(|known| known != *word)) {
        return Err(Fault::unknown_value("outcome", word, outcomes()));
    }
    let unknown = tasks
        .is_none()
        .then(|| format!("No collector is called {:?}.", collector.unwrap_or_default()));
    let listed = match tasks {
        None => Vec::new(),
        Some(tasks) => list_whole_runs(&site.store, &wanted(&filter, tasks)?).await?,
    };
    let full = listed.len() >= LAST as usize;
    let oldest = listed.last().filter(|_| full).map(|run| {
        let header = &run.past.header;
        format!("{}.{}", header.started_at.as_microsecond(), header.run)
    });
    let unfold = RunsFilter::given(&filter.unfold).is_some();
    let mut groups: Vec<String> = schedule
        .groups
        .iter()
        .map(|group| group.name.to_string())
        .collect();
    if let Some(group) = group.filter(|group| !groups.iter().any(|known| known == group)) {
        groups.push(group.to_owned());
    }
    Ok(page(&RunsPage {
        frame: Frame::new("Runs", "/runs", now, &reader),
        outcomes: choices(&filter),
        groups: groups
            .into_iter()
            .map(|name| {
                let current = group == Some(name.as_str());
                (name, current)
            })
            .collect(),
        collector: collector.unwrap_or_default().to_owned(),
        outcome: outcome.unwrap_or_default().to_owned(),
        unfold,
        chips: chips(&filter),
        days: days(&listed, unfold, now),
        older: oldest.map(|oldest| filter.with("before", Some(&oldest))),
        newest: RunsFilter::given(&filter.before).map(|_| filter.with("before", None)),
        unfold_href: filter.with("unfold", Some("1")),
        unknown,
    }))
}

fn wanted(filter: &RunsFilter, tasks: Vec<KnownTask>) -> Result<HistoryFilter, Fault> {
    Ok(HistoryFilter {
        tasks,
        group: RunsFilter::given(&filter.group).map(str::to_owned),
        outcome: RunsFilter::given(&filter.outcome).map(str::to_owned),
        before: filter.before()?,
        last: LAST,
        ..HistoryFilter::default()
    })
}

/// Where a word of the search field leads: to the run that it is a part of, to the only collector
/// that has the name, else to the list of what it may mean.
async fn found(site: &Site, word: &str) -> Result<String, Fault> {
    if word.bytes().any(|byte| byte.is_ascii_digit())
        && let [run] = site.store.find_run(word).await?.as_slice()
        && let Some(href) = link_to_run(run)
    {
        return Ok(href);
    }
    let schedule = Arc::clone(&site.standing.borrow().schedule);
    if schedule.groups.iter().any(|group| group.name.as_str() == word) {
        return Ok(with_query("/runs", &[("group", Some(word))]));
    }
    Ok(with_query("/runs", &[("collector", Some(word))]))
}

fn outcomes() -> impl Iterator<Item = &'static str> {
    let ends = TaskStatus::ALL
        .into_iter()
        .filter(|status| *status != TaskStatus::Pending);
    ends.map(TaskStatus::as_str).chain(["suspect"])
}

fn choices(filter: &RunsFilter) -> Vec<Choice> {
    let current = RunsFilter::given(&filter.outcome);
    let all = Choice {
        look: None,
        word: "all",
        href: filter.with("outcome", None),
        current: current.is_none(),
    };
    let each = outcomes().map(|word| Choice {
        look: Some(OutcomeLook::of(word)),
        word: OutcomeLook::of(word).word,
        href: filter.with("outcome", Some(word)),
        current: current == Some(word),
    });
    std::iter::once(all).chain(each).collect()
}

fn chips(filter: &RunsFilter) -> Vec<(String, String)> {
    let named = [
        ("outcome", &filter.outcome),
        ("group", &filter.group),
        ("collector", &filter.collector),
    ];
    let chip = |(name, word): (&str, &Option<String>)| {
        let word = RunsFilter::given(word)?;
        Some((format!("{name}: {word}"), filter.with(name, None)))
    };
    named.into_iter().filter_map(chip).collect()
}
