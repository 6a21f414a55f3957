//! `show`: one run, whole.

use std::collections::BTreeSet;
use std::fmt::Write;

use clap::Args;
use jiff::Timestamp;

use crate::cli::args::format::Format;
use crate::cli::args::global::Global;
use crate::cli::args::run_word::{RunWord, run_meant};
use crate::cli::shell::database::look::with_look;
use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::output::{print_json, print_text};
use crate::cli::shell::settings::CliSettings;
use crate::events::Summary;
use crate::report::summary_text;
use crate::store::{RunHeader, RunRecord};
use crate::text::make_safe;

/// Show one run: its collectors, how they ended and why
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orchestrate show --group github
  orchestrate show 3fa9c1 --format json")]
pub(crate) struct ShowArgs {
    /// A run's id, or a part of one that no other has, or `last`
    #[arg(default_value = "last")]
    pub(crate) run: String,
    /// The newest run that has this group
    #[arg(long, value_name = "GROUP")]
    pub(crate) group: Option<String>,
    /// The newest run that has this task: its name, or its command
    #[arg(long, value_name = "NAME")]
    pub(crate) collector: Option<String>,
    /// Form of the record
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

/// Shows a run.
pub(crate) fn show(global: &Global, args: &ShowArgs) -> Result<VerbExit, Failure> {
    let settings = CliSettings::resolve(global)?;
    let word = RunWord {
        run: Some(&args.run),
        collector: args.collector.as_deref(),
        group: args.group.as_deref(),
    };
    let found = with_look(&settings, async |look| {
        match run_meant(&look.store, &settings, word).await {
            Err(_) if !look.exists => Ok(None),
            found => found.map(Some),
        }
    })?;
    let Some(record) = found else {
        // There is no database, which was said.
        return match args.format {
            Format::Json => print_json(&()).map(|()| VerbExit::Success),
            Format::Text => Ok(VerbExit::Success),
        };
    };
    match args.format {
        Format::Json => print_json(&record)?,
        Format::Text => {
            print_text(&head(&record.header))?;
            let more = attempts(&record) + &isolation(&record);
            print_text(&summary_text(&as_summary(record), &settings.state_dir))?;
            print_text(&more)?;
        }
    }
    Ok(VerbExit::Success)
}

/// What the run is and how it stands.
fn head(header: &RunHeader) -> String {
    let time = |at: Timestamp| at.strftime("%Y-%m-%d %H:%M:%SZ");
    let state = match (&header.lost, header.finished_at) {
        (Some(lost), _) => make_safe(lost).into_owned(),
        (None, Some(end)) => format!("ended {}", time(end)),
        (None, None) => format!("goes on as {}", header.owner),
    };
    let what = match &header.group {
        Some(group) => format!("{} {group}", header.schedule),
        None => header.schedule.clone(),
    };
    let what = make_safe(&what);
    format!(
        "Run {} ({what}), started {}: {state}.\n\n",
        header.run,
        time(header.started_at)
    )
}

/// What held the collectors' process trees together, where it is known.
fn isolation(record: &RunRecord) -> String {
    let attempts = record.tasks.iter().flat_map(|task| &task.attempt_list);
    let words: BTreeSet<&str> = attempts
        .filter_map(|attempt| attempt.isolation.as_deref())
        .collect();
    if words.is_empty() {
        return String::new();
    }
    let words: Vec<_> = words.into_iter().map(make_safe).collect();
    format!("Isolation: {}.\n", words.join(", "))
}

/// The attempts of tasks that had more than one.
fn attempts(record: &RunRecord) -> String {
    let mut text = String::new();
    for task in record.tasks.iter().filter(|task| task.attempt_list.len() > 1) {
        let name = format!("{}/{}", task.summary.group, task.summary.name);
        // Writing to a String cannot fail.
        let _ = writeln!(text, "\nAttempts at {}:", make_safe(&name));
        for attempt in &task.attempt_list {
            let reason = attempt.reason.as_deref().unwrap_or("running");
            let _ = writeln!(
                text,
                "  {}  {}  {}  {}",
                attempt.number,
                attempt.started_at.strftime("%H:%M:%SZ"),
                make_safe(reason),
                attempt.log
            );
        }
    }
    text
}

/// What the table shows of a run, also of one without an end.
fn as_summary(record: RunRecord) -> Summary {
    let header = record.header;
    Summary {
        run: header.run,
        schedule: header.schedule,
        started_at: header.started_at,
        finished_at: header.finished_at.unwrap_or(header.started_at),
        succeeded: header.succeeded as usize,
        failed: header.failed as usize,
        skipped: header.skipped as usize,
        suspect: header.suspect as usize,
        success: header.success.unwrap_or(false),
        exit_code: header.exit_code.unwrap_or(1),
        tasks: record.tasks.into_iter().map(|task| task.summary).collect(),
    }
}
