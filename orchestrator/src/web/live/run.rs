//! What is new on the page of a run: whether it is still the same, and how far its collectors are.

use crate::model::{RunId, TaskStatus};
use crate::queries::find_run::FindRunError;
use crate::queries::run_details::run_details;
use crate::store::RunRecord;
use crate::web::live::news::{LiveNews, revision};
use crate::web::site::Site;
use crate::web::views::run::facts::duration;
use crate::web::views::run::rows::rows;

/// Of what the page is made.
pub(crate) fn run_revision(record: &RunRecord) -> String {
    let tasks: Vec<_> = record
        .tasks
        .iter()
        .map(|task| (task.summary.word(), task.attempt_list.len()))
        .collect();
    revision(&(tasks, record.header.finished_at))
}

/// The newest.
///
/// # Errors
/// There is no such run, or the database fails.
pub(crate) async fn run_news(site: &Site, run: &RunId) -> Result<LiveNews, FindRunError> {
    let now = site.clock.now();
    let details = run_details(&site.store, run.as_str()).await?;
    let mut news = LiveNews {
        revision: run_revision(&details.record),
        done: details.record.header.finished_at.is_some(),
        ..LiveNews::default()
    };
    if news.done {
        return Ok(news);
    }
    news.say("duration".to_owned(), &duration(&details.record.header, now));
    let doing = site.live.feed.doing(run);
    let shown = rows(&details, &doing, now);
    for (row, task) in shown.into_iter().zip(&details.record.tasks) {
        if task.summary.outcome == TaskStatus::Running {
            news.say(format!("took-{}", row.position), &row.took);
            news.say(format!("why-{}", row.position), &row.why);
        }
    }
    Ok(news)
}
