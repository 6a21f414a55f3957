//! What can be said on the command line: the verbs. Only words and their help; the
//! meaning is in the verb's own file. What can be said after a verb is in the `args_`
//! files, by what it is about.

use clap::{Parser, Subcommand};
use clap_complete::Shell;

pub(crate) use crate::cli::args::beat::*;
pub(crate) use crate::cli::args::check::*;
pub(crate) use crate::cli::args::execution::*;
pub(crate) use crate::cli::args::global::*;
use crate::cli::args::notices::NoticesVerb;
pub(crate) use crate::cli::args::operate::*;
pub(crate) use crate::cli::args::past::*;
pub(crate) use crate::cli::args::records::*;
use crate::cli::args::release::ReleaseVerb;
pub(crate) use crate::cli::args::selection::*;

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
  129  ended by SIGHUP (the terminal was closed); children are gone, the record says so
  130  interrupted by SIGINT; children are gone, the record says so
  143  ended by SIGTERM; children are gone, the record says so

Examples:
  orchestrate run --schedule daily
  orchestrate run --schedule weekly --day-of-week mon --group github")]
pub struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
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
    /// Run the timetable and answer over HTTP: health, metrics, JSON
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
