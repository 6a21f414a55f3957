//! Which slots come next: the due slots of all entries of a timetable, merged in
//! order of time. Called by `next` and the dashboard.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use jiff::Timestamp;

use crate::model::schedule::Task;
use crate::model::timetable::slots::Entry;

/// A slot at which something is due.
#[derive(Debug, Clone)]
pub struct UpcomingSlot<'t, 'a> {
    /// The entry whose slot it is.
    pub entry: &'t Entry<'a>,
    /// When.
    pub at: Timestamp,
    /// What is due then, in file order; on_release tasks run only if there is a release.
    pub tasks: Vec<&'a Task>,
}

/// How far to look ahead. Without either bound: the next slot of every entry.
#[derive(Debug, Clone, Copy, Default)]
pub struct Window {
    /// Nothing after this instant.
    pub until: Option<Timestamp>,
    /// No more slots than this.
    pub count: Option<usize>,
}

/// The slots after `after` (exclusive) within `window`, in order of time; those of
/// one instant in the order of the timetable. Slots at which nothing is due are left
/// out. The work grows with the slots that are returned and with the number of
/// entries, not with the length of the window: but a window that ends in the year
/// 9999 holds as many slots as it says.
pub fn upcoming_slots<'t, 'a>(
    timetable: &'t [Entry<'a>],
    after: Timestamp,
    window: Window,
) -> Vec<UpcomingSlot<'t, 'a>> {
    let first = |(index, entry): (usize, &Entry<'_>)| Some(Reverse((entry.next_due_after(after)?, index)));
    let mut upcoming: BinaryHeap<_> = timetable.iter().enumerate().filter_map(first).collect();
    let bounded = window.until.is_some() || window.count.is_some();
    let mut found = Vec::new();
    while window.count.is_none_or(|count| found.len() < count) {
        let Some(Reverse((at, index))) = upcoming.pop() else {
            break;
        };
        if window.until.is_some_and(|until| at > until) {
            break;
        }
        let entry = &timetable[index];
        let tasks = entry.due(at);
        found.push(UpcomingSlot { entry, at, tasks });
        if bounded && let Some(next) = entry.next_due_after(at) {
            upcoming.push(Reverse((next, index)));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use jiff::civil::Weekday;
    use proptest::prelude::*;

    use super::*;
    use crate::model::fixtures::{
        any_schedule, commands, group, interval, monthly, schedule, weekly, workflow,
    };
    use crate::model::{Cadence, Schedule, timetable};

    const WEDNESDAY: &str = "2026-11-25T00:00:00Z";

    fn example() -> Schedule {
        let mut schedule = schedule([
            group(
                "late",
                "UTC",
                "06:00",
                &[("export", Cadence::Daily), ("poll", interval(180))],
            ),
            group("early", "UTC", "04:10", &[("usage", weekly(Weekday::Monday))]),
            group("rare", "UTC", "06:00", &[("report", monthly(31))]),
        ]);
        schedule.workflow = Some(workflow(Some("06:00"), &["all"]));
        schedule
    }

    fn shown(window: Window) -> Vec<String> {
        let schedule = example();
        let timetable = timetable(&schedule);
        upcoming_slots(&timetable, WEDNESDAY.parse().unwrap(), window)
            .into_iter()
            .map(|slot| {
                format!(
                    "{} {} {}",
                    slot.at,
                    slot.entry.key(),
                    commands(slot.tasks).join(",")
                )
            })
            .collect()
    }

    #[test]
    fn without_bounds_every_entry_shows_its_next_slot() {
        assert_eq!(
            shown(Window::default()),
            [
                "2026-11-25T03:00:00Z interval:180 poll",
                "2026-11-25T06:00:00Z group:late export",
                "2026-11-25T06:00:00Z workflow all",
                "2026-11-30T04:10:00Z group:early usage",
                "2026-11-30T06:00:00Z group:rare report",
            ]
        );
    }

    #[test]
    fn a_count_takes_the_nearest_and_ties_follow_the_timetable() {
        let window = Window {
            count: Some(4),
            until: None,
        };
        assert_eq!(
            shown(window),
            [
                "2026-11-25T03:00:00Z interval:180 poll",
                "2026-11-25T06:00:00Z group:late export",
                "2026-11-25T06:00:00Z interval:180 poll",
                "2026-11-25T06:00:00Z workflow all",
            ]
        );
        assert!(
            shown(Window {
                count: Some(0),
                ..window
            })
            .is_empty()
        );
    }

    #[test]
    fn an_end_is_inclusive() {
        let until = |until: &str| {
            shown(Window {
                until: Some(until.parse().unwrap()),
                count: None,
            })
        };
        assert_eq!(until("2026-11-25T05:59:59.999999999Z").len(), 1);
        assert_eq!(until("2026-11-25T06:00:00Z").len(), 4);
        assert!(until("2000-01-01T00:00:00Z").is_empty());
    }

    #[test]
    fn the_end_of_time_has_no_slots() {
        let schedule = example();
        let timetable = timetable(&schedule);
        assert!(upcoming_slots(&timetable, Timestamp::MAX, Window::default()).is_empty());
        let everything = Window {
            count: Some(10),
            until: None,
        };
        let first = upcoming_slots(&timetable, Timestamp::MIN, everything);
        assert_eq!(first.len(), 10);
    }

    #[test]
    fn ten_thousand_tasks_in_as_many_groups_or_in_one() {
        let tasks: Vec<(&str, Cadence)> = (0..10_000).map(|index| ("c", monthly(1 + index % 31))).collect();
        let one = schedule([group("one", "Europe/Berlin", "04:10", &tasks)]);
        let many = schedule((0..10_000).map(|index| {
            group(
                &format!("g{index}"),
                "Europe/Berlin",
                "04:10",
                &[("c", monthly(1 + index % 31))],
            )
        }));
        let now = WEDNESDAY.parse().unwrap();
        let table = timetable(&one);
        let month = Window {
            count: Some(31),
            until: None,
        };
        let due: usize = upcoming_slots(&table, now, month)
            .iter()
            .map(|slot| slot.tasks.len())
            .sum();
        assert!(due >= 10_000);
        let table = timetable(&many);
        assert_eq!(upcoming_slots(&table, now, Window::default()).len(), 10_000);
    }

    proptest! {
        #[test]
        fn upcoming_slots_are_the_due_slots_of_all_entries_in_order(schedule in any_schedule(), hours in 0i64..200) {
            let timetable = timetable(&schedule);
            let after: Timestamp = "2026-03-28T12:30:00Z".parse().unwrap();
            let until = after.saturating_add(jiff::SignedDuration::from_hours(hours)).unwrap();
            let mut expected = Vec::new();
            for (index, entry) in timetable.iter().enumerate() {
                let due = entry.slots(after, until).map(|at| (at, index, commands(entry.due(at))));
                expected.extend(due.filter(|(.., tasks)| !tasks.is_empty()));
            }
            expected.sort();
            let window = Window { until: Some(until), count: None };
            let place = |entry: &Entry<'_>| timetable.iter().position(|other| other.key() == entry.key()).unwrap();
            let found: Vec<_> = upcoming_slots(&timetable, after, window)
                .into_iter()
                .map(|slot| (slot.at, place(slot.entry), commands(slot.tasks)))
                .collect();
            prop_assert_eq!(found, expected);
        }
    }
}
