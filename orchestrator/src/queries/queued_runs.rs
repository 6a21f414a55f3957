//! Runs of the queue that wait, and why: as they are listed among runs.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use crate::model::RunId;
use crate::queries::find_task::is_called;
use crate::store::{KnownTask, Store, StoreError, WaitReason, WaitingRun, why_it_waits};
use crate::text::human_duration;

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
    /// What it is to run, in order.
    pub(crate) tasks: Vec<KnownTask>,
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
            tasks: run.tasks,
            is_stuck: why.is_stuck(),
        }
    }
}

impl QueuedLine {
    /// How long it has waited by now, and why: `in the queue for 5m 00s: there is no worker`.
    pub(crate) fn waits_since(&self, now: Timestamp) -> String {
        // A clock that was set back makes nobody wait less than not at all.
        let waited = Duration::try_from(now.duration_since(self.queued_at)).unwrap_or_default();
        format!("in the queue for {}: {}", human_duration(waited), self.waits)
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

/// Which of them is meant.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct QueuedWord<'a> {
    /// A part of its id; without one the newest that has the rest.
    pub(crate) run: Option<&'a str>,
    /// A task's name, or its command.
    pub(crate) collector: Option<&'a str>,
    pub(crate) group: Option<&'a str>,
}

impl QueuedWord<'_> {
    fn fits(&self, line: &QueuedLine) -> bool {
        let is_task = |task: &KnownTask| {
            self.group.is_none_or(|group| group == task.group)
                && self
                    .collector
                    .is_none_or(|word| is_called(&task.group, &task.name, word) || task.command == word)
        };
        self.run.is_none_or(|part| line.run.as_str().contains(part))
            && (self.collector.is_none() && self.group.is_none() || line.tasks.iter().any(is_task))
    }
}

/// The one that is meant, if there is one; of several with the part of an id, none.
///
/// # Errors
/// The database fails.
pub(crate) async fn queued_line(
    store: &Store,
    word: QueuedWord<'_>,
) -> Result<Option<QueuedLine>, StoreError> {
    let mut lines = queued_lines(store).await?;
    lines.retain(|line| word.fits(line));
    let is_riddle = word.run.is_some() && lines.len() > 1;
    Ok(lines.into_iter().next().filter(|_| !is_riddle))
}
