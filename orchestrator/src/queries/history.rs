//! Past and running runs, and the numbers of one collector in them.

use std::collections::HashMap;

use serde::Serialize;

use crate::model::RunId;
use crate::store::{
    HistoryFilter, RunHeader, RunStatus, Statistics, StatisticsFilter, Store, StoreError, Unsuccessful,
};

/// How many runs are listed where nothing is said.
pub(crate) const RUNS: u32 = 20;

/// As many runs say how a collector does.
pub(crate) const RUNS_OF_STATISTICS: u32 = 1000;

/// A run in a list, and its result in a word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct PastRun {
    #[serde(flatten)]
    pub(crate) header: RunHeader,
    /// `succeeded`, `suspect`, `failed`, `cancelled`, `release_unknown`, `lost`, `running`.
    pub(crate) result: &'static str,
}

/// The runs that are wanted, newest first, each with its result.
///
/// # Errors
/// The database fails.
pub(crate) async fn list_results(store: &Store, filter: &HistoryFilter) -> Result<Vec<PastRun>, StoreError> {
    let headers = store.history(filter).await?;
    let failed: Vec<&RunId> = headers
        .iter()
        .filter(|header| header.success == Some(false))
        .map(|header| &header.run)
        .collect();
    let causes: HashMap<RunId, Unsuccessful> = store
        .unsuccessful(&failed)
        .await?
        .into_iter()
        .map(|cause| (cause.run.clone(), cause))
        .collect();
    let past = |header: RunHeader| PastRun {
        result: result(&header, causes.get(&header.run)),
        header,
    };
    Ok(headers.into_iter().map(past).collect())
}

fn result(header: &RunHeader, cause: Option<&Unsuccessful>) -> &'static str {
    match (header.state, header.success) {
        (RunStatus::Lost, _) => "lost",
        (_, None) => "running",
        (_, Some(true)) if header.suspect > 0 => "suspect",
        (_, Some(true)) => "succeeded",
        // 129, 130, 143: a signal ended it, perhaps between two tasks.
        (_, Some(false)) if header.exit_code.is_some_and(|code| code > 128) => "cancelled",
        (_, Some(false)) if cause.is_some_and(|cause| cause.cancelled) => "cancelled",
        (_, Some(false)) if header.failed == 0 && cause.is_some_and(|cause| cause.release_unknown) => {
            "release_unknown"
        }
        (_, Some(false)) => "failed",
    }
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
