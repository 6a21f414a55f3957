//! When a task is due: in words, and the slots before and after a moment. Pure.

use jiff::{SignedDuration, Timestamp};

use crate::model::{Cadence, Entry, Group, Schedule, Task, weekday_name};

/// When it is due, in words.
pub(crate) fn rule(schedule: &Schedule, group: Option<&Group>, task: &Task) -> String {
    let Some(group) = group else {
        let at = schedule
            .workflow
            .as_ref()
            .and_then(|workflow| workflow.default_time);
        return match at {
            Some(at) => format!(
                "is part of the fixed list, every day at {} UTC",
                at.strftime("%H:%M")
            ),
            None => "is part of the fixed list, which runs only by hand (run-all)".to_owned(),
        };
    };
    let zone = group.timezone.iana_name().unwrap_or("UTC");
    let at = match group.default_time {
        Some(at) => format!("{} {zone}", at.strftime("%H:%M")),
        None => zone.to_owned(),
    };
    match &task.cadence {
        Cadence::Daily => format!("is due every day at {at}"),
        Cadence::Weekly(day) => format!("is due every {} at {at}", capitalised(weekday_name(*day))),
        Cadence::Monthly(day) => format!(
            "is due on day {} of each month, or its last day, at {at}",
            day.get()
        ),
        Cadence::Interval(minutes) => format!("is due every {} minutes", minutes.get()),
        Cadence::Cron(cron) => format!("is due as cron says: {cron} ({zone})"),
        Cadence::OnRelease => {
            let poll = schedule.release.poll.map(|every| {
                format!(
                    ", which is also looked for every {}",
                    humantime::format_duration(every)
                )
            });
            format!(
                "is due every day at {at} if there is a new release{}",
                poll.unwrap_or_default()
            )
        }
    }
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// More slots than pass between two on which a task is due: a month and some days.
const SLOTS: usize = 64;

/// Its first slot after `now`.
pub(crate) fn next_slot(entry: &Entry<'_>, task: &Task, now: Timestamp) -> Option<Timestamp> {
    slots(entry, now)
        .take(SLOTS)
        .find(|&slot| is_due(entry, task, slot))
}

/// Its last slot up to `now`.
pub(crate) fn previous_slot(entry: &Entry<'_>, task: &Task, now: Timestamp) -> Option<Timestamp> {
    let month = SignedDuration::from_hours(24 * 33);
    let back = match &task.cadence {
        Cadence::Interval(minutes) => &[SignedDuration::from_mins(i64::from(minutes.get()))][..],
        // Some come every minute, some on leap days: not all of many years are looked at.
        Cadence::Cron(_) => &[
            SignedDuration::from_hours(1),
            SignedDuration::from_hours(24),
            month,
            SignedDuration::from_hours(24 * 366),
            SignedDuration::from_hours(24 * 366 * 40),
        ],
        _ => &[month],
    };
    back.iter().find_map(|back| {
        slots(entry, now.checked_sub(*back).ok()?)
            .take_while(|&slot| slot <= now)
            .filter(|&slot| is_due(entry, task, slot))
            .last()
    })
}

fn slots(entry: &Entry<'_>, after: Timestamp) -> impl Iterator<Item = Timestamp> {
    std::iter::successors(entry.next_due_after(after), |&slot| entry.next_due_after(slot))
}

fn is_due(entry: &Entry<'_>, task: &Task, slot: Timestamp) -> bool {
    entry.due(slot).iter().any(|due| std::ptr::eq(*due, task))
}
