//! What is new on the first page: whether it is still the same, and how far those are that run.

use std::collections::HashMap;

use crate::events::SchedulerStatus;
use crate::model::RunId;
use crate::queries::overview::running;
use crate::queries::status::StatusError;
use crate::store::RunningTask;
use crate::web::live::feed::Doing;
use crate::web::live::news::{LiveNews, revision};
use crate::web::site::Site;
use crate::web::views::home::running::{Doings, going};

/// Of what the page is made, as far as it can be told at little cost: what runs, the newest run,
/// the timetable and how the scheduler stands. Slots that pass change when the next one is.
pub(crate) fn home_revision(
    running: &[&RunningTask],
    newest: Option<&RunId>,
    standing: &SchedulerStatus,
) -> String {
    let running: Vec<_> = running
        .iter()
        .map(|task| (task.run.as_str(), task.position, task.attempts))
        .collect();
    revision(&(
        running,
        newest.map(RunId::as_str),
        standing.loaded_at,
        standing.next_at,
        standing.leading,
        &standing.schedule_error,
        &standing.database_error,
    ))
}

/// What the running ones of this process do.
pub(crate) fn doings<'t>(site: &Site, running: impl IntoIterator<Item = &'t RunningTask>) -> Doings {
    let mut found: HashMap<&RunId, _> = HashMap::new();
    let mut doings = Doings::new();
    for task in running {
        let of_run = found
            .entry(&task.run)
            .or_insert_with(|| site.live.feed.doing(&task.run));
        let position = usize::try_from(task.position).unwrap_or_default();
        if let Some(doing) = of_run.remove(&position) {
            let doing: Doing = doing;
            doings.insert((task.run.clone(), task.position), doing);
        }
    }
    doings
}

/// The newest.
///
/// # Errors
/// The database fails.
pub(crate) async fn home_news(site: &Site) -> Result<LiveNews, StatusError> {
    let now = site.clock.now();
    let found = running(&site.store).await?;
    let newest = site.store.find_run("last").await?.pop();
    let tasks: Vec<&RunningTask> = found.iter().map(|(task, _)| task).collect();
    let mut news = LiveNews {
        revision: home_revision(&tasks, newest.as_ref(), &site.standing.borrow()),
        ..LiveNews::default()
    };
    let doings = doings(site, tasks);
    for row in going(&found, &doings, now) {
        news.say(format!("elapsed-{}", row.key), &row.elapsed);
        news.say(format!("usual-{}", row.key), &row.usual);
        news.say(format!("left-{}", row.key), &row.left);
        news.say(format!("said-{}", row.key), &row.said);
        if let Some(bar) = row.progress {
            news.measure(format!("bar-{}", row.key), bar);
        }
    }
    Ok(news)
}
