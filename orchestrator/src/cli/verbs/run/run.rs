//! `run`, `run-all` and `run-one`: from words to a plan that is executed.

use clap::Args;

use crate::cli::args::execution::ExecutionArgs;
use crate::cli::args::global::Global;
use crate::cli::args::selected::planned;
use crate::cli::args::selection::SelectionArgs;
use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::release_check::{check_releases, look_for_releases};
use crate::cli::shell::schedule;
use crate::cli::shell::schedule::load;
use crate::cli::shell::settings::CliSettings;
use crate::cli::verbs::look::plan::{show, show_range};
use crate::cli::verbs::run::manual_run::ManualRun;
use crate::cli::verbs::run::queued::QueuedJob;
use crate::cli::verbs::run::range::RangeRun;
use crate::model::{Clock, Day, SystemClock, plan_workflow};

/// Select collectors from the schedule and run them, one after another
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orchestrate run --schedule default --group github
  orchestrate run --schedule weekly --date 2026-11-23 --collector run_boost_usage_tracker")]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) selection: SelectionArgs,
    /// Skip what follows the first failure
    #[arg(long)]
    pub(crate) stop_on_failure: bool,
    /// Only show what would run
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Accepted for compatibility: the schedule is always strict
    #[arg(long)]
    pub(crate) strict: bool,
    /// Give it to the queue: some worker executes it (PostgreSQL). Prints the ids of the runs, one a group
    #[arg(long, conflicts_with_all = ["dry_run", "junit", "summary_file"])]
    pub(crate) queue: bool,
    /// Wait until they have ended, and exit as if they had run here
    #[arg(long, requires = "queue")]
    pub(crate) wait: bool,
    #[command(flatten)]
    pub(crate) execution: ExecutionArgs,
}

/// Run the fixed list: the commands under workflow: in the schedule file
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orchestrate run-all
  orchestrate run-all --stop-on-failure --summary-file summary.json")]
pub(crate) struct RunAllArgs {
    /// Skip what follows the first failure
    #[arg(long)]
    pub(crate) stop_on_failure: bool,
    /// Only show what would run
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) execution: ExecutionArgs,
}

/// Run one collector by hand, like a scheduled one
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orchestrate run-one run_export -- --format csv
  orchestrate run-one ./my-collector --timeout 10m")]
pub(crate) struct RunOneArgs {
    /// The collector: a name, or a path with a slash
    pub(crate) command: String,
    /// Take its settings from this group, if several have it
    #[arg(long, value_name = "GROUP")]
    pub(crate) group: Option<String>,
    #[command(flatten)]
    pub(crate) execution: ExecutionArgs,
    /// Its arguments, instead of the schedule's
    #[arg(last = true)]
    pub(crate) args: Vec<String>,
}

/// `run`: selects from the schedule and runs.
pub(crate) fn run(global: &Global, args: &RunArgs) -> Result<VerbExit, Failure> {
    let settings = CliSettings::resolve(global)?;
    let schedule = load(&settings)?;
    let ask = if args.dry_run {
        look_for_releases
    } else {
        check_releases
    };
    if let Some(range) = args.selection.range()? {
        let selection = &args.selection;
        if args.dry_run {
            return show_range(&settings, &schedule, selection, range, args.execution.format);
        }
        if args.queue {
            return Err(Failure::usage(
                "--queue takes no range of dates: give it one date after another",
            ));
        }
        let job = RangeRun {
            selection,
            execution: &args.execution,
            stop_on_failure: args.stop_on_failure,
        };
        return job.run(global, &settings, &schedule, range);
    }
    let mut plan = planned(&settings, &schedule, &args.selection, ask)?;
    plan.follow_groups(&schedule);
    plan.set_overlap_by_hand(Some(&schedule), args.execution.overlap);
    if args.queue {
        let job = QueuedJob {
            plan,
            label: args.selection.kind()?.to_owned(),
            stop_on_failure: args.stop_on_failure,
            wait: args.wait,
        };
        return job.run(global, &settings, &args.execution);
    }
    let job = ManualRun {
        plan,
        label: args.selection.kind()?.to_owned(),
        group: args.selection.one_group(),
        stop_on_failure: args.stop_on_failure,
    };
    if args.dry_run {
        return show(&settings, &job.plan, args.execution.format);
    }
    job.run(global, &settings, &args.execution)
}

/// `run-all`: the fixed list.
pub(crate) fn run_all(global: &Global, args: &RunAllArgs) -> Result<VerbExit, Failure> {
    let settings = CliSettings::resolve(global)?;
    let schedule = load(&settings)?;
    let mut plan = plan_workflow(&schedule, Day::At(SystemClock.now())).map_err(Failure::usage)?;
    plan.set_overlap_by_hand(Some(&schedule), args.execution.overlap);
    let job = ManualRun {
        plan,
        label: "run-all".to_owned(),
        group: None,
        stop_on_failure: args.stop_on_failure,
    };
    if args.dry_run {
        return show(&settings, &job.plan, args.execution.format);
    }
    job.run(global, &settings, &args.execution)
}

/// `run-one`: one collector by hand.
pub(crate) fn run_one(global: &Global, args: &RunOneArgs) -> Result<VerbExit, Failure> {
    let settings = CliSettings::resolve(global)?;
    let overlap = args.execution.overlap;
    let plan = schedule::planned_one(
        &settings,
        &args.command,
        args.group.as_deref(),
        (&args.args, overlap),
    )?;
    let job = ManualRun::by_hand(plan, "run-one".to_owned(), false);
    job.run(global, &settings, &args.execution)
}
