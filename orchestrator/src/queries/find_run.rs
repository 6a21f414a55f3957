//! One run by what people call it: its id, the beginning of its id, or `last`.

use crate::model::RunId;
use crate::store::{RunRecord, Store, StoreError};

/// Why there is not the one run that was meant.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FindRunError {
    #[error("there is no run yet")]
    NoRunYet,
    #[error("there is no run {0:?}")]
    Unknown(String),
    #[error("{prefix:?} is the beginning of several runs, {one} and {other} among them")]
    Several {
        prefix: String,
        one: RunId,
        other: RunId,
    },
    /// Between the two looks that it takes.
    #[error("run {0} was removed meanwhile")]
    Removed(RunId),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The run, whole.
///
/// # Errors
/// There is none, there are several, or the database fails.
pub(crate) async fn find_run(store: &Store, prefix: &str) -> Result<RunRecord, FindRunError> {
    let mut found = store.find_run(prefix).await?;
    let run = match (found.pop(), found.pop()) {
        (Some(run), None) => run,
        (None, _) if prefix == "last" => return Err(FindRunError::NoRunYet),
        (None, _) => return Err(FindRunError::Unknown(prefix.to_owned())),
        (Some(other), Some(one)) => {
            return Err(FindRunError::Several {
                prefix: prefix.to_owned(),
                one,
                other,
            });
        }
    };
    let record = store.run(&run).await?;
    record.ok_or(FindRunError::Removed(run))
}
