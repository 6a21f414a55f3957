//! A name that somebody typed for a task, and what is said where it means none, or two.

use crate::cli::shell::failure::Failure;
use crate::model::{Schedule, WORKFLOW_GROUP};
use crate::queries::find_task::{Meant, find_group, find_tasks};
use crate::store::{KnownTask, Store};

/// The tasks that are meant, one in each group that has it.
///
/// # Errors
/// There is none, there are two in a group, or the database fails.
pub(crate) async fn tasks_meant(
    store: &Store,
    schedule: Option<&Schedule>,
    word: &str,
    group: Option<&str>,
) -> Result<Vec<KnownTask>, Failure> {
    let meant = find_tasks(store, schedule, word, group).await;
    match meant.map_err(Failure::infrastructure)? {
        Meant::Tasks(tasks) => Ok(tasks),
        Meant::Ambiguous(tasks) => Err(ambiguous(word, &tasks)),
        Meant::Unknown(near) => Err(unknown(word, group, near)),
    }
}

/// The one task that is meant.
///
/// # Errors
/// There is none, or more than one.
pub(crate) fn only_task(meant: Meant, word: &str) -> Result<KnownTask, Failure> {
    match meant {
        Meant::Tasks(tasks) => match <[KnownTask; 1]>::try_from(tasks) {
            Ok([only]) => Ok(only),
            Err(tasks) => Err(which(&tasks, format!("more than one group has {word:?}"))),
        },
        Meant::Ambiguous(tasks) => Err(ambiguous(word, &tasks)),
        Meant::Unknown(near) => Err(unknown(word, None, near)),
    }
}

/// All tasks of a group.
///
/// # Errors
/// Nobody knows it, or the database fails.
pub(crate) async fn group_meant(
    store: &Store,
    schedule: Option<&Schedule>,
    group: &str,
) -> Result<Vec<KnownTask>, Failure> {
    match find_group(store, schedule, group)
        .await
        .map_err(Failure::infrastructure)?
    {
        Meant::Tasks(tasks) | Meant::Ambiguous(tasks) => Ok(tasks),
        Meant::Unknown(near) => {
            let failure = Failure::usage(format!(
                "there is no group {group:?} in the schedule, and no run of it is recorded"
            ));
            Err(match near {
                Some(near) => failure.hint(format!("did you mean {near}?")),
                None => {
                    failure.hint("orchestrate next shows what the schedule has, orchestrate history what ran")
                }
            })
        }
    }
}

/// Which of them?
pub(crate) fn ambiguous(word: &str, tasks: &[KnownTask]) -> Failure {
    which(tasks, format!("{word:?} is the command of more than one task"))
}

fn which(tasks: &[KnownTask], why: String) -> Failure {
    let names: Vec<String> = tasks
        .iter()
        .map(|task| format!("{}/{}", task.group, task.name))
        .collect();
    Failure::usage(why).hint(format!("name one of them: {}", names.join(", ")))
}

fn unknown(word: &str, group: Option<&str>, near: Option<String>) -> Failure {
    let place = match group {
        Some(WORKFLOW_GROUP) => "the fixed list".to_owned(),
        Some(group) => format!("group {group:?}"),
        None => "the schedule".to_owned(),
    };
    let failure = Failure::usage(format!(
        "there is no collector {word:?} in {place}, and no run of it is recorded"
    ));
    match near {
        Some(near) => failure.hint(format!("did you mean {near}?")),
        None => failure.hint("orchestrate next shows what the schedule has, orchestrate history what ran"),
    }
}
