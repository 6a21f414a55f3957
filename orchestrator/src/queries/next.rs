//! What the timetable will start, when, and how it went the last time: the JSON contract
//! of `next`, on the command line and over HTTP.

use std::collections::{BTreeSet, HashMap};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::model::{EntryKey, Task, UpcomingSlot, WORKFLOW_GROUP, Window};
use crate::store::{LastOutcome, Pause, Store, StoreError};

/// How far ahead; without either bound: the next slot of every entry.
pub(crate) fn window(now: Timestamp, hours: Option<u32>, count: Option<u32>) -> Window {
    let hours = hours.map(|hours| SignedDuration::from_hours(hours.into()));
    Window {
        until: hours.and_then(|hours| now.checked_add(hours).ok()),
        count: count.map(|count| count as usize),
    }
}

/// What the record says of what is to come.
#[derive(Debug, Default)]
pub(crate) struct SlotFacts {
    last: HashMap<(String, String), LastOutcome>,
    pauses: Vec<Pause>,
}

impl SlotFacts {
    /// Asks the record about the tasks of some slots, each once.
    ///
    /// # Errors
    /// The database fails.
    pub(crate) async fn ask(store: &Store, slots: &[UpcomingSlot<'_, '_>]) -> Result<Self, StoreError> {
        let tasks: BTreeSet<(&str, &str)> = slots
            .iter()
            .flat_map(|slot| &slot.tasks)
            .map(|task| (task.group.as_str(), task.name.as_str()))
            .collect();
        let pauses = store.pauses().await?;
        let mut last = HashMap::new();
        for (group, name) in tasks {
            if let Some(outcome) = store.last_outcomes(group, name, 1).await?.pop() {
                last.insert((group.to_owned(), name.to_owned()), outcome);
            }
        }
        Ok(Self { last, pauses })
    }

    fn last(&self, task: &Task) -> Option<&LastOutcome> {
        self.last.get(&(task.group.to_string(), task.name.to_string()))
    }
}

/// A slot that is to come.
#[derive(Debug, Serialize)]
pub(crate) struct NextSlot<'a> {
    /// `group`, `releases`, `interval`, `cron` or `workflow`.
    pub(crate) kind: &'static str,
    /// The group whose batch it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) group: Option<&'a str>,
    /// The minutes of an interval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) minutes: Option<u8>,
    /// The expression of a cron entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cron: Option<&'a str>,
    /// Its time of day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) at: Option<String>,
    /// The zone of that, or of the expression.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) timezone: Option<String>,
    pub(crate) next: Timestamp,
    /// Since when its group is paused, so that it will be skipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) paused_since: Option<Timestamp>,
    pub(crate) tasks: Vec<NextTask<'a>>,
}

/// A task that is due then.
#[derive(Debug, Serialize)]
pub(crate) struct NextTask<'a> {
    pub(crate) group: &'a str,
    pub(crate) name: &'a str,
    pub(crate) command: &'a str,
    pub(crate) args: &'a [String],
    /// The keyword of its cadence.
    pub(crate) schedule: &'static str,
    /// Since when its group is paused, so that it will be skipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) paused_since: Option<Timestamp>,
    /// How it ended the last time.
    pub(crate) last: Option<&'a LastOutcome>,
}

/// The slots with what is remembered of their tasks.
pub(crate) fn next_slots<'a>(
    slots: &'a [UpcomingSlot<'_, '_>],
    remembered: &'a SlotFacts,
) -> Vec<NextSlot<'a>> {
    slots.iter().map(|slot| NextSlot::new(slot, remembered)).collect()
}

impl<'a> NextSlot<'a> {
    fn new(slot: &'a UpcomingSlot<'_, '_>, remembered: &'a SlotFacts) -> Self {
        let entry = slot.entry;
        let (kind, group, minutes) = match entry.key() {
            EntryKey::Group(name) => ("group", Some(name.as_str()), None),
            EntryKey::Releases(name) => ("releases", Some(name.as_str()), None),
            EntryKey::Interval(minutes) => ("interval", None, Some(minutes.get())),
            EntryKey::Cron(..) => ("cron", None, None),
            EntryKey::Workflow => ("workflow", None, None),
        };
        let (cron, cron_zone) = match entry.key() {
            EntryKey::Cron(cron, zone) => (Some(cron.as_str()), Some(zone.clone())),
            _ => (None, None),
        };
        let time = entry.time_of_day();
        let paused = |group: &str| Pause::of(&remembered.pauses, group);
        let task = |task: &&'a Task| NextTask {
            paused_since: paused(task.group.as_str()),
            group: task.group.as_str(),
            name: task.name.as_str(),
            command: task.command.as_str(),
            args: &task.args,
            schedule: task.cadence.keyword(),
            last: remembered.last(task),
        };
        Self {
            kind,
            group,
            minutes,
            cron,
            at: time.map(|(time, _)| time.strftime("%H:%M").to_string()),
            timezone: cron_zone
                .or_else(|| time.map(|(_, zone)| zone.iana_name().unwrap_or("UTC").to_owned())),
            next: slot.at,
            paused_since: match entry.key() {
                EntryKey::Group(name) | EntryKey::Releases(name) => paused(name.as_str()),
                EntryKey::Workflow => paused(WORKFLOW_GROUP),
                // Its tasks may be of several groups: it is paused where nobody of them would run.
                EntryKey::Interval(_) | EntryKey::Cron(..) => {
                    let all = slot.tasks.iter().map(|task| paused(task.group.as_str()));
                    all.reduce(|one, other| one.zip(other).map(|(one, other)| one.max(other)))
                        .flatten()
                }
            },
            tasks: slot.tasks.iter().map(task).collect(),
        }
    }
}
