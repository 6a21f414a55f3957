//! The sentence that `status` begins with. Pure.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::queries::status::answer::{NightState, StatusAnswer};

/// "29 of the 41 collectors that were due since Sun 18:00 UTC succeeded; 5 need a look."
pub(crate) fn verdict(answer: &StatusAnswer, zone: &TimeZone) -> String {
    let since = short_time(answer.since, answer.at, zone);
    let mut sentence = match (answer.due, answer.succeeded) {
        (0, _) => return nothing_due(answer, &since, zone),
        (1, 1) => format!("The one collector that was due since {since} succeeded"),
        (1, _) => format!("The one collector that was due since {since} has not succeeded"),
        (due, succeeded) if due == succeeded => {
            format!("All {due} collectors that were due since {since} succeeded")
        }
        (due, succeeded) => {
            format!("{succeeded} of the {due} collectors that were due since {since} succeeded")
        }
    };
    for (state, word) in [(NightState::Running, "running"), (NightState::Waiting, "waiting")] {
        let count = answer.tasks.iter().filter(|line| line.state == state).count();
        if count > 0 {
            let verb = if count == 1 { "is" } else { "are" };
            sentence.push_str(&format!(", {count} {verb} {word}"));
        }
    }
    sentence + &need(answer)
}

fn nothing_due(answer: &StatusAnswer, since: &str, zone: &TimeZone) -> String {
    let next = answer.tasks.iter().filter_map(|line| Some((line.next?, line)));
    let next = next.min_by_key(|(at, _)| *at);
    let next = next.map_or_else(String::new, |(at, line)| {
        format!(
            " Next: {}/{}, {}.",
            line.group,
            line.name,
            short_time(at, answer.at, zone)
        )
    });
    format!("Nothing was due since {since}{}{next}", need(answer))
}

/// The end of the sentence: what needs a look.
fn need(answer: &StatusAnswer) -> String {
    let looks = |count: usize| if count == 1 { "needs a look" } else { "need a look" };
    let count = |problems: usize| match problems {
        1 => "1 problem".to_owned(),
        _ => format!("{problems} problems"),
    };
    match (answer.attention, answer.problems.len()) {
        (0, 0) => ".".to_owned(),
        (0, problems) => format!("; {} {}.", count(problems), looks(problems)),
        (tasks, 0) => format!("; {tasks} {}.", looks(tasks)),
        (1, problems) => format!("; 1 of them and {} need a look.", count(problems)),
        (tasks, problems) => format!("; {tasks} of them and {} need a look.", count(problems)),
    }
}

/// A moment as one says it to somebody of today: the weekday will do for a few days.
pub(crate) fn short_time(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    format!("{} {}", short_clock(at, now, zone), zone_name(at, zone))
}

/// The same, where the zone was said already.
pub(crate) fn short_clock(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let local = zone.to_datetime(at);
    let days = now.duration_since(at).as_hours().abs() / 24;
    let form = if days < 6 { "%a %H:%M" } else { "%Y-%m-%d %H:%M" };
    local.strftime(form).to_string()
}

/// A moment with its date: `2026-11-25 04:10Z`, `2026-11-25 05:10 CET`.
pub(crate) fn long_time(at: Timestamp, zone: &TimeZone) -> String {
    with_zone(at, zone, "%Y-%m-%d %H:%M")
}

/// A moment in a form of its own, and the zone.
pub(crate) fn with_zone(at: Timestamp, zone: &TimeZone, form: &str) -> String {
    let local = zone.to_datetime(at).strftime(form).to_string();
    match zone_name(at, zone).as_str() {
        "UTC" => local + "Z",
        zone => format!("{local} {zone}"),
    }
}

/// `UTC`, `CET`, ...
pub(crate) fn zone_name(at: Timestamp, zone: &TimeZone) -> String {
    zone.to_offset_info(at).abbreviation().to_owned()
}
