//! Whose state is meant by a word.

use crate::cli::args::task_word::only_task;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::store::shelf;
use crate::model::Schedule;
use crate::queries::find_task::{find_among, scheduled_tasks};
use crate::store::{KnownTask, Store};

/// The one task that is meant: of the schedule, of the runs that are recorded, or one of which
/// nothing else is left than a state.
///
/// # Errors
/// There is none, there are several, or the database fails.
pub(crate) async fn task_meant(
    store: &Store,
    schedule: Option<&Schedule>,
    word: &str,
) -> Result<KnownTask, Failure> {
    let kept = shelf(store)
        .kept_states()
        .await
        .map_err(Failure::infrastructure)?;
    let mut others: Vec<KnownTask> = kept
        .into_iter()
        .map(|state| KnownTask {
            group: state.group,
            name: state.name,
            command: state.command,
        })
        .collect();
    others.extend(schedule.into_iter().flat_map(scheduled_tasks));
    let meant = find_among(store, others, word, None).await;
    only_task(meant.map_err(Failure::infrastructure)?, word)
}
