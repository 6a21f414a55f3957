//! The timetable: which entries a scheduler has, and the instants (slots) at which
//! each is due. Pure arithmetic, so that every scheduler computes the same slots.
//! Called by the scheduler, by `next` and by `why`; it runs nothing and knows no "now".
//!
//! An entry with a time of day has one slot for each date of its zone's calendar:
//! the first instant at which the zone's clocks show that date and time, or later.
//! That one rule covers the changes of the clocks. A time that occurs twice counts
//! once, at its first occurrence. A time that is skipped falls on the jump; so does
//! a date that is skipped whole (Apia had no 30 December 2011): what was due on it
//! runs as the zone jumps past it. Where that makes two dates fall on one instant
//! (a batch at 00:00 in Apia, that day), they share one slot, and what is due on
//! either is due then, once.

use std::fmt;
use std::iter;
use std::time::Duration;

use indexmap::IndexMap;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::model::ids::GroupName;
use crate::model::schedule::{Cadence, Group, Minutes, Schedule, Task};
use crate::model::selection::cron::CronExpression;
use crate::model::timetable::calendar::{DateSet, falls_on, first_instant};
use crate::model::timetable::cron_times::{CronTime, next_cron_time};

/// What identifies an entry across reloads and in the ledger of slots.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EntryKey {
    /// The batch of a group.
    Group(GroupName),
    /// All interval tasks of so many minutes, of whichever group.
    Interval(Minutes),
    /// All tasks with this expression in the zone of this name, of whichever group.
    Cron(CronExpression, String),
    /// The release checks between the batches of a group (`release: poll`).
    Releases(GroupName),
    /// The fixed list.
    Workflow,
}

impl fmt::Display for EntryKey {
    /// `group:github`, `interval:15`, `cron:UTC:5 */2 * * *`, `release:github`, `workflow`: unique,
    /// and stable enough to be stored.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Group(name) => write!(f, "group:{name}"),
            Self::Interval(minutes) => write!(f, "interval:{}", minutes.get()),
            Self::Cron(cron, zone) => write!(f, "cron:{zone}:{cron}"),
            Self::Releases(name) => write!(f, "release:{name}"),
            Self::Workflow => f.write_str("workflow"),
        }
    }
}

impl EntryKey {
    /// That of the tasks with this expression in this zone.
    pub(crate) fn cron(cron: &CronExpression, zone: &TimeZone) -> Self {
        Self::Cron(cron.clone(), zone.iana_name().unwrap_or("UTC").to_owned())
    }

    /// Entries with one queue never run at the same time. A group's release checks share
    /// the queue of its batch, which may run the same tasks.
    pub fn overlap_queue(&self) -> Self {
        match self {
            Self::Releases(group) => Self::Group(group.clone()),
            other => other.clone(),
        }
    }

    /// Whether its slots are release checks, and no times at which something is due.
    pub fn is_release_check(&self) -> bool {
        matches!(self, Self::Releases(_))
    }

    /// The other entry of its overlap queue, where there may be one.
    pub fn shares_queue_with(&self) -> Option<Self> {
        match self {
            Self::Releases(group) => Some(Self::Group(group.clone())),
            Self::Group(group) => Some(Self::Releases(group.clone())),
            Self::Interval(_) | Self::Cron(..) | Self::Workflow => None,
        }
    }
}

/// One line of the timetable: tasks that are due together.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    key: EntryKey,
    group: Option<&'a Group>,
    rhythm: Rhythm,
    tasks: Vec<&'a Task>,
}

/// When an entry is due.
#[derive(Debug, Clone)]
enum Rhythm {
    /// Once for each date of a zone, at a time of day.
    Dates {
        at: Time,
        zone: TimeZone,
        /// The dates on which any of its tasks may be due.
        due: DateSet,
    },
    /// On the grid of multiples of `step` since 1970-01-01T00:00Z, whatever the zone, which
    /// says on which date a slot lies.
    Grid { step: Duration, zone: TimeZone },
    /// Whenever an expression matches in a zone.
    Cron { cron: CronExpression, zone: TimeZone },
}

/// The entries of a schedule: one for each group that has an enabled task with a
/// date, then one for each number of minutes that an enabled interval task has and one
/// for each expression and zone of the enabled cron tasks, in the order in which the file
/// first names them, then the fixed list if it has a time of its own.
pub fn timetable(schedule: &Schedule) -> Vec<Entry<'_>> {
    let mut entries = Vec::new();
    let mut beside: IndexMap<EntryKey, (Rhythm, Vec<&Task>)> = IndexMap::new();
    for group in &schedule.groups {
        let mut batch = Vec::new();
        for task in group.tasks.iter().filter(|task| task.enabled) {
            match Rhythm::beside_batch(group, task) {
                Some((key, rhythm)) => {
                    let (_, tasks) = beside.entry(key).or_insert((rhythm, Vec::new()));
                    tasks.push(task);
                }
                None => batch.push(task),
            }
        }
        if let Some(at) = group.default_time {
            let key = EntryKey::Group(group.name.clone());
            let zone = group.timezone.clone();
            entries.extend(Entry::on_dates(key, at, zone, batch, Some(group)));
        }
    }
    entries.extend(beside.into_iter().map(|(key, (rhythm, tasks))| Entry {
        key,
        group: None,
        rhythm,
        tasks,
    }));
    if let Some(workflow) = &schedule.workflow
        && let Some(at) = workflow.default_time
    {
        let tasks = workflow.tasks.iter().filter(|task| task.enabled).collect();
        entries.extend(Entry::on_dates(
            EntryKey::Workflow,
            at,
            TimeZone::UTC,
            tasks,
            None,
        ));
    }
    entries
}

impl Rhythm {
    /// That of a task which is due beside the batch of its group, with its entry.
    fn beside_batch(group: &Group, task: &Task) -> Option<(EntryKey, Self)> {
        match &task.cadence {
            Cadence::Interval(minutes) => {
                let step = Duration::from_secs(u64::from(minutes.get()) * 60);
                let zone = TimeZone::UTC;
                Some((EntryKey::Interval(*minutes), Self::Grid { step, zone }))
            }
            Cadence::Cron(cron) => {
                let zone = group.timezone.clone();
                let key = EntryKey::cron(cron, &zone);
                let cron = cron.clone();
                Some((key, Self::Cron { cron, zone }))
            }
            Cadence::Daily | Cadence::Weekly(_) | Cadence::Monthly(_) | Cadence::OnRelease => None,
        }
    }
}

impl<'a> Entry<'a> {
    /// `None` without tasks.
    fn on_dates(
        key: EntryKey,
        at: Time,
        zone: TimeZone,
        tasks: Vec<&'a Task>,
        group: Option<&'a Group>,
    ) -> Option<Self> {
        let due: DateSet = tasks.iter().map(|task| &task.cadence).collect();
        (!due.is_empty()).then_some(Self {
            key,
            group,
            rhythm: Rhythm::Dates { at, zone, due },
            tasks,
        })
    }

    pub(crate) fn on_grid(
        key: EntryKey,
        step: Duration,
        zone: TimeZone,
        tasks: Vec<&'a Task>,
        group: Option<&'a Group>,
    ) -> Self {
        Self {
            key,
            group,
            rhythm: Rhythm::Grid { step, zone },
            tasks,
        }
    }

    /// What identifies it.
    pub fn key(&self) -> &EntryKey {
        &self.key
    }

    /// The group whose batch it is, or whose release checks; `None` for intervals, cron
    /// expressions and the fixed list.
    pub fn group(&self) -> Option<&'a Group> {
        self.group
    }

    /// Its time of day and the zone of that; `None` where it has none.
    pub fn time_of_day(&self) -> Option<(Time, &TimeZone)> {
        match &self.rhythm {
            Rhythm::Dates { at, zone, .. } => Some((*at, zone)),
            Rhythm::Grid { .. } | Rhythm::Cron { .. } => None,
        }
    }

    /// What lies between two of its slots, where that is always the same.
    pub fn step(&self) -> Option<Duration> {
        match &self.rhythm {
            Rhythm::Dates { .. } | Rhythm::Cron { .. } => None,
            Rhythm::Grid { step, .. } => Some(*step),
        }
    }

    /// Whether its slots are release checks.
    pub fn is_release_check(&self) -> bool {
        self.key.is_release_check()
    }

    /// All its tasks in file order, due or not.
    pub fn tasks(&self) -> &[&'a Task] {
        &self.tasks
    }

    /// Its first slot strictly after `after`, whether or not something is due
    /// then; `None` at the end of the years that can be computed (9999).
    pub fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        match &self.rhythm {
            Rhythm::Dates { at, zone, .. } => first_slot(zone, *at, after, |_| true),
            Rhythm::Grid { step, .. } => next_on_grid(*step, after),
            Rhythm::Cron { cron, zone } => next_cron_time(cron, zone, after).map(|time| time.at),
        }
    }

    /// Its first slot strictly after `after` at which something is due. A release
    /// may always have come: an on_release task counts as due.
    pub fn next_due_after(&self, after: Timestamp) -> Option<Timestamp> {
        match &self.rhythm {
            Rhythm::Dates { at, zone, due } => first_slot(zone, *at, after, |date| due.contains(date)),
            Rhythm::Grid { .. } | Rhythm::Cron { .. } => self.next_after(after),
        }
    }

    /// Its slots after `from` (exclusive) up to `to` (inclusive), in order.
    pub fn slots(&self, from: Timestamp, to: Timestamp) -> impl Iterator<Item = Timestamp> {
        iter::successors(self.next_after(from), |&slot| self.next_after(slot))
            .take_while(move |&slot| slot <= to)
    }

    /// The tasks that are due at `slot`, in file order, on_release tasks included;
    /// none if `slot` is not one of this entry's.
    pub fn due(&self, slot: Timestamp) -> Vec<&'a Task> {
        match &self.rhythm {
            Rhythm::Dates { at, zone, .. } => {
                let dates = dates_of(zone, *at, slot);
                let is_due = |task: &&Task| dates.iter().flatten().any(|&date| falls_on(&task.cadence, date));
                self.tasks.iter().copied().filter(is_due).collect()
            }
            Rhythm::Grid { step, .. } => {
                let on_grid = slot.as_nanosecond().rem_euclid(nanoseconds(*step)) == 0;
                if on_grid { self.tasks.clone() } else { Vec::new() }
            }
            Rhythm::Cron { cron, zone } => {
                let matches = cron_time_at(cron, zone, slot).is_some();
                if matches { self.tasks.clone() } else { Vec::new() }
            }
        }
    }

    /// The date that `slot` stands for: its "today". Not always the date which the
    /// zone's clocks show at that instant: Nuuk skips the last hour of a Saturday
    /// each March, and a batch of 23:30 then runs on the Sunday, for the Saturday.
    /// Of two dates that share a slot, the later; for an interval, the date in UTC; for a
    /// release check, the date in its group's zone; for a cron expression, that of the time
    /// that matched; `None` if `slot` is not one of this entry's.
    pub fn date(&self, slot: Timestamp) -> Option<Date> {
        match &self.rhythm {
            Rhythm::Dates { at, zone, .. } => dates_of(zone, *at, slot).into_iter().flatten().last(),
            Rhythm::Grid { zone, .. } => (!self.due(slot).is_empty()).then(|| zone.to_datetime(slot).date()),
            Rhythm::Cron { cron, zone } => cron_time_at(cron, zone, slot).map(|time| time.date),
        }
    }
}

impl Group {
    /// The slot of its batch on this date; `None` without a batch, and outside the years that
    /// can be computed.
    pub fn slot_on(&self, date: Date) -> Option<Timestamp> {
        first_instant(&self.timezone, date.to_datetime(self.default_time?))
    }
}

/// More dates than any cadence can pass without falling on one: a month and a day.
const DATES_TO_SEARCH: usize = 32;

/// The slot of the first date that is `wanted` and whose slot is after `after`.
fn first_slot(
    zone: &TimeZone,
    at: Time,
    after: Timestamp,
    wanted: impl Fn(Date) -> bool,
) -> Option<Timestamp> {
    // Dates before today's are past: the clocks already show a later one. Today's slot
    // and, where clocks went back by a day, tomorrow's may be past as well.
    let today = zone.to_datetime(after).date();
    iter::successors(Some(today), |date| date.tomorrow().ok())
        .take(DATES_TO_SEARCH + 2)
        .filter(|&date| wanted(date))
        .find_map(|date| first_instant(zone, date.to_datetime(at)).filter(|&slot| slot > after))
}

/// The dates whose slot is `slot`, in order: one or none, or two where a zone
/// skipped a date. No zone has ever skipped more than one.
fn dates_of(zone: &TimeZone, at: Time, slot: Timestamp) -> [Option<Date>; 2] {
    let shown = zone.to_datetime(slot).date();
    [shown.yesterday().ok(), Some(shown)]
        .map(|date| date.filter(|date| first_instant(zone, date.to_datetime(at)) == Some(slot)))
}

/// The time that matches at `slot`, if one does.
fn cron_time_at(cron: &CronExpression, zone: &TimeZone, slot: Timestamp) -> Option<CronTime> {
    let before = slot.checked_sub(1.nanosecond()).ok()?;
    next_cron_time(cron, zone, before).filter(|time| time.at == slot)
}

/// At least one: nothing can be divided by zero.
fn nanoseconds(step: Duration) -> i128 {
    i128::try_from(step.as_nanos()).unwrap_or(i128::MAX).max(1)
}

/// The first multiple of `step` after `after`.
fn next_on_grid(step: Duration, after: Timestamp) -> Option<Timestamp> {
    let step = nanoseconds(step);
    let next = (after.as_nanosecond().div_euclid(step) + 1) * step;
    Timestamp::from_nanosecond(next).ok()
}

#[cfg(test)]
mod tests;
