//! When a scheduler checks for releases by itself (`release: poll`), besides in the batches
//! of groups with on_release tasks. Pure.
//!
//! Checks are slots like others, on the grid of multiples of `poll` since 1970, so that every
//! scheduler computes the same ones and each is done once. There is an entry for each group
//! that waits, since groups do not wait for each other; what is asked outside is asked once for
//! all of them (`scheduler`).

use std::time::Duration;

use crate::model::schedule::{Cadence, Group, Schedule, Task};
use crate::model::timetable::slots::{Entry, EntryKey, timetable};

/// The entries of the checks, in the order of the groups; none without `poll`.
pub fn release_checks(schedule: &Schedule) -> Vec<Entry<'_>> {
    let Some(step) = schedule.release.poll else {
        return Vec::new();
    };
    schedule
        .groups
        .iter()
        .filter_map(|group| of_group(group, step))
        .collect()
}

fn of_group(group: &Group, step: Duration) -> Option<Entry<'_>> {
    let waits = |task: &&Task| task.enabled && task.cadence == Cadence::OnRelease;
    let tasks: Vec<&Task> = group.tasks.iter().filter(waits).collect();
    let key = EntryKey::Releases(group.name.clone());
    (!tasks.is_empty()).then(|| Entry::on_grid(key, step, group.timezone.clone(), tasks, Some(group)))
}

/// All that a scheduler does by itself: the timetable, and its release checks.
pub fn scheduler_timetable(schedule: &Schedule) -> Vec<Entry<'_>> {
    let mut entries = timetable(schedule);
    entries.extend(release_checks(schedule));
    entries
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};
    use proptest::prelude::*;

    use super::*;
    use crate::model::fixtures::{any_schedule, commands, example, group, schedule};
    use crate::model::{Release, plan_slot};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn polled(mut schedule: Schedule, every: Duration) -> Schedule {
        schedule.release.poll = Some(every);
        schedule
    }

    #[test]
    fn each_group_that_waits_is_checked_for_and_nobody_without_poll() {
        assert!(release_checks(&example()).is_empty());
        let mut waiting = polled(example(), Duration::from_secs(3600));
        let of = |schedule: &Schedule| -> Vec<String> {
            let shown = |entry: &Entry<'_>| {
                let names = commands(entry.tasks().iter().copied()).join(",");
                format!("{} {names} {:?}", entry.key(), entry.step().unwrap())
            };
            release_checks(schedule).iter().map(shown).collect()
        };
        assert_eq!(of(&waiting), ["release:reporting sync 3600s"]);
        assert_eq!(scheduler_timetable(&waiting).len(), timetable(&waiting).len() + 1);
        waiting.groups[1].tasks[1].enabled = false;
        assert_eq!(of(&waiting), [""; 0]);
    }

    #[test]
    fn a_release_check_shares_the_queue_of_its_batch_and_no_other() {
        let waiting = polled(example(), Duration::from_secs(3600));
        let table = scheduler_timetable(&waiting);
        let check = table.last().unwrap().key();
        let batch = table[1].key();
        assert_eq!(
            (check.overlap_queue(), check.shares_queue_with()),
            (batch.clone(), Some(batch.clone()))
        );
        assert_eq!(
            (batch.overlap_queue(), batch.shares_queue_with().as_ref()),
            (batch.clone(), Some(check))
        );
        let alone = |entry: &&Entry<'_>| entry.key().shares_queue_with().is_none();
        assert_eq!(
            table.iter().filter(alone).count(),
            2,
            "intervals share with nobody"
        );
    }

    #[test]
    fn a_release_check_is_planned_as_on_release_on_the_date_of_its_group() {
        let mut far = schedule([group(
            "g",
            "Pacific/Kiritimati",
            "04:10",
            &[("sync", Cadence::OnRelease)],
        )]);
        far = polled(far, Duration::from_secs(5400));
        let checks = release_checks(&far);
        let slot = checks[0].next_after(at("2026-11-25T12:00:00Z")).unwrap();
        assert_eq!(slot, at("2026-11-25T13:30:00Z"));
        let plan = plan_slot(&checks[0], slot, Release::New).unwrap();
        assert_eq!(
            (plan.selection.as_str(), plan.date.to_string().as_str()),
            ("on_release", "2026-11-26")
        );
        assert_eq!(commands(plan.tasks.iter().map(|planned| &planned.task)), ["sync"]);
        assert!(plan_slot(&checks[0], at("2026-11-25T13:31:00Z"), Release::New).is_none());
    }

    proptest! {
        /// Clocks that are changed move no check, and each comes once: in each zone one every so
        /// often, through both changes of the year.
        #[test]
        fn release_checks_are_evenly_apart_whatever_the_clocks_on_walls_do(
            schedule in any_schedule(),
            minutes in 1..3000_u64,
        ) {
            let step = Duration::from_secs(minutes * 60);
            let schedule = polled(schedule, step);
            for check in release_checks(&schedule) {
                for from in ["2026-03-27T00:00:00Z", "2026-10-23T00:00:00Z"].map(at) {
                    let slots: Vec<Timestamp> = check.slots(from, from + SignedDuration::from_hours(96)).collect();
                    prop_assert!(slots.windows(2).all(|pair| pair[1].duration_since(pair[0]).unsigned_abs() == step));
                    prop_assert!(slots.iter().all(|&slot| check.due(slot).len() == check.tasks().len()));
                }
            }
        }
    }
}
