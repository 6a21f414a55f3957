//! Gathers what schedule and record know of the night: a handful of statements, however many
//! tasks there are.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::model::{RunId, Schedule, SkipCause, Task, TaskStatus};
use crate::queries::queued_runs::QueuedLine;
use crate::queries::status::error::StatusError;
use crate::queries::status::facts::{NightFacts, NightTask, NightWindow, QueuedTask, SlotTally};
use crate::queries::status::slots::near_slots;
use crate::records::Records;
use crate::store::{KnownTask, LedgerState, Pause, SlotOutcome, Store};
use crate::text::milliseconds;

/// The facts of every task of the timetable, in the order of the file; where it cannot be
/// read, of those that are recorded.
///
/// # Errors
/// The database fails.
pub(crate) async fn gather(
    store: &Store,
    schedule: Option<&Schedule>,
    window: NightWindow,
) -> Result<Vec<NightFacts>, StatusError> {
    let mut all = match schedule {
        Some(schedule) => scheduled(schedule, window),
        None => recorded(store).await?,
    };
    let mut tallies = tally(store.ledger_since(window.since, window.now).await?);
    let known = store.timetable_since().await?;
    let pauses = store.pauses().await?;
    for facts in &mut all {
        let key = (facts.task.group.clone(), facts.task.name.clone());
        facts.slots = tallies.remove(&key).unwrap_or_default();
        facts.known_since = known.get(&key).copied();
        facts.paused_since = Pause::of(&pauses, &facts.task.group);
    }
    recall(store, &mut all).await?;
    note_busy_groups(&mut all);
    Ok(all)
}

fn scheduled(schedule: &Schedule, window: NightWindow) -> Vec<NightFacts> {
    let near = near_slots(schedule, window.since, window.now);
    let facts = |(task, place): (&Task, usize)| {
        let near = near.get(&place).copied().unwrap_or_default();
        NightFacts {
            task: NightTask {
                group: task.group.to_string(),
                name: task.name.to_string(),
                command: task.command.to_string(),
                args: task.args.clone(),
                cadence: Some(task.cadence.clone()),
                enabled: task.enabled,
            },
            due: near.newest,
            next: near.next,
            ..NightFacts::default()
        }
    };
    schedule.tasks().zip(0..).map(facts).collect()
}

async fn recorded(store: &Store) -> Result<Vec<NightFacts>, StatusError> {
    let facts = |task: KnownTask| NightFacts {
        task: NightTask {
            group: task.group,
            name: task.name,
            command: task.command,
            ..NightTask::default()
        },
        ..NightFacts::default()
    };
    Ok(store.known_tasks().await?.into_iter().map(facts).collect())
}

/// Notes which tasks wait in the queue; `queued` has the newest first, and the one that comes first
/// is said. Pure.
pub(crate) fn note_queued(all: &mut [NightFacts], queued: &[QueuedLine], now: Timestamp) {
    let mut waiting: HashMap<(&str, &str), &QueuedLine> = HashMap::new();
    for line in queued {
        for task in &line.tasks {
            waiting.insert((&task.group, &task.name), line);
        }
    }
    for facts in all {
        let line = waiting.get(&(facts.task.group.as_str(), facts.task.name.as_str()));
        facts.queued = line.map(|line| QueuedTask {
            run: line.run.clone(),
            waits: line.waits_since(now),
        });
    }
}

/// A scheduler notes a slot that waits for a run of its group only when that has ended.
fn note_busy_groups(all: &mut [NightFacts]) {
    let busy: HashMap<String, RunId> = all
        .iter()
        .filter_map(|facts| Some((facts.task.group.clone(), facts.open_run()?.run.clone())))
        .collect();
    for facts in all {
        facts.busy = busy.get(&facts.task.group).cloned();
    }
}

/// The slots of each task (group and name) at which it was due.
fn tally(found: Vec<SlotOutcome>) -> HashMap<(String, String), SlotTally> {
    let mut tallies: HashMap<(String, String), SlotTally> = HashMap::new();
    for slot in found.into_iter().filter(|slot| !is_none_of_its(slot)) {
        let key = (slot.row.group.clone(), slot.row.name.clone());
        tallies.entry(key).or_default().add(slot);
    }
    tallies
}

/// Whether the slot is only of others: a weekly task has a row each day, which says so.
fn is_none_of_its(slot: &SlotOutcome) -> bool {
    let cause = slot.row.cause.as_deref().map(SkipCause::of_reason);
    let skipped = slot.row.state == LedgerState::Skipped;
    skipped
        && matches!(
            cause,
            Some(SkipCause::NotDue | SkipCause::Disabled | SkipCause::New)
        )
}

/// What the record says of each of them.
async fn recall(store: &Store, all: &mut [NightFacts]) -> Result<(), StatusError> {
    let keys: Vec<(String, String)> = all
        .iter()
        .map(|facts| (facts.task.group.clone(), facts.task.name.clone()))
        .collect();
    let keys: Vec<(&str, &str)> = keys
        .iter()
        .map(|(group, name)| (group.as_str(), name.as_str()))
        .collect();
    let newest = store.newest_runs(&keys).await?;
    let usual = Records::from(store.database()).usual_durations(&keys).await?;
    for (facts, (newest, usual)) in all.iter_mut().zip(newest.into_iter().zip(usual)) {
        facts.newest = newest;
        facts.usual_ms = usual.map(milliseconds);
    }
    let failing: Vec<usize> = (0..all.len()).filter(|&place| fails(&all[place])).collect();
    let asked: Vec<(&str, &str, Option<Timestamp>)> = failing
        .iter()
        .map(|&place| {
            let last_success = all[place].newest.as_ref().and_then(|run| run.last_success);
            (keys[place].0, keys[place].1, last_success)
        })
        .collect();
    if asked.is_empty() {
        return Ok(());
    }
    for (place, streak) in failing.into_iter().zip(store.failing_streaks(&asked).await?) {
        all[place].streak = streak;
    }
    Ok(())
}

/// Whether its newest run was no success, so that there may be failures after the last one.
fn fails(facts: &NightFacts) -> bool {
    let newest = facts.newest.as_ref();
    newest.is_some_and(|run| run.status != TaskStatus::Succeeded)
}
