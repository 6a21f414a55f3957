//! Past and running runs, and the numbers of one collector in them.

use crate::store::{HistoryFilter, RunHeader, Statistics, StatisticsFilter, Store, StoreError};

/// How many runs are listed where nothing is said.
pub(crate) const RUNS: u32 = 20;

/// As many runs say how a collector does.
pub(crate) const RUNS_OF_STATISTICS: u32 = 1000;

/// The runs that are wanted, newest first.
///
/// # Errors
/// The database fails.
pub(crate) async fn list_runs(store: &Store, filter: &HistoryFilter) -> Result<Vec<RunHeader>, StoreError> {
    store.history(filter).await
}

/// How a collector does.
///
/// # Errors
/// The database fails.
pub(crate) async fn collector_statistics(
    store: &Store,
    filter: &StatisticsFilter,
) -> Result<Statistics, StoreError> {
    store.statistics(filter).await
}
