//! What a slot means for each task that has to do with its entry: the rows of the
//! ledger, and from them the plan. Pure.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::model::{Cadence, Entry, Plan, Release, Task, plan_slot};
use crate::scheduler::planning::skip_reason::SkipReason;
use crate::store::{Pause, SlotState, SlotTask, TimetableRow};

/// What decides about tasks besides the timetable.
#[derive(Debug, Default)]
pub(crate) struct Circumstances {
    /// Since when each task is in the timetable as it is.
    pub(crate) since: HashMap<TimetableRow, Timestamp>,
    /// Every pause there was.
    pub(crate) pauses: Vec<Pause>,
}

/// A task at a slot.
#[derive(Debug, Clone)]
pub(crate) struct Row<'a> {
    pub(crate) task: &'a Task,
    /// Why it does not run; `None` if it does.
    pub(crate) reason: Option<SkipReason>,
}

impl Row<'_> {
    /// As the store takes it.
    pub(crate) fn slot_task(&self) -> SlotTask {
        SlotTask {
            group: self.task.group.to_string(),
            name: self.task.name.to_string(),
            command: self.task.command.to_string(),
            state: self.reason.as_ref().map_or(SlotState::Due, SkipReason::state),
        }
    }
}

/// A task as the table of the timetable has it. With another cadence or time it is another
/// one.
pub(crate) fn timetable_row(entry: &Entry<'_>, task: &Task) -> TimetableRow {
    let at = match (entry.time_of_day(), entry.step()) {
        (Some((time, zone)), _) => format!(
            " {} {}",
            time.strftime("%H:%M"),
            zone.iana_name().unwrap_or("UTC")
        ),
        (None, Some(step)) if entry.is_release_check() => {
            format!(" every {}", humantime::format_duration(step))
        }
        (None, _) => String::new(),
    };
    TimetableRow {
        entry: entry.key().to_string(),
        group: task.group.to_string(),
        name: task.name.to_string(),
        rhythm: format!("{}{at}", task.cadence),
    }
}

/// Since when the slots of an entry are its own: since the oldest of its tasks is in it.
pub(crate) fn since(entry: &Entry<'_>, circumstances: &Circumstances) -> Option<Timestamp> {
    let of = |task: &&Task| circumstances.since.get(&timetable_row(entry, task)).copied();
    entry.tasks().iter().filter_map(of).min()
}

/// The rows of a slot: every task that has to do with the entry, disabled ones and those
/// that are not due included, in file order. What would run does not for `reason`, if
/// there is one.
pub(crate) fn rows<'a>(
    entry: &Entry<'a>,
    slot: Timestamp,
    circumstances: &Circumstances,
    reason: Option<&SkipReason>,
) -> Vec<Row<'a>> {
    let due = entry.due(slot);
    let judge = |task: &'a Task| {
        let own = if !task.enabled {
            Some(SkipReason::Disabled)
        } else if !due.iter().any(|due| std::ptr::eq(*due, task)) {
            Some(SkipReason::NotDue(task.cadence.clone(), entry.date(slot)))
        } else {
            kept_back(entry, task, slot, circumstances)
        };
        Row {
            task,
            reason: own.or_else(|| reason.cloned()),
        }
    };
    match entry.group() {
        Some(group) if !entry.is_release_check() => {
            let batch = group.tasks.iter();
            batch
                .filter(|task| task.cadence.is_in_batch())
                .map(judge)
                .collect()
        }
        _ => entry.tasks().iter().copied().map(judge).collect(),
    }
}

/// Why a task that is due at a slot is not run at it all the same.
fn kept_back(
    entry: &Entry<'_>,
    task: &Task,
    slot: Timestamp,
    circumstances: &Circumstances,
) -> Option<SkipReason> {
    let since = circumstances.since.get(&timetable_row(entry, task));
    if let Some(since) = since.filter(|&&since| slot <= since) {
        return Some(SkipReason::New(*since));
    }
    let holds = |pause: &&Pause| {
        // One that goes on holds back older slots as well: nothing is to start now.
        let holds = pause.until.is_none_or(|until| pause.from <= slot && slot < until);
        pause.group == task.group.as_str() && holds
    };
    circumstances
        .pauses
        .iter()
        .find(holds)
        .cloned()
        .map(SkipReason::Paused)
}

/// Whether somebody has to find out about releases before the slot can be planned.
pub(crate) fn asks_for_release(rows: &[Row<'_>]) -> bool {
    rows.iter()
        .any(|row| row.reason.is_none() && row.task.cadence == Cadence::OnRelease)
}

/// The plan of a slot and its rows; the plan is empty if nothing is left to run.
/// `None` if the slot is none of the entry's.
pub(crate) fn planned<'a>(
    entry: &Entry<'a>,
    slot: Timestamp,
    circumstances: &Circumstances,
    release: Release,
) -> Option<(Plan, Vec<Row<'a>>)> {
    let mut rows = rows(entry, slot, circumstances, None);
    let none_for = |task: &Task| match &release {
        Release::None => true,
        Release::Known(releases) => releases.pending(&task.group, &task.name).is_empty(),
        Release::New | Release::Unknown(_) | Release::NotChecked => false,
    };
    let waits = |row: &&mut Row<'_>| row.reason.is_none() && row.task.cadence == Cadence::OnRelease;
    for row in rows.iter_mut().filter(waits) {
        if none_for(row.task) {
            row.reason = Some(SkipReason::NoNewRelease);
        }
    }
    let mut plan = plan_slot(entry, slot, release)?;
    plan.tasks
        .retain(|planned| kept_back(entry, &planned.task, slot, circumstances).is_none());
    Some((plan, rows))
}

#[cfg(test)]
mod tests;
