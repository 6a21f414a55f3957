//! A list of runs with what each of them had: its tasks in order, the slot that it took.

use std::collections::HashMap;

use crate::events::SlotRef;
use crate::model::RunId;
use crate::queries::history::{PastRun, list_results};
use crate::store::{HistoryFilter, ListedRunTask, Store, StoreError};

/// As many tasks are read for one list; a run beyond that is shown without them.
const TASKS: u32 = 5000;

/// A run in a list.
#[derive(Debug)]
pub(crate) struct ListedRun {
    pub(crate) past: PastRun,
    /// In the order of its plan.
    pub(crate) tasks: Vec<ListedRunTask>,
    /// `None` for a run by hand.
    pub(crate) slot: Option<SlotRef>,
}

/// The runs that are wanted, newest first.
///
/// # Errors
/// The database fails.
pub(crate) async fn list_whole_runs(
    store: &Store,
    filter: &HistoryFilter,
) -> Result<Vec<ListedRun>, StoreError> {
    let past = list_results(store, filter).await?;
    let ids: Vec<&RunId> = past.iter().map(|past| &past.header.run).collect();
    let mut tasks: HashMap<RunId, Vec<ListedRunTask>> = HashMap::new();
    for task in store.tasks_of_runs(&ids, TASKS).await? {
        tasks.entry(task.run.clone()).or_default().push(task);
    }
    let mut slots: HashMap<RunId, SlotRef> = store.slots_of(&ids).await?.into_iter().collect();
    let whole = |past: PastRun| ListedRun {
        tasks: tasks.remove(&past.header.run).unwrap_or_default(),
        slot: slots.remove(&past.header.run),
        past,
    };
    Ok(past.into_iter().map(whole).collect())
}
