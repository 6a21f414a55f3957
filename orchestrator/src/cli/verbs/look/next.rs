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
use crate::cli::shell::output::{print_json, print_text};
use crate::cli::shell::schedule::load;
use crate::cli::shell::settings::CliSettings;
use crate::cli::shell::table::TextTable;
use crate::model::{Clock, SystemClock, UpcomingSlot, timetable, upcoming_slots};
use crate::queries::next::{NextSlot, NextTask, SlotFacts, next_slots, window};
use crate::report::outcome_style;
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
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
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
        Format::Text => print_text(&table(&slots, now))?,
    }
    Ok(VerbExit::Success)
}

fn remembered(settings: &CliSettings, slots: &[UpcomingSlot<'_, '_>]) -> Result<SlotFacts, Failure> {
    with_look(settings, async |look| {
        let remembered = SlotFacts::ask(&look.store, slots).await;
        remembered.map_err(Failure::infrastructure)
    })
}

fn table(slots: &[NextSlot<'_>], now: Timestamp) -> String {
    if slots.is_empty() {
        return "Nothing is due.\n".to_owned();
    }
    let local = TimeZone::system();
    let mut table = TextTable::new(["Next (UTC)", "Local time", "In", "Entry", "Tasks (last outcome)"]);
    for slot in slots {
        let tasks: Vec<String> = slot.tasks.iter().map(task).collect();
        let wait = Duration::try_from(slot.next.duration_since(now)).unwrap_or_default();
        table.row([
            slot.next.strftime("%a %Y-%m-%d %H:%M").to_string(),
            local.to_datetime(slot.next).strftime("%a %H:%M").to_string(),
            human_duration(Duration::from_secs(wait.as_secs())),
            make_safe(&entry(slot)).into_owned(),
            tasks.join(", "),
        ]);
    }
    table.text()
}

fn entry(slot: &NextSlot<'_>) -> String {
    match (slot.kind, slot.group, slot.minutes) {
        ("group", Some(group), _) if slot.paused_since.is_some() => format!("{group} (paused)"),
        ("group", Some(group), _) => group.to_owned(),
        (_, Some(group), _) => format!("{group}, if there is a new release"),
        (_, None, Some(minutes)) => format!("every {minutes} min"),
        (_, None, None) => slot.kind.to_owned(),
    }
}

/// A task with its last outcome.
fn task(task: &NextTask<'_>) -> String {
    let name = make_safe(task.name);
    match task.last {
        Some(last) => {
            let style = outcome_style(&last.outcome);
            format!("{name} ({style}{}{style:#})", last.outcome)
        }
        None => format!("{name} (never ran)"),
    }
}
