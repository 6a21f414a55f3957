//! The first page in one answer: the night, what goes on, what it brought, and the nights before.
//! A fixed handful of statements, however many collectors and runs there are.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::events::RecordCounts;
use crate::model::RunId;
use crate::queries::status::{StatusAnswer, StatusError, StatusQuestion, status};
use crate::records::Records;
use crate::store::{NightTally, RunningTask, SlotOutcome, Store};

/// As many nights are compared.
pub(crate) const NIGHTS: u16 = 14;

/// As many running collectors are shown.
const RUNNING: u32 = 20;

/// How far back the slots of entries are kept that come often.
const OFTEN: SignedDuration = SignedDuration::from_hours(12);

/// The answer.
#[derive(Debug)]
pub(crate) struct Overview {
    pub(crate) status: StatusAnswer,
    /// Collectors that run, with their usual time.
    pub(crate) running: Vec<(RunningTask, Option<Duration>)>,
    /// What was delivered in the window of the status.
    pub(crate) brought: RecordCounts,
    /// The oldest first.
    pub(crate) nights: Vec<NightTally>,
    /// What became of the slots of intervals and cron expressions since `often_since`.
    pub(crate) often: Vec<SlotOutcome>,
    pub(crate) often_since: Timestamp,
    /// The run that began last; `None` if nothing ever ran.
    pub(crate) newest_run: Option<RunId>,
}

/// Gathers it.
///
/// # Errors
/// The database fails.
pub(crate) async fn overview(store: &Store, asked: &StatusQuestion<'_>) -> Result<Overview, StatusError> {
    let status = status(store, asked).await?;
    let records = Records::from(store.database());
    let often_since = asked.now.checked_sub(OFTEN).unwrap_or(Timestamp::MIN);
    let mut often = store.ledger_since(often_since, asked.now).await?;
    often.retain(|slot| slot.row.entry.starts_with("interval:") || slot.row.entry.starts_with("cron:"));
    Ok(Overview {
        brought: records.brought_since(status.since).await?,
        nights: store.nights(asked.now, NIGHTS).await?,
        newest_run: store.find_run("last").await?.pop(),
        running: running(store).await?,
        often,
        often_since,
        status,
    })
}

/// The collectors that run, with their usual time; those that began first in front.
///
/// # Errors
/// The database fails.
pub(crate) async fn running(store: &Store) -> Result<Vec<(RunningTask, Option<Duration>)>, StatusError> {
    let running = store.running_tasks(RUNNING).await?;
    let keys: Vec<(&str, &str)> = running
        .iter()
        .map(|task| (task.group.as_str(), task.name.as_str()))
        .collect();
    let usual = match keys.as_slice() {
        [] => Vec::new(),
        keys => Records::from(store.database()).usual_durations(keys).await?,
    };
    Ok(running.into_iter().zip(usual).collect())
}
