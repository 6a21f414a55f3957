//! A slot of the timetable as the JSON contract of `next` shows it, on the command
//! line and over HTTP.

use jiff::Timestamp;
use serde::Serialize;

use crate::model::{EntryKey, Task, UpcomingSlot, WORKFLOW_GROUP};

/// A slot. `L` is whatever is known of a task's last outcome.
#[derive(Debug, Serialize)]
pub struct UpcomingSlotView<'a, L> {
    /// `group`, `interval` or `workflow`.
    pub kind: &'static str,
    /// The group whose batch it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<&'a str>,
    /// The minutes of an interval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minutes: Option<u8>,
    /// Its time of day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// The zone of that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// When.
    pub next: Timestamp,
    /// Since when its group is paused, so that it will be skipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused_since: Option<Timestamp>,
    /// What is due then.
    pub tasks: Vec<UpcomingTask<'a, L>>,
}

/// A task that is due.
#[derive(Debug, Serialize)]
pub struct UpcomingTask<'a, L> {
    /// Its group.
    pub group: &'a str,
    /// Its collector.
    pub command: &'a str,
    /// Its arguments.
    pub args: &'a [String],
    /// The keyword of its cadence.
    pub schedule: &'static str,
    /// How it ended the last time.
    pub last: Option<L>,
}

impl<'a, L> UpcomingSlotView<'a, L> {
    /// The view of a slot; `last` knows how a task ended the last time, `paused` since
    /// when a group is paused.
    pub fn of(
        slot: &'a UpcomingSlot<'_, '_>,
        last: impl Fn(&'a Task) -> Option<L>,
        paused: impl Fn(&str) -> Option<Timestamp>,
    ) -> Self {
        let entry = slot.entry;
        let (kind, group, minutes) = match entry.key() {
            EntryKey::Group(name) => ("group", Some(name.as_str()), None),
            EntryKey::Releases(name) => ("releases", Some(name.as_str()), None),
            EntryKey::Interval(minutes) => ("interval", None, Some(minutes.get())),
            EntryKey::Workflow => ("workflow", None, None),
        };
        let time = entry.time_of_day();
        let task = |task: &&'a Task| UpcomingTask {
            group: task.group.as_str(),
            command: task.command.as_str(),
            args: &task.args,
            schedule: task.cadence.keyword(),
            last: last(task),
        };
        Self {
            kind,
            group,
            minutes,
            at: time.map(|(time, _)| time.strftime("%H:%M").to_string()),
            timezone: time.map(|(_, zone)| zone.iana_name().unwrap_or("UTC").to_owned()),
            next: slot.at,
            paused_since: match entry.key() {
                EntryKey::Group(name) | EntryKey::Releases(name) => paused(name.as_str()),
                EntryKey::Workflow => paused(WORKFLOW_GROUP),
                EntryKey::Interval(_) => None,
            },
            tasks: slot.tasks.iter().map(task).collect(),
        }
    }
}
