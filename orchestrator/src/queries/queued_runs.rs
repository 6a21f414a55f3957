//! Runs of the queue that wait, and why: as they are listed among runs.

use jiff::Timestamp;
use serde::Serialize;

use crate::model::RunId;
use crate::store::{Store, StoreError, WaitReason, WaitingRun, why_it_waits};

/// As many are looked at.
const MOST: u32 = 500;

/// A run that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct QueuedLine {
    /// Its id.
    pub(crate) run: RunId,
    /// What was asked for.
    pub(crate) schedule: String,
    /// The group it was narrowed to.
    pub(crate) group: Option<String>,
    /// `queued`.
    pub(crate) state: &'static str,
    /// Since when.
    pub(crate) queued_at: Timestamp,
    /// Why, in words.
    pub(crate) waits: String,
    /// Whether it waits for ever, unless somebody does something.
    #[serde(skip)]
    pub(crate) is_stuck: bool,
}

impl QueuedLine {
    fn new(run: WaitingRun, why: &WaitReason) -> Self {
        Self {
            run: run.run,
            schedule: run.schedule,
            group: run.group,
            state: "queued",
            queued_at: run.queued_at,
            waits: why.to_string(),
            is_stuck: why.is_stuck(),
        }
    }
}

/// Those that wait, the newest first. A database without a queue has none.
///
/// # Errors
/// The database fails.
pub(crate) async fn queued_lines(store: &Store) -> Result<Vec<QueuedLine>, StoreError> {
    let waiting = store.waiting(MOST).await?;
    if waiting.is_empty() {
        return Ok(Vec::new());
    }
    let workers = store.workers().await?;
    let line = |run: WaitingRun| {
        let why = why_it_waits(&run, &workers);
        QueuedLine::new(run, &why)
    };
    Ok(waiting.into_iter().rev().map(line).collect())
}

/// The one whose id has this in it, if there is exactly one.
///
/// # Errors
/// The database fails.
pub(crate) async fn queued_line(store: &Store, word: &str) -> Result<Option<QueuedLine>, StoreError> {
    let mut lines = queued_lines(store).await?;
    lines.retain(|line| line.run.as_str().contains(word));
    let one = lines.pop();
    Ok(one.filter(|_| lines.is_empty()))
}
