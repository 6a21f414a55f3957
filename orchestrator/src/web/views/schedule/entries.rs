//! The entries of the timetable, with their next firings and their collectors.

use jiff::Timestamp;

use crate::model::{Entry, EntryKey, Schedule, WORKFLOW_GROUP, timetable};
use crate::text::counted;
use crate::web::views::home::often::name;
use crate::web::views::links;
use crate::web::views::moment::ShownMoment;

/// As many firings are told of each.
const FIRINGS: usize = 5;

/// An entry.
#[derive(Debug)]
pub(crate) struct EntryRow {
    pub(crate) name: String,
    /// Its time of day, and the zone of that where it is another one than UTC.
    pub(crate) at: String,
    pub(crate) count: String,
    pub(crate) next: Option<ShownMoment>,
    pub(crate) then: String,
    pub(crate) paused: bool,
    /// Where it is run now, and where the timetable is told to pass over it, or not to any more: of
    /// batches and the fixed list.
    pub(crate) run_now: Option<String>,
    pub(crate) pause: Option<String>,
    /// Each with its page, its cadence and whether it is enabled.
    pub(crate) collectors: Vec<(String, String, String, bool)>,
}

/// The entries in the order of the file.
pub(crate) fn entries(
    schedule: &Schedule,
    is_paused: impl Fn(&str) -> bool,
    now: Timestamp,
) -> Vec<EntryRow> {
    timetable(schedule)
        .iter()
        .map(|entry| row(entry, &is_paused, now))
        .collect()
}

fn row(entry: &Entry<'_>, is_paused: &impl Fn(&str) -> bool, now: Timestamp) -> EntryRow {
    let after = |slot: &Timestamp| entry.next_due_after(*slot);
    let firings: Vec<ShownMoment> = std::iter::successors(entry.next_due_after(now), after)
        .take(FIRINGS)
        .map(|slot| ShownMoment::new(slot, now))
        .collect();
    let mut day = firings.first().map(|first| first.day.clone());
    let then: Vec<String> = firings
        .iter()
        .skip(1)
        .map(|firing| {
            let same_day = day.as_ref() == Some(&firing.day);
            day = Some(firing.day.clone());
            match same_day {
                true => firing.clock.clone(),
                false => format!("{} {}", firing.day, firing.clock),
            }
        })
        .collect();
    let tasks = entry.tasks();
    let group = match entry.key() {
        EntryKey::Group(group) => Some(group.as_str()),
        EntryKey::Workflow => Some(WORKFLOW_GROUP),
        EntryKey::Interval(_) | EntryKey::Cron(..) | EntryKey::Releases(_) => None,
    };
    EntryRow {
        name: name(&entry.key().to_string()),
        at: entry.time_of_day().map_or_else(String::new, |(time, zone)| {
            let time = time.strftime("%H:%M").to_string();
            match zone.iana_name() {
                Some("UTC") | None => time,
                Some(zone) => format!("{time} {zone}"),
            }
        }),
        count: counted(tasks.len(), "collector"),
        next: firings.into_iter().next(),
        then: then.join(", "),
        run_now: group.map(|group| links::group_action(group, "run")),
        pause: group.map(|group| {
            let verb = if is_paused(group) { "resume" } else { "pause" };
            links::group_action(group, verb)
        }),
        paused: entry
            .group()
            .map(|group| group.name.as_str())
            .or(group)
            .is_some_and(is_paused),
        collectors: tasks
            .iter()
            .map(|task| {
                let href = links::collector(task.group.as_str(), task.name.as_str());
                let name = format!("{}/{}", task.group, task.name);
                (name, href, task.cadence.to_string(), task.enabled)
            })
            .collect(),
    }
}
