//! What somebody typed for a run, perhaps narrowed to a task or a group, and what is said
//! where it means none.

use std::collections::BTreeSet;

use crate::cli::args::task_word::tasks_meant;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::schedule::schedule_if_usable;
use crate::cli::shell::settings::CliSettings;
use crate::queries::find_run::{FindRunError, find_last_run, find_run};
use crate::queries::queued_runs::{QueuedLine, QueuedWord, queued_line};
use crate::store::{KnownTask, RunRecord, Store};

/// Which run is meant.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RunWord<'a> {
    /// `last` and nothing mean the newest that has what it is narrowed to.
    pub(crate) run: Option<&'a str>,
    pub(crate) collector: Option<&'a str>,
    pub(crate) group: Option<&'a str>,
}

/// The run of the queue that is meant, where nothing that has begun is: nobody has taken it.
///
/// # Errors
/// The database fails.
pub(crate) async fn queued_meant(store: &Store, word: RunWord<'_>) -> Result<Option<QueuedLine>, Failure> {
    let word = QueuedWord {
        run: word.run.filter(|run| *run != "last"),
        collector: word.collector,
        group: word.group,
    };
    queued_line(store, word).await.map_err(Failure::infrastructure)
}

/// The run that is meant.
///
/// # Errors
/// There is none, there are several, it does not have what it is narrowed to, or the database
/// fails.
pub(crate) async fn run_meant(
    store: &Store,
    settings: &CliSettings,
    word: RunWord<'_>,
) -> Result<RunRecord, Failure> {
    let tasks = match word.collector {
        Some(collector) => collector_meant(store, settings, collector, word.group).await?,
        None => Vec::new(),
    };
    match word.run {
        None | Some("last") => {
            let record = find_last_run(store, tasks, word.group).await;
            record.map_err(|error| none_of(word, error))
        }
        Some(run) => {
            let record = find_run(store, run).await?;
            if has(&record, &tasks, word.group) {
                return Ok(record);
            }
            let had: BTreeSet<String> = record
                .tasks
                .iter()
                .map(|task| format!("{}/{}", task.summary.group, task.summary.name))
                .collect();
            let had: Vec<String> = had.into_iter().collect();
            Err(
                Failure::usage(format!("run {} had no {}", record.header.run, narrowed(word)))
                    .hint(format!("it had: {}", had.join(", "))),
            )
        }
    }
}

/// The tasks that are meant, of the schedule or of a record.
///
/// # Errors
/// There is none, there are two in a group, or the database fails.
pub(crate) async fn collector_meant(
    store: &Store,
    settings: &CliSettings,
    word: &str,
    group: Option<&str>,
) -> Result<Vec<KnownTask>, Failure> {
    tasks_meant(store, schedule_if_usable(settings).as_ref(), word, group).await
}

fn has(record: &RunRecord, wanted: &[KnownTask], group: Option<&str>) -> bool {
    record.tasks.iter().map(|task| &task.summary).any(|task| {
        let is_wanted = |wanted: &KnownTask| wanted.group == task.group && wanted.name == task.name;
        (wanted.is_empty() || wanted.iter().any(is_wanted)) && group.is_none_or(|group| group == task.group)
    })
}

fn none_of(word: RunWord<'_>, error: FindRunError) -> Failure {
    match error {
        FindRunError::NoRunYet if word.collector.is_some() || word.group.is_some() => {
            Failure::usage(format!("there is no run with {} yet", narrowed(word)))
                .hint("orchestrate status shows what there is")
        }
        error => error.into(),
    }
}

/// What it is narrowed to.
fn narrowed(word: RunWord<'_>) -> String {
    match (word.collector, word.group) {
        (Some(collector), Some(group)) => format!("collector {collector:?} of group {group:?}"),
        (Some(collector), None) => format!("collector {collector:?}"),
        (None, Some(group)) => format!("task of group {group:?}"),
        (None, None) => "task".to_owned(),
    }
}
