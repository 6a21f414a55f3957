//! Gathers what schedule and record know of a collector.

use crate::model::{Entry, Schedule, Task, timetable};
use crate::queries::why::facts::{WhyFacts, WhyQuestion};
use crate::queries::why::rule::{next_slot, previous_slot, rule};
use crate::store::{LedgerRow, Pause, Store, StoreError};

/// One answer for every group that has the collector.
///
/// # Errors
/// The database fails.
pub(crate) async fn gather(
    store: &Store,
    schedule: &Schedule,
    asked: &WhyQuestion<'_>,
) -> Result<Vec<WhyFacts>, StoreError> {
    let mut all = scheduled(schedule, asked);
    if all.is_empty() {
        all = unscheduled(store, asked).await?;
    }
    for facts in &mut all {
        recall(store, facts).await?;
    }
    Ok(all)
}

/// What the schedule says.
fn scheduled(schedule: &Schedule, asked: &WhyQuestion<'_>) -> Vec<WhyFacts> {
    let timetable = timetable(schedule);
    let grouped = schedule
        .groups
        .iter()
        .flat_map(|group| group.tasks.iter().map(move |task| (Some(group), task)));
    let fixed = schedule
        .workflow
        .iter()
        .flat_map(|workflow| workflow.tasks.iter().map(|task| (None, task)));
    grouped
        .chain(fixed)
        .filter(|(_, task)| task.command.as_str() == asked.command)
        .filter(|(_, task)| asked.group.is_none_or(|group| group == task.group.as_str()))
        .map(|(group, task)| {
            let entry = timetable.iter().find(|entry| has(entry, task));
            WhyFacts {
                group: task.group.to_string(),
                command: task.command.to_string(),
                args: task.args.clone(),
                scheduled: true,
                enabled: task.enabled,
                rule: Some(rule(schedule, group, task)),
                previous: entry.and_then(|entry| previous_slot(entry, task, asked.now)),
                next: entry.and_then(|entry| next_slot(entry, task, asked.now)),
                last: None,
                ledger: None,
                paused_since: None,
            }
        })
        .collect()
}

fn has(entry: &Entry<'_>, task: &Task) -> bool {
    entry.tasks().iter().any(|other| std::ptr::eq(*other, task))
}

/// A collector that the schedule does not have, but the record has.
async fn unscheduled(store: &Store, asked: &WhyQuestion<'_>) -> Result<Vec<WhyFacts>, StoreError> {
    let groups = store.groups_of(asked.command).await?;
    Ok(groups
        .into_iter()
        .filter(|group| asked.group.is_none_or(|wanted| wanted == group))
        .map(|group| WhyFacts {
            group,
            command: asked.command.to_owned(),
            args: Vec::new(),
            scheduled: false,
            enabled: false,
            rule: None,
            previous: None,
            next: None,
            last: None,
            ledger: None,
            paused_since: None,
        })
        .collect())
}

/// How far back the record is asked.
const RECENT: u32 = 20;

/// What the record says.
async fn recall(store: &Store, facts: &mut WhyFacts) -> Result<(), StoreError> {
    let mut last = store.last_outcomes(&facts.group, &facts.command, RECENT).await?;
    // A group may name a collector more than once, with other arguments.
    let same = last.iter().position(|last| last.args == facts.args).unwrap_or(0);
    facts.last = (same < last.len()).then(|| last.swap_remove(same));
    if let Some(slot) = facts.previous {
        let rows = store.ledger_at(&facts.command, slot).await?;
        // A look for releases may have been made at the same moment: it is not the last word.
        let own = |row: &LedgerRow| row.group == facts.group && !row.entry.starts_with("release:");
        facts.ledger = rows.into_iter().find(own);
    }
    let pauses = store.pauses().await?;
    facts.paused_since = Pause::of(&pauses, &facts.group);
    Ok(())
}
