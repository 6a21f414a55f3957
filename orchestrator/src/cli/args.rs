//! What can be said on the command line. Only words and their help; the meaning
//! is in the verb's own file.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use jiff::civil::Date;

pub(super) use super::args_beat::*;
use super::args_notices::NoticesVerb;
pub(super) use super::args_past::*;
pub(super) use super::args_records::*;
use super::args_release::ReleaseVerb;

/// Runs external collectors from a YAML timetable and keeps a true record of what ran.
#[derive(Debug, Parser)]
#[command(
    name = "orchestrate",
    version,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true
)]
#[command(after_help = "\
Exit codes:
  0    every collector that should have run succeeded, or nothing was due
  1    at least one collector failed, timed out, could not start or was lost
  2    usage, schedule or settings error: nothing was started
  3    a start-up check or the infrastructure failed
  130  interrupted by SIGINT; children are gone, the record says so
  143  ended by SIGTERM; children are gone, the record says so

Examples:
  orchestrate run --schedule daily
  orchestrate run --schedule weekly --day-of-week mon --group github")]
pub struct Cli {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) verb: Verb,
}

/// Options of every verb. Where one is not given: environment, then settings
/// file, then default (`cli::settings`).
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(super) struct Global {
    /// Settings file [env: ORCHESTRATE_CONFIG] [default: config/orchestrator.yaml, optional]
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Schedule file [env: BOOST_COLLECTOR_SCHEDULE_YAML] [default: config/boost_collector_schedule.yaml]
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) schedule_file: Option<PathBuf>,
    /// Where collectors are looked for; may be repeated [env: ORCHESTRATE_COLLECTORS_DIR] [default: collectors]
    #[arg(long = "collectors-dir", global = true, value_name = "DIR")]
    pub(super) collectors_dirs: Vec<PathBuf>,
    /// Database [env: DATABASE_URL] [default: a SQLite file in the state directory]
    #[arg(long, global = true, value_name = "URL")]
    pub(super) database_url: Option<String>,
    /// Where runs, logs and the embedded database are kept [env: ORCHESTRATE_STATE_DIR] [default: .orchestrate]
    #[arg(long, global = true, value_name = "DIR")]
    pub(super) state_dir: Option<PathBuf>,
    /// What is worth saying: error, warn, info, debug, trace, or a tracing filter
    /// [env: ORCHESTRATE_LOG_LEVEL] [default: info]
    #[arg(long, global = true, value_name = "LEVEL")]
    pub(super) log_level: Option<String>,
    /// Form of our own diagnostics on standard error
    #[arg(long, global = true, value_enum, default_value_t, value_name = "FORMAT")]
    pub(super) log_format: LogFormat,
    #[command(flatten)]
    pub(super) color: Color,
    /// Only warnings, failures and the summary
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// More of our own diagnostics
    #[arg(short, long, global = true)]
    pub(super) verbose: bool,
}

/// When to use colour.
#[derive(Debug, Args)]
pub(super) struct Color {
    /// When to use colour; NO_COLOR is honoured
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    color: ColorWhen,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum ColorWhen {
    #[default]
    Auto,
    Always,
    Never,
}

impl Color {
    /// Makes it the choice of every stream that `anstream` writes.
    pub(super) fn write_global(&self) {
        match self.color {
            ColorWhen::Auto => anstream::ColorChoice::Auto,
            ColorWhen::Always => anstream::ColorChoice::Always,
            ColorWhen::Never => anstream::ColorChoice::Never,
        }
        .write_global();
    }
}

/// The form of our own diagnostics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum LogFormat {
    #[default]
    Text,
    Json,
}

/// The form of a verb's data.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    #[default]
    Text,
    Json,
}

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Select collectors from the schedule and run them, one after another
    #[command(after_help = "\
Examples:
  orchestrate run --schedule default --group github
  orchestrate run --schedule weekly --day-of-week mon --stop-on-failure")]
    Run(RunArgs),
    /// Run the fixed list: the commands under workflow: in the schedule file
    #[command(after_help = "\
Examples:
  orchestrate run-all
  orchestrate run-all --stop-on-failure --summary-file summary.json")]
    RunAll(RunAllArgs),
    /// Run one collector by hand, like a scheduled one
    #[command(after_help = "\
Examples:
  orchestrate run-one run_export -- --format csv
  orchestrate run-one ./my-collector --timeout 10m")]
    RunOne(RunOneArgs),
    /// Show what a run would do, in order; nothing is started
    #[command(after_help = "\
Examples:
  orchestrate plan --schedule default --group reporting --date 2026-02-28
  orchestrate plan --diff new-schedule.yaml")]
    Plan(PlanArgs),
    /// Show upcoming firings of the timetable
    #[command(after_help = "\
Examples:
  orchestrate next
  orchestrate next --hours 24 --format json")]
    Next(NextArgs),
    /// Check schedule, settings, collectors, state directory and database
    #[command(after_help = "\
Examples:
  orchestrate check
  orchestrate check --schedule-only --format json")]
    Check(CheckArgs),
    /// Try a collector in a scratch directory: does it keep the contract?
    #[command(after_help = "\
Examples:
  orchestrate check-collector run_export -- --format csv
  orchestrate check-collector ./my-collector --timeout 10s --format json")]
    CheckCollector(CheckCollectorArgs),
    /// List past and running runs, newest first
    #[command(after_help = "\
Examples:
  orchestrate history --collector run_export --outcome failed --since 7d
  orchestrate history --since 2026-11-01 --until 2026-12-01 --last 1000 --format csv")]
    History(HistoryArgs),
    /// Show one run: its collectors, how they ended and why
    #[command(after_help = "\
Examples:
  orchestrate show last
  orchestrate show 20261125-041000 --format json")]
    Show(ShowArgs),
    /// Print what the collectors of a run wrote
    #[command(after_help = "\
Examples:
  orchestrate logs last --follow
  orchestrate logs last run_export --stream stderr --tail 20")]
    Logs(LogsArgs),
    /// Say in one paragraph why a collector ran, did not run, or when it will
    #[command(after_help = "\
Examples:
  orchestrate why run_export
  orchestrate why run_export --group reporting --format json")]
    Why(WhyArgs),
    /// Ask a run of another process to end
    #[command(after_help = "\
Examples:
  orchestrate cancel last
  orchestrate cancel 20261125-041000 --kill --no-wait")]
    Cancel(CancelArgs),
    /// Run the collectors of a past run again
    #[command(after_help = "\
Examples:
  orchestrate retry last --failed
  orchestrate retry 20261125-041000 --timeout 2h")]
    Retry(RetryArgs),
    /// Run the timetable: every slot once, by itself, until a signal ends it
    #[command(after_help = "\
Examples:
  orchestrate beat
  orchestrate beat --concurrency 4 --drain-timeout 1h")]
    Beat(BeatArgs),
    /// Run the timetable and answer over HTTP: /healthz, /metrics and a read-only JSON API
    #[command(after_help = "\
Examples:
  orchestrate serve
  orchestrate serve --listen 127.0.0.1:9000 --drain-timeout 1h")]
    Serve(ServeArgs),
    /// Keep the scheduler from running a group
    #[command(after_help = "\
Examples:
  orchestrate pause github
  orchestrate pause workflow")]
    Pause(PauseArgs),
    /// Let the scheduler run a paused group again
    #[command(after_help = "\
Examples:
  orchestrate resume github
  orchestrate resume workflow")]
    Resume(PauseArgs),
    /// Look for releases by hand
    #[command(after_help = "\
Examples:
  orchestrate release check --run
  orchestrate release mark boost-1.90.0")]
    Release {
        #[command(subcommand)]
        verb: ReleaseVerb,
    },
    /// Read what collectors brought
    #[command(after_help = "\
Examples:
  orchestrate records list
  orchestrate records export boost_library --format csv")]
    Records {
        #[command(subcommand)]
        verb: RecordsVerb,
    },
    /// Make something new
    #[command(after_help = "\
Examples:
  orchestrate new collector run_weather --lang python
  orchestrate new collector run_weather --lang sh --dir collectors")]
    New {
        #[command(subcommand)]
        what: NewVerb,
    },
    /// See who was told what, and whether it arrived
    #[command(after_help = "\
Examples:
  orchestrate notices list
  orchestrate notices test")]
    Notices {
        #[command(subcommand)]
        verb: NoticesVerb,
    },
    /// Look after the database
    #[command(after_help = "\
Examples:
  orchestrate db status
  orchestrate db prune --older-than 90d --dry-run")]
    Db {
        #[command(subcommand)]
        verb: DbVerb,
    },
    /// Exit 0 when database, scheduler and runs are well, for probes
    #[command(after_help = "\
Examples:
  orchestrate health
  orchestrate health --beat --format json")]
    Health(HealthArgs),
    /// Print the JSON Schema of the schedule file, for editors
    #[command(after_help = "\
Examples:
  orchestrate schema > schedule.schema.json
  orchestrate schema | python3 -m json.tool | head")]
    Schema,
    /// Print a completion script for a shell
    #[command(after_help = "\
Examples:
  orchestrate completions bash > /etc/bash_completion.d/orchestrate
  orchestrate completions fish > ~/.config/fish/completions/orchestrate.fish")]
    Completions {
        /// Which shell
        shell: Shell,
    },
    /// Print the manual page
    #[command(after_help = "\
Examples:
  orchestrate man | man -l -
  orchestrate man > /usr/local/share/man/man1/orchestrate.1")]
    Man,
}

/// What `run` and `plan` select by.
#[derive(Debug, Args)]
#[command(next_help_heading = "Selection")]
pub(super) struct SelectionArgs {
    /// Which tasks: daily, weekly, monthly, interval, on_release, or default (the batch of one group)
    #[arg(long, value_name = "KIND")]
    pub(super) schedule: Option<String>,
    /// Only this group
    #[arg(long, value_name = "GROUP")]
    pub(super) group: Option<String>,
    /// For weekly: monday or mon, ...
    #[arg(long, value_name = "DAY")]
    pub(super) day_of_week: Option<String>,
    /// For monthly: 1 to 31
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(super) day_of_month: Option<i64>,
    /// For interval: 1 to 180
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(super) interval_minutes: Option<i64>,
    /// The day it is for [default: today, in each group's time zone]
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(super) date: Option<Date>,
    /// Whether there is a new release for on_release tasks
    #[arg(long, value_enum, default_value_t, value_name = "ANSWER")]
    pub(super) release: ReleaseArg,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum ReleaseArg {
    /// Find out
    #[default]
    Auto,
    /// There is one
    New,
    /// There is none
    None,
}

/// What `run`, `run-all` and `run-one` share.
#[derive(Debug, Args)]
pub(super) struct ExecutionArgs {
    /// Time limit of each collector, instead of the schedule's (30m, 1h 30m)
    #[arg(long, value_name = "DURATION", value_parser = positive_duration)]
    pub(super) timeout: Option<Duration>,
    /// Write a JUnit XML report
    #[arg(long, value_name = "FILE")]
    pub(super) junit: Option<PathBuf>,
    /// Write the summary as JSON
    #[arg(long, value_name = "FILE")]
    pub(super) summary_file: Option<PathBuf>,
    /// Form of what is printed: text, or run events as JSON Lines
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    #[command(flatten)]
    pub(super) selection: SelectionArgs,
    /// Skip what follows the first failure
    #[arg(long)]
    pub(super) stop_on_failure: bool,
    /// Only show what would run
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Accepted for compatibility: the schedule is always strict
    #[arg(long)]
    pub(super) strict: bool,
    #[command(flatten)]
    pub(super) execution: ExecutionArgs,
}

#[derive(Debug, Args)]
pub(super) struct RunAllArgs {
    /// Skip what follows the first failure
    #[arg(long)]
    pub(super) stop_on_failure: bool,
    /// Only show what would run
    #[arg(long)]
    pub(super) dry_run: bool,
    #[command(flatten)]
    pub(super) execution: ExecutionArgs,
}

#[derive(Debug, Args)]
pub(super) struct RunOneArgs {
    /// The collector: a name, or a path with a slash
    pub(super) command: String,
    /// Take its settings from this group, if several have it
    #[arg(long, value_name = "GROUP")]
    pub(super) group: Option<String>,
    #[command(flatten)]
    pub(super) execution: ExecutionArgs,
    /// Its arguments, instead of the schedule's
    #[arg(last = true)]
    pub(super) args: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct NextArgs {
    /// Every firing within so many hours
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=87_600))]
    pub(super) hours: Option<u32>,
    /// At most so many firings
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(super) count: Option<u32>,
    /// Form of the list
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// Stop after the schedule file
    #[arg(long)]
    pub(super) schedule_only: bool,
    /// Form of the list of problems
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

#[derive(Debug, Args)]
pub(super) struct CheckCollectorArgs {
    /// The collector: a name, or a path with a slash
    pub(super) command: String,
    /// How long it may run [default: 60s]
    #[arg(long, value_name = "DURATION", value_parser = positive_duration)]
    pub(super) timeout: Option<Duration>,
    /// Form of the findings
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
    /// Its arguments
    #[arg(last = true)]
    pub(super) args: Vec<String>,
}

pub(super) fn positive_duration(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(duration) if duration.is_zero() => Err("a time limit of zero would let nothing run".to_owned()),
        Ok(duration) if duration > Duration::from_secs(366 * 86_400) => Err("at most 366 days".to_owned()),
        Ok(duration) => Ok(duration),
        Err(error) => Err(format!("{error}; write it like 90s, 30m or 1h 30m")),
    }
}
