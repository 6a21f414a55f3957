//! One run whole, with what its numbers are measured against: how long each collector usually
//! takes, and the slot that the run took.

use crate::events::SlotRef;
use crate::queries::find_run::{FindRunError, find_run};
use crate::records::Records;
use crate::store::{RunRecord, Store};
use crate::text::milliseconds;

/// A run and its surroundings.
#[derive(Debug)]
pub(crate) struct RunDetails {
    pub(crate) record: RunRecord,
    /// Of each task, in order, in milliseconds; `None` where it never succeeded or cannot be told.
    pub(crate) usual_ms: Vec<Option<u64>>,
    /// `None` for a run by hand.
    pub(crate) slot: Option<SlotRef>,
}

/// Gathers it; `word` as for [`find_run`].
///
/// # Errors
/// There is no such run, or the database fails.
pub(crate) async fn run_details(store: &Store, word: &str) -> Result<RunDetails, FindRunError> {
    let record = find_run(store, word).await?;
    let keys: Vec<(&str, &str)> = record
        .tasks
        .iter()
        .map(|task| (task.summary.group.as_str(), task.summary.name.as_str()))
        .collect();
    // What is usual only adorns the run: without it the page is still true.
    let usual = Records::from(store.database()).usual_durations(&keys).await;
    let usual = usual.unwrap_or_else(|error| {
        tracing::warn!("usual durations are not shown: {error}");
        Vec::new()
    });
    let mut usual_ms: Vec<Option<u64>> = usual
        .into_iter()
        .map(|duration| duration.map(milliseconds))
        .collect();
    usual_ms.resize(record.tasks.len(), None);
    let slot = store.slots_of(&[&record.header.run]).await?.pop();
    Ok(RunDetails {
        usual_ms,
        slot: slot.map(|(_, slot)| slot),
        record,
    })
}
