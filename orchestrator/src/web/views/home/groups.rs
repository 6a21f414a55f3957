//! The night by group: a square for each collector that is due once a night, in the order of the
//! file.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::events::RecordCounts;
use crate::model::{CadenceKind, Schedule};
use crate::queries::status::{NightLine, NightState, StatusAnswer};
use crate::web::views::links;
use crate::web::views::look::OutcomeLook;
use crate::web::views::numbers::{brought, took};

/// A group and its squares.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct GroupRow {
    pub(crate) name: String,
    pub(crate) href: String,
    pub(crate) at: String,
    pub(crate) paused: bool,
    pub(crate) squares: Vec<Square>,
    /// `5 of 6`, and what else is to be said.
    pub(crate) share: String,
    pub(crate) more: String,
}

/// A collector.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Square {
    pub(crate) look: OutcomeLook,
    pub(crate) title: String,
    pub(crate) href: String,
}

/// The groups, by the order in which they first stand in the timetable.
pub(crate) fn groups(status: &StatusAnswer, schedule: &Schedule) -> Vec<GroupRow> {
    let mut lines: BTreeMap<&str, Vec<&NightLine>> = BTreeMap::new();
    let mut order: Vec<&str> = Vec::new();
    for line in status.tasks.iter().filter(|line| !is_often(line)) {
        let group = line.group.as_str();
        if !order.contains(&group) {
            order.push(group);
        }
        lines.entry(group).or_default().push(line);
    }
    order
        .into_iter()
        .filter_map(|group| Some(row(group, lines.get(group)?, schedule)))
        .collect()
}

/// Whether it is due many times a night, outside its group's batch.
pub(crate) fn is_often(line: &NightLine) -> bool {
    [CadenceKind::Interval, CadenceKind::Cron]
        .iter()
        .any(|kind| kind.as_str() == line.schedule)
}

fn row(name: &str, lines: &[&NightLine], schedule: &Schedule) -> GroupRow {
    let group = schedule.groups.iter().find(|group| group.name.as_str() == name);
    let due = lines.iter().filter(|line| line.is_due()).count();
    let well = lines.iter().filter(|line| line.word() == "succeeded").count();
    GroupRow {
        name: name.to_owned(),
        href: links::with_query("/runs", &[("group", Some(name))]),
        at: group.map_or_else(String::new, |group| {
            let time = group.default_time.map(|at| at.strftime("%H:%M").to_string());
            time.unwrap_or_default()
        }),
        paused: lines.iter().any(|line| line.paused),
        squares: lines.iter().map(|line| square(line)).collect(),
        share: format!("{well} of {due}"),
        more: more(lines),
    }
}

fn square(line: &NightLine) -> Square {
    let look = OutcomeLook::of(line.word());
    let mut title = format!("{}: {}", line.name, look.word);
    if let Some(cause) = &line.cause {
        title.push_str(&format!(", {cause}"));
    } else if let Some(duration) = line.duration_ms.filter(|_| line.state == NightState::Ran) {
        title.push_str(&format!(" in {}", took(duration)));
    }
    Square {
        look,
        title,
        href: links::collector(&line.group, &line.name),
    }
}

/// What went wrong, in order of the looks; else how long it took and what it brought.
fn more(lines: &[&NightLine]) -> String {
    let mut bad: Vec<(OutcomeLook, usize)> = Vec::new();
    for look in lines.iter().map(|line| OutcomeLook::of(line.word())) {
        if !look.is_bad() && look.key != "skipped" && look.key != "running" {
            continue;
        }
        match bad.iter_mut().find(|(other, _)| *other == look) {
            Some((_, count)) => *count += 1,
            None => bad.push((look, 1)),
        }
    }
    let ran = lines.iter().filter(|line| line.state == NightState::Ran);
    let total: u64 = ran.clone().filter_map(|line| line.duration_ms).sum();
    let counts = ran
        .filter_map(|line| line.records)
        .fold(RecordCounts::default(), |sum, counts| RecordCounts {
            new: sum.new + counts.new,
            changed: sum.changed + counts.changed,
            unchanged: sum.unchanged + counts.unchanged,
        });
    let mut parts: Vec<String> = bad
        .into_iter()
        .map(|(look, count)| format!("{count} {}", look.word))
        .collect();
    if parts.is_empty() && total > 0 {
        parts.push(took(total));
    }
    parts.push(brought(counts));
    parts.retain(|part| !part.is_empty());
    parts.join(", ")
}

/// Where the zone of a group's time is another one than UTC, its name.
pub(crate) fn zones(schedule: &Schedule, now: Timestamp) -> String {
    let mut zones: Vec<String> = schedule
        .groups
        .iter()
        .map(|group| group.timezone.to_offset_info(now).abbreviation().to_owned())
        .collect();
    zones.sort();
    zones.dedup();
    zones.join(", ")
}
