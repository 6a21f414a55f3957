//! `retry`: what a past run ran, once more, with today's settings.

use clap::Args;

use crate::cli::args::execution::ExecutionArgs;
use crate::cli::args::global::Global;
use crate::cli::args::task_word::tasks_meant;
use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::schedule::load_if_there;
use crate::cli::shell::settings::CliSettings;
use crate::cli::shell::store::with_store;
use crate::cli::verbs::look::plan;
use crate::cli::verbs::run::manual_run::ManualRun;
use crate::cli::verbs::run::queued::QueuedJob;
use crate::cli::verbs::run::retry::plan_again::plan_again;
use crate::cli::verbs::run::retry::retry_part::{RetryPart, tasks_to_retry};
use crate::model::{Clock, ReleaseSource, Schedule, SystemClock};
use crate::queries::find_run::{find_last_run, find_run};
use crate::store::{RunRecord, Store};

pub(crate) mod plan_again;
mod retry_part;

/// Run the collectors of a past run again
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orchestrate retry last --failed --queue --wait
  orchestrate retry 20261125-041000 --from run_monthly_report --timeout 2h")]
pub(crate) struct RetryArgs {
    /// A run's id, or a part of one that no other has, or `last`
    pub(crate) run: String,
    #[command(flatten)]
    pub(crate) part: RetryPart,
    /// Skip what follows the first failure
    #[arg(long)]
    pub(crate) stop_on_failure: bool,
    /// Only show what would run
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Give it to the queue, a run a group: some worker executes it (PostgreSQL)
    #[arg(long)]
    pub(crate) queue: bool,
    /// With --queue: wait for the end and exit as if it had run here
    #[arg(long, requires = "queue")]
    pub(crate) wait: bool,
    #[command(flatten)]
    pub(crate) execution: ExecutionArgs,
}

/// Makes a plan of the record and runs it.
pub(crate) fn retry(global: &Global, args: &RetryArgs) -> Result<VerbExit, Failure> {
    let settings = CliSettings::resolve(global)?;
    let schedule = load_if_there(&settings)?;
    let source = schedule
        .as_ref()
        .map_or_else(ReleaseSource::default, |schedule| schedule.release.clone());
    let (record, known) = with_store(&settings, async |store| {
        let record = run_to_retry(store, schedule.as_ref(), args).await?;
        let known = store.noted_releases(&source).await;
        Ok((record, known.map_err(Failure::infrastructure)?))
    })?;
    let run = &record.header.run;
    if record.header.finished_at.is_none() {
        return Err(
            Failure::usage(format!("run {run} still goes on")).hint(format!("orchestrate cancel {run}"))
        );
    }
    let secrets = settings.secrets();
    let states = tasks_to_retry(&record, &args.part)?;
    let mut plan = plan_again(schedule.as_ref(), &states, (&known, SystemClock.now()), &secrets);
    plan.set_overlap_by_hand(schedule.as_ref(), args.execution.overlap);
    if let Some(schedule) = &schedule {
        plan.set_fleet_terms(schedule);
    }
    if args.dry_run {
        return plan::show(&settings, &plan, args.execution.format);
    }
    if args.queue {
        let job = QueuedJob {
            plan,
            label: format!("retry {run}"),
            stop_on_failure: args.stop_on_failure,
            wait: args.wait,
        };
        return job.run(global, &settings, &args.execution);
    }
    let job = ManualRun::by_hand(plan, format!("retry {run}"), args.stop_on_failure);
    job.run(global, &settings, &args.execution)
}

/// The run that is meant; `last` is the newest that has what it is narrowed to.
async fn run_to_retry(
    store: &Store,
    schedule: Option<&Schedule>,
    args: &RetryArgs,
) -> Result<RunRecord, Failure> {
    if args.run != "last" {
        return Ok(find_run(store, &args.run).await?);
    }
    let mut tasks = Vec::new();
    for word in args.part.words() {
        tasks.extend(tasks_meant(store, schedule, word, None).await?);
    }
    Ok(find_last_run(store, tasks, None).await?)
}
