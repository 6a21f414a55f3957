//! `next`: what the timetable will fire, when, and how it went last time.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use comfy_table::{Table, presets};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::args::{Format, Global, NextArgs};
use super::exit::Exit;
use super::failure::Failure;
use super::output::{print_json, print_text};
use super::schedule::load;
use super::settings::Settings;
use super::store::with_store;
use crate::model::{Clock, EntryKey, Firing, SystemClock, Window, firings, timetable};
use crate::report::{FiringView, human_duration, neutralised, outcome_style};
use crate::store::LastOutcome;

type LastOutcomes = HashMap<(String, String), LastOutcome>;

/// Lists upcoming firings.
pub(super) fn next(global: &Global, args: &NextArgs) -> Result<Exit, Failure> {
    let settings = Settings::resolve(global)?;
    let schedule = load(&settings)?;
    let now = SystemClock.now();
    let hours = args.hours.map(|hours| SignedDuration::from_hours(hours.into()));
    let window = Window {
        until: hours.and_then(|hours| now.checked_add(hours).ok()),
        count: args.count.map(|count| count as usize),
    };
    let timetable = timetable(&schedule);
    let firings = firings(&timetable, now, window);
    let last = last_outcomes(&settings, &firings)?;
    match args.format {
        Format::Json => print_json(
            &firings
                .iter()
                .map(|firing| {
                    FiringView::of(firing, |task| {
                        last.get(&(task.group.to_string(), task.command.to_string()))
                    })
                })
                .collect::<Vec<_>>(),
        )?,
        Format::Text => print_text(&table(&firings, &last, now))?,
    }
    Ok(Exit::Success)
}

/// Nothing has run where there is no database yet, and none is made to find out.
fn last_outcomes(settings: &Settings, firings: &[Firing<'_, '_>]) -> Result<LastOutcomes, Failure> {
    if settings.database_url.is_none() && !settings.state_dir.join("orchestrate.db").exists() {
        return Ok(LastOutcomes::new());
    }
    let keys: BTreeSet<(String, String)> = firings
        .iter()
        .flat_map(|firing| &firing.tasks)
        .map(|task| (task.group.to_string(), task.command.to_string()))
        .collect();
    with_store(settings, async |store| {
        let mut found = LastOutcomes::new();
        for (group, command) in keys {
            let last = store.last_outcomes(&group, &command, 1).await;
            if let Some(last) = last.map_err(Failure::infrastructure)?.pop() {
                found.insert((group, command), last);
            }
        }
        Ok(found)
    })
}

fn table(firings: &[Firing<'_, '_>], last: &LastOutcomes, now: Timestamp) -> String {
    if firings.is_empty() {
        return "Nothing is due.\n".to_owned();
    }
    let local = TimeZone::system();
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["Next (UTC)", "Local time", "In", "Entry", "Tasks (last outcome)"]);
    for firing in firings {
        let entry = match firing.entry.key() {
            EntryKey::Group(name) => name.to_string(),
            EntryKey::Interval(minutes) => format!("every {} min", minutes.get()),
            EntryKey::Workflow => "workflow".to_owned(),
        };
        let tasks: Vec<String> = firing
            .tasks
            .iter()
            .map(|task| {
                let name = neutralised(task.command.as_str()).into_owned();
                match last.get(&(task.group.to_string(), task.command.to_string())) {
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
            neutralised(&entry).into_owned(),
            tasks.join(", "),
        ]);
    }
    format!("{}\n", table.trim_fmt())
}
