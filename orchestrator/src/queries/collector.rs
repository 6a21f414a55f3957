//! One collector in one answer: why it is as it is, what became of it the last times, how it does.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::model::Schedule;
use crate::queries::task_history::{TaskHistoryRow, task_history};
use crate::queries::why::{WhyAnswer, WhyQuestion, why};
use crate::store::{HistoryFilter, KnownTask, Statistics, StatisticsFilter, Store, StoreError};

/// As many runs and slots are shown, and as many runs are counted.
const SHOWN: u32 = 60;
const COUNTED: u32 = 400;

/// The answer.
#[derive(Debug)]
pub(crate) struct CollectorAnswer {
    pub(crate) task: KnownTask,
    /// `None` only if the schedule lost it in this moment.
    pub(crate) why: Option<WhyAnswer>,
    /// The newest first.
    pub(crate) history: Vec<TaskHistoryRow>,
    pub(crate) statistics: Statistics,
}

/// The answer about the task of this name in this group; `None` if neither schedule nor record
/// has it.
///
/// # Errors
/// The database fails, or holds something that cannot be read.
pub(crate) async fn collector(
    store: &Store,
    schedule: &Schedule,
    (group, name): (&str, &str),
    now: Timestamp,
) -> Result<Option<CollectorAnswer>, StoreError> {
    let scheduled = schedule
        .tasks()
        .find(|task| task.group.as_str() == group && task.name.as_str() == name);
    let task = match scheduled {
        Some(task) => KnownTask {
            group: group.to_owned(),
            name: name.to_owned(),
            command: task.command.to_string(),
        },
        None => {
            let known = store.known_tasks().await?;
            let mut known = known.into_iter();
            match known.find(|task| task.group == group && task.name == name) {
                Some(task) => task,
                None => return Ok(None),
            }
        }
    };
    let tasks = [task.clone()];
    let asked = WhyQuestion {
        tasks: &tasks,
        now,
        zone: &TimeZone::UTC,
    };
    let filter = HistoryFilter {
        tasks: tasks.to_vec(),
        last: SHOWN,
        ..HistoryFilter::default()
    };
    let counted = StatisticsFilter {
        tasks: tasks.to_vec(),
        last: COUNTED,
        ..StatisticsFilter::default()
    };
    Ok(Some(CollectorAnswer {
        why: why(store, schedule, &asked).await?.into_iter().next(),
        history: task_history(store, &filter, &tasks).await?,
        statistics: store.statistics(&counted).await?,
        task,
    }))
}
