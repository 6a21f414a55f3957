//! Gathers what schedule and record know of a task.

use jiff::Timestamp;

use crate::model::{Entry, OutcomeKind, Schedule, SkipCause, Task, timetable};
use crate::queries::find_task::scheduled_tasks;
use crate::queries::queued_runs::queued_lines;
use crate::queries::status::NightState;
use crate::queries::status::next_step::step;
use crate::queries::why::facts::{WhyFacts, WhyQuestion, WhyQueued};
use crate::queries::why::rule::{next_slot, previous_slot, rule};
use crate::store::{KnownTask, LedgerRow, LedgerState, Pause, Store, StoreError};

/// One answer for every task that is meant, in the order of the schedule; for those that it
/// does not have only if it has none.
///
/// # Errors
/// The database fails.
pub(crate) async fn gather(
    store: &Store,
    schedule: &Schedule,
    asked: &WhyQuestion<'_>,
) -> Result<Vec<WhyFacts>, StoreError> {
    let is_meant = |task: &KnownTask| {
        let mut meant = asked.tasks.iter();
        meant.any(|other| other.group == task.group && other.name == task.name)
    };
    let mut all: Vec<WhyFacts> = scheduled_tasks(schedule)
        .filter(is_meant)
        .filter_map(|task| scheduled(schedule, &task, asked.now))
        .collect();
    if all.is_empty() {
        all = asked.tasks.iter().map(unscheduled).collect();
    }
    let queued = queued_lines(store).await?;
    for facts in &mut all {
        recall(store, facts).await?;
        let is_it = |task: &KnownTask| task.group == facts.group && task.name == facts.name;
        // The newest comes first in the list, the oldest to a worker.
        let line = queued.iter().rev().find(|line| line.tasks.iter().any(is_it));
        facts.queued = line.map(|line| WhyQueued {
            run: line.run.clone(),
            waits: line.waits_since(asked.now),
        });
    }
    Ok(all)
}

/// What the schedule says; `None` if it does not have the task.
fn scheduled(schedule: &Schedule, wanted: &KnownTask, now: Timestamp) -> Option<WhyFacts> {
    let task = schedule
        .tasks()
        .find(|task| task.group.as_str() == wanted.group && task.name.as_str() == wanted.name)?;
    let group = schedule.groups.iter().find(|group| group.name == task.group);
    let timetable = timetable(schedule);
    let entry = timetable.iter().find(|entry| has(entry, task));
    Some(WhyFacts {
        command: task.command.to_string(),
        args: task.args.clone(),
        scheduled: true,
        enabled: task.enabled,
        rule: Some(rule(schedule, group, task)),
        previous: entry.and_then(|entry| previous_slot(entry, task, now)),
        next: entry.and_then(|entry| next_slot(entry, task, now)),
        ..unscheduled(wanted)
    })
}

fn has(entry: &Entry<'_>, task: &Task) -> bool {
    entry.tasks().iter().any(|other| std::ptr::eq(*other, task))
}

/// A task that the schedule does not have.
fn unscheduled(task: &KnownTask) -> WhyFacts {
    WhyFacts {
        group: task.group.clone(),
        name: task.name.clone(),
        command: task.command.clone(),
        args: Vec::new(),
        scheduled: false,
        enabled: false,
        rule: None,
        previous: None,
        next: None,
        last: None,
        attempts: None,
        hint: None,
        last_success: None,
        command_line: None,
        ledger: None,
        paused_since: None,
        queued: None,
    }
}

/// What the record says.
async fn recall(store: &Store, facts: &mut WhyFacts) -> Result<(), StoreError> {
    facts.last = store.last_outcomes(&facts.group, &facts.name, 1).await?.pop();
    let key = [(facts.group.as_str(), facts.name.as_str())];
    if let Some(newest) = store.newest_runs(&key).await?.pop().flatten() {
        facts.attempts = Some(newest.attempts);
        facts.hint = newest.hint;
        facts.last_success = newest.last_success;
    }
    if let Some(slot) = facts.previous {
        let rows = store.ledger_at(&facts.group, &facts.name, slot).await?;
        // A look for releases may have been made at the same moment: it is not the last word.
        let own = |row: &LedgerRow| !row.entry.starts_with("release:");
        facts.ledger = rows.into_iter().find(own);
    }
    let pauses = store.pauses().await?;
    facts.paused_since = Pause::of(&pauses, &facts.group);
    facts.command_line = command_line(facts);
    Ok(())
}

/// What to type about its newest slot or run, if that went wrong.
fn command_line(facts: &WhyFacts) -> Option<String> {
    let task = (facts.group.as_str(), facts.name.as_str());
    let hint = facts.hint.as_deref();
    // A run that came after the slot is the newer word on it.
    let row = facts.ledger.as_ref().filter(|row| {
        let newer = facts.last.as_ref().filter(|last| last.started_at > row.slot);
        newer.is_none()
    });
    let missed = row.filter(|row| matches!(row.state, LedgerState::Missed | LedgerState::Unknown));
    if let Some(row) = missed {
        return Some(step(task, (NightState::Missed, None), row.cause.as_deref(), hint));
    }
    let last = facts.last.as_ref()?;
    let reason = Some(last.reason.as_str());
    let outcome = OutcomeKind::parse(&last.outcome)?;
    let unknown = SkipCause::of_reason(&last.reason) == SkipCause::ReleaseUnknown;
    let state = match outcome {
        OutcomeKind::Succeeded if last.suspect.is_none() => return None,
        // Who asks why is not told to ask why.
        OutcomeKind::Skipped if !unknown => return None,
        OutcomeKind::Skipped => NightState::Skipped,
        _ => NightState::Ran,
    };
    Some(step(task, (state, Some(outcome)), reason, hint))
}
