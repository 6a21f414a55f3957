//! The runs between two moments, and the slots that nobody ran then.

use jiff::Timestamp;

use crate::store::{HistoryFilter, RunHeader, Store, StoreError, UnservedSlot};

/// As many runs are shown, the newest; a week of runs each quarter of an hour has 672.
const RUNS: u32 = 2500;

/// As many slots.
const SLOTS: u32 = 500;

/// What there was.
#[derive(Debug)]
pub(crate) struct RunTimeline {
    /// Newest first.
    pub(crate) runs: Vec<RunHeader>,
    pub(crate) unserved: Vec<UnservedSlot>,
    /// Whether there were more than are here.
    pub(crate) cut: bool,
}

/// Gathers it.
///
/// # Errors
/// The database fails.
pub(crate) async fn timeline(
    store: &Store,
    from: Timestamp,
    to: Timestamp,
) -> Result<RunTimeline, StoreError> {
    let filter = HistoryFilter {
        since: Some(from),
        until: Some(to),
        last: RUNS,
        ..HistoryFilter::default()
    };
    let runs = store.history(&filter).await?;
    let unserved = store.unserved_slots(from, to, SLOTS).await?;
    Ok(RunTimeline {
        cut: runs.len() >= RUNS as usize || unserved.len() >= SLOTS as usize,
        runs,
        unserved,
    })
}
