//! `history`: past and running runs, newest first.

use std::fmt::Write;
use std::time::Duration;

use comfy_table::{Table, presets};

use crate::cli::command_line::{Global, HistoryArgs, ListFormat};
use crate::cli::shell::exit::Exit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::output::{print_json, print_text};
use crate::cli::shell::settings::Settings;
use crate::cli::shell::store::with_store;
use crate::cli::verbs::look::statistics::statistics;
use crate::model::{Clock, SystemClock};
use crate::report::outcome_style;
use crate::store::{HistoryFilter, RunHeader, RunStatus};
use crate::text::human_duration;
use crate::text::make_safe;

/// Lists runs.
pub(crate) fn history(global: &Global, args: &HistoryArgs) -> Result<Exit, Failure> {
    let settings = Settings::resolve(global)?;
    if args.stats {
        return statistics(&settings, args);
    }
    let now = SystemClock.now();
    let filter = HistoryFilter {
        command: args.collector.clone(),
        group: args.group.clone(),
        outcome: args.outcome.map(|outcome| outcome.keyword().to_owned()),
        since: args.since.map(|when| when.resolve(now)),
        until: args.until.map(|when| when.resolve(now)),
        last: args.last.unwrap_or(20),
    };
    let runs = with_store(&settings, async |store| {
        store.history(&filter).await.map_err(Failure::infrastructure)
    })?;
    match args.format {
        ListFormat::Json => print_json(&runs)?,
        ListFormat::Csv => print_text(&csv(&runs))?,
        ListFormat::Table => print_text(&table(&runs))?,
    }
    Ok(Exit::Success)
}

/// RFC 4180, but for line ends, which are those of this system.
fn csv(runs: &[RunHeader]) -> String {
    let mut text = String::from(
        "run,schedule,group,state,started_at,finished_at,succeeded,failed,skipped,success,exit_code,lost,suspect\n",
    );
    for run in runs {
        let fields = [
            run.run.to_string(),
            run.schedule.clone(),
            run.group.clone().unwrap_or_default(),
            run.state.to_string(),
            run.started_at.to_string(),
            run.finished_at.map(|at| at.to_string()).unwrap_or_default(),
            run.succeeded.to_string(),
            run.failed.to_string(),
            run.skipped.to_string(),
            run.success.map(|success| success.to_string()).unwrap_or_default(),
            run.exit_code.map(|code| code.to_string()).unwrap_or_default(),
            run.lost.clone().unwrap_or_default(),
            run.suspect.to_string(),
        ];
        text.push_str(&fields.map(|field| quoted(&field)).join(","));
        text.push('\n');
    }
    text
}

fn quoted(field: &str) -> String {
    if field.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
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
        let result = match (run.state, run.success) {
            (RunStatus::Lost, _) => "lost",
            (_, None) => "running",
            (_, Some(true)) if run.suspect > 0 => "suspect",
            (_, Some(true)) => "succeeded",
            (_, Some(false)) => "failed",
        };
        let style = outcome_style(if run.success.is_none() { "skipped" } else { result });
        // When a lost run ended is not known; only when that was found.
        let time = run
            .finished_at
            .filter(|_| run.lost.is_none())
            .and_then(|end| Duration::try_from(end.duration_since(run.started_at)).ok());
        let schedule = match &run.group {
            Some(group) => format!("{} {group}", run.schedule),
            None => run.schedule.clone(),
        };
        table.add_row([
            run.run.to_string(),
            make_safe(&schedule).into_owned(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_where_they_must_be() {
        assert_eq!(quoted("plain text"), "plain text");
        assert_eq!(quoted("a,b"), "\"a,b\"");
        assert_eq!(quoted("say \"hi\"\n"), "\"say \"\"hi\"\"\n\"");
    }
}
