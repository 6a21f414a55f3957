//! `history`: past and running runs, newest first; where a collector or a group is named, what
//! became of it.

use std::time::Duration;

use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::cli::args::format::ListFormat;
use crate::cli::args::global::Global;
use crate::cli::args::moment::MomentArg;
use crate::cli::args::task_word::{group_meant, tasks_meant};
use crate::cli::shell::database::look::{Look, with_look};
use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::output::{output_width, print_json, print_text};
use crate::cli::shell::schedule::schedule_if_usable;
use crate::cli::shell::settings::CliSettings;
use crate::cli::times::Times;
use crate::cli::verbs::look::statistics::{StatisticsRange, statistics};
use crate::cli::verbs::look::task_history_text::print_task_history;
use crate::model::{Clock, SystemClock};
use crate::queries::history::{PastRun, RUNS, RUNS_OF_STATISTICS, list_results};
use crate::queries::queued_runs::{QueuedLine, queued_lines};
use crate::queries::task_history::task_history;
use crate::report::{Column, ListRow, outcome_word, rows_text};
use crate::store::{HistoryFilter, KnownTask, Store, StoreError};
use crate::text::{human_duration, make_safe, push_csv_row};

/// List past and running runs, newest first; of a collector, what became of it
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orchestrate history --collector run_export --outcome failed --since 7d
  orchestrate history --since 2026-11-01 --until 2026-12-01 --last 1000 --format csv")]
pub(crate) struct HistoryArgs {
    /// The newest so many [default: 20; with --stats 1000]
    #[arg(short = 'n', long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) last: Option<u32>,
    /// What became of this task (its name, or its command): runs, and slots that did not run
    #[arg(long, value_name = "NAME")]
    pub(crate) collector: Option<String>,
    /// What became of the tasks of this group
    #[arg(long, value_name = "GROUP")]
    pub(crate) group: Option<String>,
    /// Only runs in which a task ended so; of a collector or a group, only where it ended so itself
    #[arg(long, value_enum, value_name = "OUTCOME")]
    pub(crate) outcome: Option<OutcomeArg>,
    /// Only runs that began then or later: 2026-11-25, 2026-11-25T04:10:00Z, or 7d for seven days ago
    #[arg(long, value_name = "WHEN")]
    pub(crate) since: Option<MomentArg>,
    /// Only runs that began before then
    #[arg(long, value_name = "WHEN")]
    pub(crate) until: Option<MomentArg>,
    /// Not the runs but numbers about the collector in them: how often it succeeds, how long it takes
    #[arg(long, requires = "collector", conflicts_with = "outcome")]
    pub(crate) stats: bool,
    /// Form of the list
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: ListFormat,
}

/// How a task ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutcomeArg {
    Running,
    Succeeded,
    Failed,
    #[value(alias = "timed_out")]
    TimedOut,
    Cancelled,
    #[value(alias = "not_started")]
    NotStarted,
    Skipped,
    Lost,
    /// Succeeded, and did not bring what it should
    Suspect,
}

impl OutcomeArg {
    /// The word in the record.
    pub(crate) fn keyword(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::TimedOut => "timed_out",
            Self::Cancelled => "cancelled",
            Self::NotStarted => "not_started",
            Self::Skipped => "skipped",
            Self::Lost => "lost",
            Self::Suspect => "suspect",
        }
    }
}

/// Lists runs.
pub(crate) fn history(global: &Global, args: &HistoryArgs) -> Result<VerbExit, Failure> {
    let settings = CliSettings::resolve(global)?;
    let now = SystemClock.now();
    let since = args.since.map(|when| when.resolve(now));
    let until = args.until.map(|when| when.resolve(now));
    if args.stats {
        let range = StatisticsRange {
            since,
            until,
            last: args.last.unwrap_or(RUNS_OF_STATISTICS),
        };
        let word = args.collector.as_deref().unwrap_or_default();
        return statistics(&settings, word, args.group.as_deref(), range, args.format);
    }
    let filter = HistoryFilter {
        tasks: Vec::new(),
        group: args.group.clone(),
        outcome: args.outcome.map(|outcome| outcome.keyword().to_owned()),
        since,
        until,
        before: None,
        last: args.last.unwrap_or(RUNS),
    };
    if args.collector.is_some() || args.group.is_some() {
        let rows = with_look(&settings, async |look| {
            let (filter, tasks) = narrowed(look, &settings, args, &filter).await?;
            let rows = task_history(&look.store, &filter, &tasks).await;
            rows.map_err(Failure::infrastructure)
        })?;
        return print_task_history(&rows, now, args.format);
    }
    let lines = with_look(&settings, async |look| {
        lines(&look.store, &filter).await.map_err(Failure::infrastructure)
    })?;
    match args.format {
        ListFormat::Json => print_json(&lines)?,
        ListFormat::Csv => print_text(&csv(&lines))?,
        ListFormat::Table => print_text(&table(&lines))?,
    }
    Ok(VerbExit::Success)
}

/// A run that has begun, or one that waits for a worker.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum HistoryLine {
    Queued(QueuedLine),
    Past(Box<PastRun>),
}

/// The newest first. What waits has neither outcome nor beginning: it is listed where nobody asks for one.
async fn lines(store: &Store, filter: &HistoryFilter) -> Result<Vec<HistoryLine>, StoreError> {
    let asks_for_all = filter.outcome.is_none() && filter.since.is_none() && filter.until.is_none();
    let mut lines = match asks_for_all {
        true => queued_lines(store)
            .await?
            .into_iter()
            .map(HistoryLine::Queued)
            .collect(),
        false => Vec::new(),
    };
    let past = list_results(store, filter).await?;
    // One that goes on elsewhere after a loss has begun, and is listed as such.
    let is_past = |line: &HistoryLine| matches!(line, HistoryLine::Queued(queued) if past.iter().any(|past| past.header.run == queued.run));
    lines.retain(|line| !is_past(line));
    lines.extend(past.into_iter().map(|past| HistoryLine::Past(Box::new(past))));
    lines.truncate(usize::try_from(filter.last).unwrap_or(usize::MAX));
    Ok(lines)
}

/// The filter with the tasks that are named, and all of those.
async fn narrowed(
    look: &Look,
    settings: &CliSettings,
    args: &HistoryArgs,
    filter: &HistoryFilter,
) -> Result<(HistoryFilter, Vec<KnownTask>), Failure> {
    let mut filter = filter.clone();
    let schedule = schedule_if_usable(settings);
    match (&args.collector, &args.group) {
        (Some(word), group) => {
            filter.tasks = tasks_meant(&look.store, schedule.as_ref(), word, group.as_deref()).await?;
            let tasks = filter.tasks.clone();
            Ok((filter, tasks))
        }
        (None, Some(group)) => {
            let tasks = group_meant(&look.store, schedule.as_ref(), group).await?;
            Ok((filter, tasks))
        }
        (None, None) => Ok((filter, Vec::new())),
    }
}

fn csv(lines: &[HistoryLine]) -> String {
    let mut text = String::from(
        "run,schedule,group,state,started_at,finished_at,succeeded,failed,skipped,success,exit_code,lost,suspect,result\n",
    );
    for line in lines {
        let (run, result) = match line {
            HistoryLine::Past(past) => (&past.header, past.result),
            HistoryLine::Queued(queued) => {
                let (run, group) = (queued.run.to_string(), queued.group.clone().unwrap_or_default());
                let known = [run.as_str(), &queued.schedule, &group, queued.state];
                let unknown = std::iter::repeat_n("", 9);
                push_csv_row(&mut text, known.into_iter().chain(unknown).chain(["queued"]));
                continue;
            }
        };
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
            result.to_owned(),
        ];
        push_csv_row(&mut text, fields.iter().map(String::as_str));
    }
    text
}

const COLUMNS: [Column; 8] = [
    Column::left("Run"),
    Column::left("Schedule").to_spare(),
    Column::left("Started"),
    Column::right("Time"),
    Column::left("Result"),
    Column::right("Succeeded"),
    Column::right("Failed"),
    Column::right("Skipped").to_spare(),
];

fn table(lines: &[HistoryLine]) -> String {
    if lines.is_empty() {
        return "No runs.\n".to_owned();
    }
    let times = Times::of_output();
    let queued = |queued: &QueuedLine| {
        let schedule = match &queued.group {
            Some(group) => format!("{} {group}", queued.schedule),
            None => queued.schedule.clone(),
        };
        let dash = "-".to_owned();
        let cells = vec![
            queued.run.to_string(),
            make_safe(&schedule).into_owned(),
            dash.clone(),
            dash.clone(),
            format!("queued {}", times.minute(queued.queued_at)),
            dash.clone(),
            dash.clone(),
            dash,
        ];
        ListRow {
            cells,
            prose: make_safe(&queued.waits).into_owned(),
        }
    };
    let past = |PastRun { header: run, result }: &PastRun| {
        // When a lost run ended is not known; only when that was found.
        let time = run
            .finished_at
            .filter(|_| run.lost.is_none())
            .and_then(|end| Duration::try_from(end.duration_since(run.started_at)).ok());
        let schedule = match &run.group {
            Some(group) => format!("{} {group}", run.schedule),
            None => run.schedule.clone(),
        };
        let cells = [
            run.run.to_string(),
            make_safe(&schedule).into_owned(),
            times.minute(run.started_at),
            time.map_or_else(|| "-".to_owned(), human_duration),
            outcome_word(result),
            run.succeeded.to_string(),
            run.failed.to_string(),
            run.skipped.to_string(),
        ];
        ListRow {
            cells: cells.to_vec(),
            prose: String::new(),
        }
    };
    let row = |line: &HistoryLine| match line {
        HistoryLine::Queued(line) => queued(line),
        HistoryLine::Past(line) => past(line),
    };
    let rows: Vec<ListRow> = lines.iter().map(row).collect();
    rows_text(&COLUMNS, "", &rows, output_width())
}
