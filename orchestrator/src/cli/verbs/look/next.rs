//! `next`: what the timetable will fire, when, and how it went last time.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use comfy_table::{Table, presets};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::cli::command_line::{Format, Global, NextArgs};
use crate::cli::shell::exit::Exit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::output::{print_json, print_text};
use crate::cli::shell::schedule::load;
use crate::cli::shell::settings::Settings;
use crate::cli::shell::store::with_store;
use crate::model::{Clock, EntryKey, SystemClock, UpcomingSlot, Window, timetable, upcoming_slots};
use crate::report::{UpcomingSlotView, outcome_style};
use crate::store::{LastOutcome, Pause};
use crate::text::human_duration;
use crate::text::make_safe;

type LastOutcomes = HashMap<(String, String), LastOutcome>;

/// What the record says of what is to come.
#[derive(Default)]
struct Remembered {
    last: LastOutcomes,
    pauses: Vec<Pause>,
}

/// Lists upcoming firings.
pub(crate) fn next(global: &Global, args: &NextArgs) -> Result<Exit, Failure> {
    let settings = Settings::resolve(global)?;
    let schedule = load(&settings)?;
    let now = SystemClock.now();
    let hours = args.hours.map(|hours| SignedDuration::from_hours(hours.into()));
    let window = Window {
        until: hours.and_then(|hours| now.checked_add(hours).ok()),
        count: args.count.map(|count| count as usize),
    };
    let timetable = timetable(&schedule);
    let firings = upcoming_slots(&timetable, now, window);
    let remembered = remembered(&settings, &firings)?;
    let Remembered { last, pauses } = &remembered;
    match args.format {
        Format::Json => print_json(
            &firings
                .iter()
                .map(|firing| {
                    UpcomingSlotView::of(
                        firing,
                        |task| last.get(&(task.group.to_string(), task.command.to_string())),
                        |group| Pause::of(pauses, group),
                    )
                })
                .collect::<Vec<_>>(),
        )?,
        Format::Text => print_text(&table(&firings, &remembered, now))?,
    }
    Ok(Exit::Success)
}

/// Nothing has run where there is no database yet, and none is made to find out.
fn remembered(settings: &Settings, firings: &[UpcomingSlot<'_, '_>]) -> Result<Remembered, Failure> {
    if settings.database_url.is_none() && !settings.state_dir.join("orchestrate.db").exists() {
        return Ok(Remembered::default());
    }
    let keys: BTreeSet<(String, String)> = firings
        .iter()
        .flat_map(|firing| &firing.tasks)
        .map(|task| (task.group.to_string(), task.command.to_string()))
        .collect();
    with_store(settings, async |store| {
        let mut last = LastOutcomes::new();
        for (group, command) in keys {
            let found = store.last_outcomes(&group, &command, 1).await;
            if let Some(found) = found.map_err(Failure::infrastructure)?.pop() {
                last.insert((group, command), found);
            }
        }
        let pauses = store.pauses().await.map_err(Failure::infrastructure)?;
        Ok(Remembered { last, pauses })
    })
}

fn table(firings: &[UpcomingSlot<'_, '_>], remembered: &Remembered, now: Timestamp) -> String {
    if firings.is_empty() {
        return "Nothing is due.\n".to_owned();
    }
    let local = TimeZone::system();
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["Next (UTC)", "Local time", "In", "Entry", "Tasks (last outcome)"]);
    for firing in firings {
        let entry = match firing.entry.key() {
            EntryKey::Group(name) => match Pause::of(&remembered.pauses, name.as_str()) {
                Some(_) => format!("{name} (paused)"),
                None => name.to_string(),
            },
            EntryKey::Releases(name) => format!("{name}, if there is a new release"),
            EntryKey::Interval(minutes) => format!("every {} min", minutes.get()),
            EntryKey::Workflow => "workflow".to_owned(),
        };
        let tasks: Vec<String> = firing
            .tasks
            .iter()
            .map(|task| {
                let name = make_safe(task.command.as_str()).into_owned();
                match remembered
                    .last
                    .get(&(task.group.to_string(), task.command.to_string()))
                {
                    Some(last) => {
                        let style = outcome_style(&last.outcome);
                        format!("{name} ({style}{}{style:#})", last.outcome)
                    }
                    None => format!("{name} (never ran)"),
                }
            })
            .collect();
        let wait = Duration::try_from(firing.at.duration_since(now)).unwrap_or_default();
        table.add_row([
            firing.at.strftime("%a %Y-%m-%d %H:%M").to_string(),
            local.to_datetime(firing.at).strftime("%a %H:%M").to_string(),
            human_duration(Duration::from_secs(wait.as_secs())),
            make_safe(&entry).into_owned(),
            tasks.join(", "),
        ]);
    }
    format!("{}\n", table.trim_fmt())
}
