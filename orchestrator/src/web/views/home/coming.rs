//! What the next 24 hours bring. Slots of one entry that come often are told once, with how many
//! there are.

use jiff::{SignedDuration, Timestamp};

use crate::model::{EntryKey, Schedule, Window, timetable, upcoming_slots};
use crate::text::counted;
use crate::web::views::home::often::name;
use crate::web::views::links;
use crate::web::views::moment::ShownMoment;

/// How far it looks ahead.
const AHEAD: SignedDuration = SignedDuration::from_hours(24);

/// More lines than this are not read.
const LISTED: usize = 12;

/// More slots are not walked: an interval of a minute has 1,440.
const SLOTS: usize = 3000;

/// A firing.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Firing {
    /// A heading, where its day is another one than that of the line before.
    pub(crate) day: Option<String>,
    pub(crate) at: ShownMoment,
    pub(crate) what: String,
    pub(crate) who: String,
    pub(crate) href: Option<String>,
    pub(crate) paused: bool,
}

/// The firings, and how many more there are.
pub(crate) fn coming(
    schedule: &Schedule,
    is_paused: impl Fn(&str) -> bool,
    now: Timestamp,
) -> (Vec<Firing>, usize) {
    let timetable = timetable(schedule);
    let window = Window {
        until: now.checked_add(AHEAD).ok(),
        count: Some(SLOTS),
    };
    let mut told: Vec<String> = Vec::new();
    let mut firings: Vec<Firing> = Vec::new();
    let mut more = 0;
    let mut day = ShownMoment::new(now, now).day;
    let slots = upcoming_slots(&timetable, now, window);
    for slot in &slots {
        let key = slot.entry.key().to_string();
        let comes_often = matches!(slot.entry.key(), EntryKey::Interval(_) | EntryKey::Cron(..));
        if comes_often && told.contains(&key) {
            continue;
        }
        if firings.len() == LISTED {
            more += 1;
            continue;
        }
        let at = ShownMoment::new(slot.at, now);
        let group = slot.entry.group().map(|group| group.name.as_str());
        let count = slots
            .iter()
            .filter(|other| other.entry.key() == slot.entry.key())
            .count();
        let who = match (slot.tasks.as_slice(), comes_often) {
            ([task], false) => task.name.to_string(),
            (tasks, false) => counted(tasks.len(), "collector"),
            (tasks, true) => format!(
                "{}, {}",
                counted(tasks.len(), "collector"),
                counted(count, "time")
            ),
        };
        firings.push(Firing {
            day: (at.day != day).then(|| at.day.clone()),
            what: name(&key),
            who,
            href: group.map(|group| links::with_query("/runs", &[("group", Some(group))])),
            paused: group.is_some_and(&is_paused),
            at: at.clone(),
        });
        day = at.day;
        told.push(key);
    }
    (firings, more)
}
