//! The newest slot and the next one of every task of a timetable. An entry is walked once
//! for all of its tasks. Pure.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use crate::model::{Entry, Schedule, Task, timetable};

/// The slots of a task around now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct NearSlots {
    /// The newest that has come, if it is not older than the window.
    pub(crate) newest: Option<Timestamp>,
    pub(crate) next: Option<Timestamp>,
}

/// More slots than pass between two on which a task is due: a month and some days.
const SLOTS: usize = 64;

/// No task with a date is due less often.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 33);

/// Those of every enabled task, by its place in the file.
pub(crate) fn near_slots(schedule: &Schedule, since: Timestamp, now: Timestamp) -> HashMap<usize, NearSlots> {
    let places: HashMap<*const Task, usize> = schedule
        .tasks()
        .zip(0..)
        .map(|(task, place)| (std::ptr::from_ref(task), place))
        .collect();
    let mut near: HashMap<usize, NearSlots> = HashMap::new();
    for entry in timetable(schedule) {
        let place = |task: &Task| places.get(&std::ptr::from_ref(task)).copied();
        for slot in past(&entry, since, now) {
            for place in entry.due(slot).into_iter().filter_map(place) {
                near.entry(place).or_default().newest = Some(slot);
            }
        }
        let mut waiting = entry.tasks().len();
        let after = |&slot: &Timestamp| entry.next_due_after(slot);
        for slot in std::iter::successors(entry.next_due_after(now), after).take(SLOTS) {
            for place in entry.due(slot).into_iter().filter_map(place) {
                let near = near.entry(place).or_default();
                waiting -= usize::from(near.next.is_none());
                near.next.get_or_insert(slot);
            }
            if waiting == 0 {
                break;
            }
        }
    }
    near
}

/// The slots of the window in order, but not more than say which is the newest of each task.
fn past(entry: &Entry<'_>, since: Timestamp, now: Timestamp) -> Vec<Timestamp> {
    let back = entry
        .step()
        .and_then(|step| SignedDuration::try_from(step).ok())
        .unwrap_or(LONGEST);
    let from = now.checked_sub(back).unwrap_or(Timestamp::MIN);
    let before = since
        .checked_sub(SignedDuration::from_nanos(1))
        .unwrap_or(Timestamp::MIN);
    // A batch with jitter may begin so much later.
    let jitter = entry.group().map(|group| group.jitter).unwrap_or_default();
    let until = now.checked_sub(jitter).unwrap_or(Timestamp::MIN);
    entry.slots(from.max(before), until).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixtures::example;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn each_task_has_its_own_slots() {
        let schedule = example();
        // A Wednesday.
        let near = near_slots(&schedule, at("2026-11-24T12:00:00Z"), at("2026-11-25T12:07:00Z"));
        let shown: Vec<String> = schedule
            .tasks()
            .zip(0..)
            .map(|(task, place)| {
                let near = near.get(&place).copied().unwrap_or_default();
                let short = |at: Option<Timestamp>| {
                    at.map_or_else(|| "-".to_owned(), |at| at.strftime("%d %H:%M").to_string())
                };
                format!("{} {} {}", task.name, short(near.newest), short(near.next))
            })
            .collect();
        assert_eq!(
            shown,
            [
                "library 25 04:10 26 04:10",
                "usage - 30 04:10",
                "poll 25 12:00 25 12:15",
                "midweek 25 04:10 02 04:10",
                "activity 25 04:10 26 04:10",
                "report - 03 06:00",
                "sync 25 06:00 26 06:00",
                "ping 25 12:00 25 12:15",
                "hourly 25 12:00 25 13:00",
                "export 25 06:00 26 06:00",
                "monday_report - 30 06:00",
                "payday 25 06:00 25 06:00",
            ]
        );
    }

    #[test]
    fn a_batch_that_may_begin_later_has_not_come() {
        let mut schedule = example();
        schedule.groups[0].jitter = std::time::Duration::from_secs(600);
        let newest = |now: &str| near_slots(&schedule, at("2026-11-24T12:00:00Z"), at(now))[&0].newest;
        assert_eq!(newest("2026-11-25T04:19:00Z"), None);
        assert_eq!(newest("2026-11-25T04:20:00Z"), Some(at("2026-11-25T04:10:00Z")));
    }

    #[test]
    fn what_is_older_than_the_window_is_not_its() {
        let schedule = example();
        let near = near_slots(&schedule, at("2026-11-25T04:11:00Z"), at("2026-11-25T04:12:00Z"));
        assert_eq!(near[&0].newest, None);
        let whole = near_slots(&schedule, at("2026-11-01T00:00:00Z"), at("2026-11-25T04:12:00Z"));
        assert_eq!(whole[&1].newest, Some(at("2026-11-23T04:10:00Z")));
    }
}
