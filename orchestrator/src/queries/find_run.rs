//! One run by what people call it: its id, a part of its id that no other has, or `last`,
//! which may be narrowed to a task or a group.

use crate::model::RunId;
use crate::store::{HistoryFilter, KnownTask, RunRecord, Store, StoreError};

/// As many runs are listed where a part of an id means several.
const LISTED: usize = 10;

/// Why there is not the one run that was meant.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FindRunError {
    #[error("there is no run yet")]
    NoRunYet,
    #[error("there is no run {0:?}")]
    Unknown(String),
    #[error("{part:?} is a part of several runs' ids: {}", list(runs))]
    Several {
        part: String,
        /// The newest first.
        runs: Vec<RunId>,
    },
    /// Between the two looks that it takes.
    #[error("run {0} was removed meanwhile")]
    Removed(RunId),
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn list(runs: &[RunId]) -> String {
    let names: Vec<&str> = runs.iter().take(LISTED).map(RunId::as_str).collect();
    let more = if runs.len() > LISTED { ", ..." } else { "" };
    format!("{}{more}", names.join(", "))
}

/// The run, whole.
///
/// # Errors
/// There is none, there are several, or the database fails.
pub(crate) async fn find_run(store: &Store, word: &str) -> Result<RunRecord, FindRunError> {
    if word.is_empty() {
        return Err(FindRunError::Unknown(String::new()));
    }
    let found = store.find_run(word).await?;
    let run = match found.as_slice() {
        [run] => run,
        [] if word == "last" => return Err(FindRunError::NoRunYet),
        [] => return Err(FindRunError::Unknown(word.to_owned())),
        _ => {
            return Err(FindRunError::Several {
                part: word.to_owned(),
                runs: found,
            });
        }
    };
    whole(store, run).await
}

/// The newest run in which one of these tasks took part, of this group; without
/// either the newest of all.
///
/// # Errors
/// There is none, or the database fails.
pub(crate) async fn find_last_run(
    store: &Store,
    tasks: Vec<KnownTask>,
    group: Option<&str>,
) -> Result<RunRecord, FindRunError> {
    let filter = HistoryFilter {
        tasks,
        group: group.map(str::to_owned),
        last: 1,
        ..HistoryFilter::default()
    };
    match store.history(&filter).await?.pop() {
        Some(header) => whole(store, &header.run).await,
        None => Err(FindRunError::NoRunYet),
    }
}

async fn whole(store: &Store, run: &RunId) -> Result<RunRecord, FindRunError> {
    let record = store.run(run).await?;
    record.ok_or_else(|| FindRunError::Removed(run.clone()))
}
