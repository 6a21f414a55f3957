//! `history`: past and running runs, newest first.

use std::fmt::Write;
use std::time::Duration;

use comfy_table::{Table, presets};

use super::args::{Format, Global, HistoryArgs};
use super::exit::Exit;
use super::failure::Failure;
use super::output::{print_json, print_text};
use super::settings::Settings;
use crate::report::{human_duration, neutralised, outcome_style};
use crate::store::{HistoryFilter, RunHeader, Store};

/// Lists runs.
pub(super) fn history(global: &Global, args: &HistoryArgs) -> Result<Exit, Failure> {
    let settings = Settings::resolve(global)?;
    let filter = HistoryFilter {
        command: args.collector.clone(),
        group: args.group.clone(),
        last: args.last,
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

/// Opens the store, asks it something, and closes it.
///
/// # Errors
/// It cannot be opened, or `ask` fails.
pub(super) fn with_store<T>(
    settings: &Settings,
    ask: impl AsyncFnOnce(&Store) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let runtime = runtime()?;
    runtime.block_on(async {
        let store = open_store(settings).await?;
        let answer = ask(&store).await;
        store.close().await;
        answer
    })
}

/// Opens the store, in a state directory that exists.
///
/// # Errors
/// Either cannot be had.
pub(super) async fn open_store(settings: &Settings) -> Result<Store, Failure> {
    let directory = &settings.state_dir;
    std::fs::create_dir_all(directory).map_err(|error| {
        Failure::infrastructure(
            anyhow::Error::new(error)
                .context(format!("cannot use the state directory {}", directory.display())),
        )
        .hint("--state-dir or ORCHESTRATE_STATE_DIR names a directory that can be written")
    })?;
    Store::open(settings.database_url.as_deref(), directory)
        .await
        .map_err(|error| {
            Failure::infrastructure(error)
                .hint("--database-url, DATABASE_URL or --state-dir decide where the database is")
        })
}

/// The runtime of a verb. One thread: a run does one thing at a time, and a
/// message to another thread costs more than most of what it would do there.
///
/// # Errors
/// The system has no resources left.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::infrastructure)
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
