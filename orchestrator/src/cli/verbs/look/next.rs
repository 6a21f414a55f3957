//! `next`: what the timetable will start, when, and how it went last time.

use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::cli::args::format::Format;
use crate::cli::args::global::Global;
use crate::cli::shell::database::look::with_look;
use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::output::{output_width, print_json, print_text};
use crate::cli::shell::schedule::load;
use crate::cli::shell::settings::CliSettings;
use crate::model::{Clock, SystemClock, UpcomingSlot, timetable, upcoming_slots};
use crate::queries::next::{NextSlot, NextTask, SlotFacts, next_slots, window};
use crate::queries::status::words::zone_name;
use crate::report::{Column, ListRow, outcome_word, rows_text};
use crate::text::{human_duration, make_safe};

/// Show upcoming firings of the timetable
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orchestrate next
  orchestrate next --hours 24 --format json")]
pub(crate) struct NextArgs {
    /// Every firing within so many hours
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=87_600))]
    pub(crate) hours: Option<u32>,
    /// At most so many firings
    #[arg(short = 'n', long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) count: Option<u32>,
    /// Form of the list
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

/// Lists what is to come.
pub(crate) fn next(global: &Global, args: &NextArgs) -> Result<VerbExit, Failure> {
    let settings = CliSettings::resolve(global)?;
    let schedule = load(&settings)?;
    let now = SystemClock.now();
    let timetable = timetable(&schedule);
    let slots = upcoming_slots(&timetable, now, window(now, args.hours, args.count));
    let remembered = remembered(&settings, &slots)?;
    let slots = next_slots(&slots, &remembered);
    match args.format {
        Format::Json => print_json(&slots)?,
        Format::Text => print_text(&table(&slots, now, &TimeZone::system(), output_width()))?,
    }
    Ok(VerbExit::Success)
}

fn remembered(settings: &CliSettings, slots: &[UpcomingSlot<'_, '_>]) -> Result<SlotFacts, Failure> {
    with_look(settings, async |look| {
        let remembered = SlotFacts::ask(&look.store, slots).await;
        remembered.map_err(Failure::infrastructure)
    })
}

fn table(slots: &[NextSlot<'_>], now: Timestamp, local: &TimeZone, width: Option<usize>) -> String {
    if slots.is_empty() {
        return "Nothing is due.\n".to_owned();
    }
    let is_utc = |at| zone_name(at, local) == "UTC";
    let with_local = !slots.iter().all(|slot| is_utc(slot.next));
    let mut columns = vec![Column::left("Next (UTC)")];
    columns.extend(with_local.then(|| Column::left("Local time")));
    columns.extend([Column::right("In"), Column::left("Entry")]);
    let row = |slot: &NextSlot<'_>| {
        let wait = Duration::try_from(slot.next.duration_since(now)).unwrap_or_default();
        let mut cells = vec![slot.next.strftime("%a %Y-%m-%d %H:%M").to_string()];
        let here = local.to_datetime(slot.next).strftime("%a %H:%M");
        cells.extend(with_local.then(|| format!("{here} {}", zone_name(slot.next, local))));
        cells.push(human_duration(Duration::from_secs(wait.as_secs())));
        cells.push(make_safe(&entry(slot)).into_owned());
        let tasks: Vec<String> = slot.tasks.iter().map(|shown| task(shown, slot)).collect();
        ListRow {
            cells,
            prose: tasks.join(", "),
        }
    };
    let rows: Vec<ListRow> = slots.iter().map(row).collect();
    rows_text(&columns, "Tasks (last outcome)", &rows, width)
}

fn entry(slot: &NextSlot<'_>) -> String {
    let name = entry_name(slot);
    match slot.paused_since {
        Some(_) => format!("{name} (paused)"),
        None => name,
    }
}

fn entry_name(slot: &NextSlot<'_>) -> String {
    match (slot.kind, slot.group, slot.minutes) {
        ("group", Some(group), _) => group.to_owned(),
        (_, Some(group), _) => format!("{group}, if there is a new release"),
        (_, None, Some(minutes)) => format!("every {minutes} min"),
        (_, None, None) if slot.cron.is_some() => format!(
            "cron {} {}",
            slot.cron.unwrap_or_default(),
            slot.timezone.as_deref().unwrap_or("UTC")
        ),
        (_, None, None) => slot.kind.to_owned(),
    }
}

/// A task with its last outcome, and whether it will be skipped though its entry runs.
fn task(task: &NextTask<'_>, slot: &NextSlot<'_>) -> String {
    let name = make_safe(task.name);
    let last = match task.last {
        Some(last) if last.suspect.is_some() => outcome_word("suspect"),
        Some(last) => outcome_word(&last.outcome),
        None => "never ran".to_owned(),
    };
    match task.paused_since {
        Some(_) if slot.paused_since.is_none() => format!("{name} (paused; {last})"),
        _ => format!("{name} ({last})"),
    }
}

#[cfg(test)]
mod tests {
    use anstream::adapter::strip_str;

    use super::*;
    use crate::model::RunId;
    use crate::store::LastOutcome;

    fn at(text: &str) -> Timestamp {
        format!("2026-11-{text}:00Z").parse().unwrap()
    }

    fn last(outcome: &str, suspect: Option<&str>) -> LastOutcome {
        LastOutcome {
            group: String::new(),
            name: String::new(),
            command: String::new(),
            args: Vec::new(),
            run: RunId::new("20261125-041000-3fa9c1"),
            started_at: at("25T04:10"),
            outcome: outcome.to_owned(),
            reason: String::new(),
            suspect: suspect.map(str::to_owned),
        }
    }

    fn screen(width: Option<usize>) -> String {
        let (failed, suspect) = (last("timed_out", None), last("succeeded", Some("0 records")));
        let task = |name, last, paused| NextTask {
            group: "github",
            name,
            command: name,
            args: &[],
            schedule: "daily",
            paused_since: paused,
            last,
        };
        let slot = |kind, group, minutes, next, paused, tasks| NextSlot {
            kind,
            group,
            minutes,
            cron: None,
            at: None,
            timezone: None,
            next: at(next),
            paused_since: paused,
            tasks,
        };
        let paused = Some(at("25T03:00"));
        let slots = [
            slot(
                "interval",
                None,
                Some(15),
                "25T10:15",
                None,
                vec![
                    task("run_poll", Some(&suspect), None),
                    task("run_ping", None, paused),
                ],
            ),
            slot(
                "interval",
                None,
                Some(60),
                "25T11:00",
                paused,
                vec![task("run_ping", None, paused)],
            ),
            slot(
                "group",
                Some("github"),
                None,
                "26T04:10",
                None,
                vec![
                    task("run_github_activity_tracker", Some(&failed), None),
                    task("run_boost_library_tracker", None, None),
                ],
            ),
        ];
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        strip_str(&table(&slots, at("25T10:00"), &berlin, width)).to_string()
    }

    #[test]
    fn what_is_to_come_fits_the_screen() {
        insta::assert_snapshot!("next_80", screen(Some(80)));
        insta::assert_snapshot!("next_120", screen(Some(120)));
        insta::assert_snapshot!("next_200", screen(Some(200)));
    }
}
