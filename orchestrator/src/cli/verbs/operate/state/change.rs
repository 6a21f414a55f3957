//! A change of what a task keeps: not under a run of it, which has read its state already and
//! will leave another one.

use crate::cli::shell::failure::Failure;
use crate::cli::shell::stderr::print_words;
use crate::cli::shell::store::unusable;
use crate::store::{KnownTask, Store, UnderWay};
use crate::text::make_safe;

/// Makes the change, unless a run has the task.
///
/// # Errors
/// One has it, or `change` fails.
pub(crate) async fn change_state<T>(
    store: &Store,
    task: &KnownTask,
    change: impl AsyncFnOnce() -> Result<T, Failure>,
) -> Result<T, Failure> {
    if let Some(under_way) = first_under_way(store, task).await? {
        let (group, name, run) = (&task.group, &task.name, &under_way.run);
        let how = if under_way.begun {
            "runs"
        } else {
            "is about to run"
        };
        return Err(Failure::usage(format!(
            "{group}/{name} {how} in run {run}, which would not see it and leaves its own"
        ))
        .hint(format!("wait for its end, or end it: orchestrate cancel {run}")));
    }
    let done = change().await?;
    // It reads its state before the record has it: one that began in between is told of.
    if let Some(UnderWay { run, .. }) = first_under_way(store, task).await? {
        let run = run.to_string();
        print_words!(
            "warning: run {} began meanwhile, and may have been given what was kept before",
            make_safe(&run)
        );
    }
    Ok(done)
}

async fn first_under_way(store: &Store, task: &KnownTask) -> Result<Option<UnderWay>, Failure> {
    let under_way = store.under_way(&task.group, &task.name).await;
    Ok(under_way.map_err(unusable)?.into_iter().next())
}
