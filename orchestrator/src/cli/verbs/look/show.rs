//! `show`: one run, whole.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;

use crate::cli::args::format::Format;
use crate::cli::args::global::Global;
use crate::cli::args::run_word::{RunWord, queued_meant, run_meant};
use crate::cli::shell::database::look::with_look;
use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::output::{output_width, print_json, print_text, shown_path};
use crate::cli::shell::settings::CliSettings;
use crate::cli::times::Times;
use crate::events::{Summary, TaskSummary};
use crate::model::{Clock, SystemClock, TaskStatus};
use crate::queries::queued_runs::QueuedLine;
use crate::report::{SummaryView, summary_text};
use crate::store::{RunHeader, RunRecord, TaskState};
use crate::text::{human_duration, make_safe, milliseconds, wrap_words};

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
            Err(_) if !look.exists => Ok(Found::Nothing),
            Ok(record) => Ok(Found::Run(Box::new(record))),
            Err(failure) => match queued_meant(&look.store, word).await? {
                Some(queued) => Ok(Found::Queued(queued)),
                None => Err(failure),
            },
        }
    })?;
    let record = match found {
        Found::Run(record) => *record,
        Found::Queued(queued) => return show_queued(&queued, args.format),
        // There is no database, which was said.
        Found::Nothing => {
            return match args.format {
                Format::Json => print_json(&()).map(|()| VerbExit::Success),
                Format::Text => Ok(VerbExit::Success),
            };
        }
    };
    match args.format {
        Format::Json => print_json(&record)?,
        Format::Text => {
            let times = Times::of_output();
            let view = SummaryView {
                state_dir: shown_path(&settings.state_dir),
                width: output_width(),
                started: started(&record, &times),
            };
            let head = head(&record.header, &times);
            let more = attempts(&record, &times, &view.state_dir) + &isolation(&record);
            let mut summary = as_summary(record, SystemClock.now());
            for task in &mut summary.tasks {
                // Who was not found was not given one.
                let is_there = |log: &String| settings.state_dir.join(log).exists();
                if task.outcome == TaskStatus::NotStarted {
                    task.log = task.log.take().filter(is_there);
                }
            }
            print_text(&(head + &summary_text(&summary, &view) + &more))?;
        }
    }
    Ok(VerbExit::Success)
}

/// What was meant.
enum Found {
    Nothing,
    Run(Box<RunRecord>),
    /// It waits, and nothing of it has begun.
    Queued(QueuedLine),
}

fn show_queued(queued: &QueuedLine, format: Format) -> Result<VerbExit, Failure> {
    if format == Format::Json {
        print_json(queued)?;
        return Ok(VerbExit::Success);
    }
    let what = match &queued.group {
        Some(group) => format!("{} {group}", queued.schedule),
        None => queued.schedule.clone(),
    };
    let tasks: Vec<String> = queued
        .tasks
        .iter()
        .map(|task| format!("{}/{}", task.group, task.name))
        .collect();
    let sentence = format!(
        "Run {} ({}), queued {}, {}. No worker has taken it; it is to run {}.",
        queued.run,
        make_safe(&what),
        Times::of_output().second(queued.queued_at),
        make_safe(&queued.waits_since(SystemClock.now())),
        make_safe(&tasks.join(", "))
    );
    print_text(&(wrap_words(&sentence, 0, output_width()) + "\n"))?;
    Ok(VerbExit::Success)
}

/// What the run is and how it stands.
fn head(header: &RunHeader, times: &Times) -> String {
    let state = match (&header.lost, header.finished_at) {
        (Some(lost), _) => make_safe(lost).into_owned(),
        (None, Some(end)) => match Duration::try_from(end.duration_since(header.started_at)) {
            Ok(took) => format!("ended {} after {}", times.clock(end), human_duration(took)),
            Err(_) => format!("ended {}", times.second(end)),
        },
        (None, None) => format!("goes on as {}", header.owner),
    };
    let what = match &header.group {
        Some(group) => format!("{} {group}", header.schedule),
        None => header.schedule.clone(),
    };
    let what = make_safe(&what);
    let sentence = format!(
        "Run {} ({what}), started {}: {state}.",
        header.run,
        times.second(header.started_at)
    );
    wrap_words(&sentence, 0, output_width()) + "\n"
}

/// When the first attempt at each task began, by the day that the head says.
fn started(record: &RunRecord, times: &Times) -> Vec<String> {
    let first = |task: &TaskState| {
        task.attempt_list
            .first()
            .map(|attempt| times.clock(attempt.started_at))
    };
    let tasks = record.tasks.iter();
    tasks
        .map(|task| first(task).unwrap_or_else(|| "-".to_owned()))
        .collect()
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
fn attempts(record: &RunRecord, times: &Times, shown_dir: &Path) -> String {
    let mut text = String::new();
    for task in record.tasks.iter().filter(|task| task.attempt_list.len() > 1) {
        let name = format!("{}/{}", task.summary.group, task.summary.name);
        // Writing to a String cannot fail.
        let _ = writeln!(text, "\nAttempts at {}:", make_safe(&name));
        for attempt in &task.attempt_list {
            let reason = attempt.reason.as_deref().unwrap_or("running");
            let line = format!(
                "  {}  {}  {}",
                attempt.number,
                times.clock(attempt.started_at),
                make_safe(reason)
            );
            text.push_str(&wrap_words(&line, 6, output_width()));
            let _ = writeln!(text, "      log: {}", shown_dir.join(&attempt.log).display());
        }
    }
    text
}

/// What the table shows of a run, also of one without an end: what has ended so far counts, and
/// what runs has taken the time until now.
fn as_summary(record: RunRecord, now: Timestamp) -> Summary {
    let header = record.header;
    let tasks: Vec<TaskSummary> = record.tasks.into_iter().map(|task| elapsed(task, now)).collect();
    let count = |is: fn(TaskStatus) -> bool| tasks.iter().filter(|task| is(task.outcome)).count();
    Summary {
        run: header.run,
        schedule: header.schedule,
        started_at: header.started_at,
        finished_at: header.finished_at.unwrap_or(header.started_at),
        succeeded: count(|status| status == TaskStatus::Succeeded),
        failed: count(TaskStatus::is_failure),
        skipped: count(|status| status == TaskStatus::Skipped),
        suspect: tasks.iter().filter(|task| task.suspect.is_some()).count(),
        success: header.success.unwrap_or(false),
        exit_code: header.exit_code.unwrap_or(1),
        tasks,
    }
}

fn elapsed(task: TaskState, now: Timestamp) -> TaskSummary {
    let mut summary = task.summary;
    let began = task.attempt_list.first().map(|attempt| attempt.started_at);
    if let Some(began) = began.filter(|_| summary.outcome == TaskStatus::Running) {
        let elapsed = Duration::try_from(now.duration_since(began)).unwrap_or_default();
        summary.duration_ms = milliseconds(elapsed);
    }
    summary
}
