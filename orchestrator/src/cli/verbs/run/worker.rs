//! `worker`: takes runs from the queue and executes them, beside others on other machines.

use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use crate::cli::args::global::Global;
use crate::cli::args::limit::positive_duration;
use crate::cli::shell::database::queue::open_queue;
use crate::cli::shell::executor::executor;
use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::logging::{line_form, start_service};
use crate::cli::shell::settings::CliSettings;
use crate::cli::shell::store::{open_store, prepare_state_dir, runtime, shelf, unusable};
use crate::cli::shell::undelivered;
use crate::execution::{Audience, RunPlan};
use crate::fleet::{self, WorkerError, WorkerSetup};
use crate::model::{CancelCause, SystemClock, WorkerLabel};
use crate::report::{Console, ServiceLog};
use crate::store::{WorkerMeans, this_process};

/// Take queued runs and execute them, until a signal ends it (PostgreSQL)
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orchestrate worker
  orchestrate worker --concurrency 4 --labels gpu,eu --drain-timeout 1h")]
pub(crate) struct WorkerArgs {
    /// How many runs may go on at a time
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) concurrency: u16,
    /// What it has: runs that want a label go only where it is
    #[arg(long, value_name = "LABEL,...", value_delimiter = ',', value_parser = label)]
    pub(crate) labels: Vec<WorkerLabel>,
    /// After SIGTERM, how long runs may go on before they are cancelled
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = positive_duration)]
    pub(crate) drain_timeout: Duration,
    /// By which it is known [default: the host and the state directory]
    #[arg(long, value_name = "NAME", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(crate) name: Option<String>,
}

fn label(text: &str) -> Result<WorkerLabel, String> {
    WorkerLabel::parse(text).ok_or_else(|| WorkerLabel::RULE.to_owned())
}

/// Works until a signal ends it.
pub(crate) fn worker(global: &Global, args: &WorkerArgs) -> Result<VerbExit, Failure> {
    let runtime = runtime()?;
    let settings = CliSettings::resolve(global)?;
    prepare_state_dir(&settings)?;
    let store = runtime.block_on(open_store(&settings))?;
    let queue = runtime.block_on(open_queue(&store, "a worker"))?;
    runtime.block_on(store.check_rights_to_run()).map_err(unusable)?;
    runtime.block_on(undelivered::ingest(&shelf(&store), &settings.state_dir))?;
    let (terminal, _logging) = start_service(global, &settings)?;
    let executor = executor(&settings, store, Arc::new(SystemClock))?;
    let (quiet, line_form) = (global.quiet, line_form(global));
    let audience = move || Audience {
        listeners: vec![
            Box::new(Console::new(terminal.clone(), !quiet, line_form)),
            Box::new(ServiceLog),
        ],
        with_output: !quiet,
    };
    let secrets = &settings.file.secrets;
    let (known, lacks) = secrets
        .iter()
        .cloned()
        .partition(|name| settings.environment.get(name).is_some());
    let setup = WorkerSetup {
        executor: Arc::clone(&executor),
        queue,
        means: WorkerMeans {
            name: name(&settings, args)?,
            labels: args.labels.iter().map(ToString::to_string).collect(),
            secrets: known,
            plan_version: RunPlan::VERSION,
            lacks_commands: Vec::new(),
        },
        lacks,
        capacity: args.concurrency.into(),
        drain_timeout: args.drain_timeout,
        audience: Box::new(audience),
    };
    let stopped = runtime.block_on(async {
        let stopped = fleet::work(setup).await;
        executor.close().await;
        stopped
    });
    let stopped = stopped.map_err(|error| match error {
        WorkerError::NameTaken(_) => Failure::usage(error.to_string())
            .hint("--name gives this one another name, --state-dir another state"),
        error => Failure::infrastructure(error),
    })?;
    tracing::info!("this worker has ended");
    Ok(match stopped.cancelled {
        None => VerbExit::Success,
        Some(CancelCause::Interrupt) => VerbExit::Interrupted,
        Some(_) => VerbExit::Terminated,
    })
}

/// The machine and the state directory: what a worker keeps from run to run is there.
fn name(settings: &CliSettings, args: &WorkerArgs) -> Result<String, Failure> {
    if let Some(name) = &args.name {
        return Ok(name.clone());
    }
    let here = this_process().map_err(Failure::infrastructure)?;
    let state_dir = std::path::absolute(&settings.state_dir).map_err(Failure::infrastructure)?;
    Ok(format!("{}:{}", here.host, state_dir.display()))
}
