//! `history`: past and running runs, newest first.

use std::fmt::Write;
use std::time::Duration;

use comfy_table::{Table, presets};

use super::args::{Format, Global, HistoryArgs};
use super::exit::Exit;
use super::failure::Failure;
use super::output::{print_json, print_text};
use super::settings::Settings;
use super::store::with_store;
use crate::report::{human_duration, neutralised, outcome_style};
use crate::store::{HistoryFilter, RunHeader};

/// Lists runs.
pub(super) fn history(global: &Global, args: &HistoryArgs) -> Result<Exit, Failure> {
    let settings = Settings::resolve(global)?;
    let filter = HistoryFilter {
        command: args.collector.clone(),
        group: args.group.clone(),
        last: args.last,
        ..HistoryFilter::default()
    };
    let runs = with_store(&settings, async |store| {
        store.history(&filter).await.map_err(Failure::infrastructure)
    })?;
    match args.format {
        Format::Json => print_json(&runs)?,
        Format::Text => print_text(&table(&runs))?,
    }
    Ok(Exit::Success)
}

fn table(runs: &[RunHeader]) -> String {
    if runs.is_empty() {
        return "No runs.\n".to_owned();
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header([
        "Run",
        "Schedule",
        "Started",
        "Time",
        "Result",
        "Succeeded",
        "Failed",
        "Skipped",
    ]);
    for run in runs {
        let result = match run.success {
            None => "running",
            Some(true) => "succeeded",
            Some(false) => "failed",
        };
        let style = outcome_style(if run.success.is_none() { "skipped" } else { result });
        let time = run
            .finished_at
            .and_then(|end| Duration::try_from(end.duration_since(run.started_at)).ok());
        let schedule = match &run.group {
            Some(group) => format!("{} {group}", run.schedule),
            None => run.schedule.clone(),
        };
        table.add_row([
            run.run.to_string(),
            neutralised(&schedule).into_owned(),
            run.started_at.strftime("%Y-%m-%d %H:%M:%SZ").to_string(),
            time.map_or_else(|| "-".to_owned(), human_duration),
            format!("{style}{result}{style:#}"),
            run.succeeded.to_string(),
            run.failed.to_string(),
            run.skipped.to_string(),
        ]);
    }
    let mut text = table.trim_fmt();
    // Writing to a String cannot fail.
    let _ = writeln!(text);
    text
}
