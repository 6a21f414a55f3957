//! `run`, `run-all` and `run-one`: from a plan to an exit code.

use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;

use clap::Args;

use crate::cli::args::execution::ExecutionArgs;
use crate::cli::args::format::Format;
use crate::cli::args::global::{Global, LogFormat};
use crate::cli::args::selection::SelectionArgs;
use crate::cli::shell::executor::{executor, not_executed};
use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::logging::{self, RunShown, line_form};
use crate::cli::shell::output::{output_width, print_text, shown_path, stderr_width};
use crate::cli::shell::release_check::{check_releases, look_for_releases};
use crate::cli::shell::schedule;
use crate::cli::shell::schedule::{load, planned};
use crate::cli::shell::settings::CliSettings;
use crate::cli::shell::stderr::colour_on_stderr;
use crate::cli::shell::store::{open_store, prepare_state_dir, runtime, shelf, unusable};
use crate::cli::shell::summary::SummaryFiles;
use crate::cli::shell::undelivered;
use crate::cli::verbs::look::plan::{show, warn_of_missing};
use crate::engine::OperatorSignals;
use crate::events::{Listener, Summary};
use crate::execution::{Audience, Executed, Executor, Orders, RunPlan};
use crate::model::{Clock, Day, Plan, RunId, SystemClock, plan_workflow};
use crate::report::{
    Console, JsonLines, RunLines, ServiceLog, SummaryView, Terminal, Unwritten, summary_text,
};

/// Select collectors from the schedule and run them, one after another
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orchestrate run --schedule default --group github
  orchestrate run --schedule weekly --day-of-week mon --stop-on-failure")]
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
    let mut plan = planned(&settings, &schedule, &args.selection, ask)?;
    plan.stop_groups(&schedule);
    let mut job = ManualRun {
        plan,
        label: args.selection.kind()?.to_owned(),
        group: args.selection.group.clone(),
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
    let mut job = ManualRun {
        plan: plan_workflow(&schedule, Day::At(SystemClock.now())).map_err(Failure::usage)?,
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
    let plan = schedule::planned_one(&settings, &args.command, args.group.as_deref(), &args.args)?;
    let mut job = ManualRun::by_hand(plan, "run-one".to_owned(), false);
    job.run(global, &settings, &args.execution)
}

/// A plan and how it is to be executed.
pub(crate) struct ManualRun {
    plan: Plan,
    label: String,
    group: Option<String>,
    stop_on_failure: bool,
}

impl ManualRun {
    /// Something that a person wants now, whatever the schedule says.
    pub(crate) fn by_hand(plan: Plan, label: String, stop_on_failure: bool) -> Self {
        Self {
            plan,
            label,
            group: None,
            stop_on_failure,
        }
    }

    /// Executes it, from the first check to the last report.
    ///
    /// # Errors
    /// The machine or the database would not; what a collector does is in the exit.
    pub(crate) fn run(
        &mut self,
        global: &Global,
        settings: &CliSettings,
        args: &ExecutionArgs,
    ) -> Result<VerbExit, Failure> {
        if let Some(timeout) = args.timeout {
            for planned in &mut self.plan.tasks {
                planned.task.policy.timeout = Some(timeout);
            }
        }
        settings.warn_of_unset();
        let json = args.format == Format::Json;
        let terminal = Terminal::new(
            !json && global.log_format == LogFormat::Text && std::env::var_os("NO_COLOR").is_none(),
            !json && colour_on_stderr(),
        );
        let as_lines = !json && global.log_format == LogFormat::Text && std::io::stderr().is_terminal();
        let shown = if as_lines {
            RunShown::AsLines
        } else {
            RunShown::AsLog
        };
        let files = SummaryFiles::open(args, settings)?;
        let runtime = runtime()?;
        let unwritten = Unwritten::default();
        let database;
        let Executed { summary, recorded } = {
            prepare_state_dir(settings)?;
            let store = runtime.block_on(open_store(settings))?;
            database = store.database().file();
            runtime.block_on(store.check_rights_to_run()).map_err(unusable)?;
            runtime.block_on(undelivered::ingest(&shelf(&store), &settings.state_dir))?;
            let _logging = logging::start(global, settings, &terminal, shown)?;
            let executor = executor(settings, store, Arc::new(SystemClock))?;
            let audience = Audience {
                listeners: listeners(global, terminal, shown, json.then(|| unwritten.clone())),
                with_output: json || !global.quiet,
            };
            runtime.block_on(self.execute(&executor, settings, audience))?
        };
        if !json {
            print_summary(&summary, settings);
        }
        files.write(&summary)?;
        if let Some((missing, error)) = recorded.failure {
            let error = anyhow::anyhow!(
                "{missing} events of run {} are not in the database: {error}",
                summary.run
            );
            return Err(Failure::infrastructure(error).hint(
                "its journal is complete; the next start brings it in, or orchestrate db import-journal",
            ));
        }
        undelivered::none_left(&settings.state_dir, &summary.run)?;
        is_there(database.as_deref(), &summary.run)?;
        match unwritten.reason() {
            Some(error) if summary.success => Err(Failure::infrastructure(anyhow::anyhow!(
                "not all events of run {} are on standard output: {error}",
                summary.run
            ))),
            _ => Ok(VerbExit::of_run(summary.exit_code)),
        }
    }

    async fn execute(
        &self,
        executor: &Executor,
        settings: &CliSettings,
        audience: Audience,
    ) -> Result<Executed, Failure> {
        let orders = Orders::new();
        orders
            .accept_from(OperatorSignals)
            .map_err(Failure::infrastructure)?;
        let now = executor.now();
        let mut plan = RunPlan {
            run: RunId::at(now, fastrand::u32(..)),
            schedule: self.label.clone(),
            group: self.group.clone(),
            slot: None,
            stop_on_failure: self.stop_on_failure,
            plan: self.plan.clone(),
        };
        // By hand a task stands for now, unless it was asked for a day.
        plan.plan.set_slot(now);
        warn_of_missing(settings, &self.plan);
        let executed = executor
            .execute(plan, audience, orders)
            .await
            .map_err(not_executed)?;
        let signalled = executor
            .notify_end(&executed.summary)
            .await
            .map_err(Failure::infrastructure)?;
        if executed.recorded.failure.is_none() {
            if !signalled {
                // What stood in the way is in the log, and tried again by whoever comes next.
                let _ = executor.tidy().await;
            }
            executor.close().await;
        } else {
            executor.stop_processes().await;
        }
        Ok(executed)
    }
}

fn print_summary(summary: &Summary, settings: &CliSettings) {
    let view = SummaryView {
        state_dir: shown_path(&settings.state_dir),
        width: output_width(),
        ..SummaryView::default()
    };
    // It is in the database too: who cannot see it here loses nothing.
    if let Err(failure) = print_text(&summary_text(summary, &view)) {
        failure.print();
    }
}

/// What was written into a file that somebody has removed is gone with it.
fn is_there(database: Option<&Path>, run: &RunId) -> Result<(), Failure> {
    match database {
        Some(file) if !file.exists() => Err(Failure::infrastructure(anyhow::anyhow!(
            "{} was removed while run {run} went on",
            file.display()
        ))
        .hint(
            "every run has a journal: orchestrate db import-journal --all makes the database again of them",
        )),
        _ => Ok(()),
    }
}

fn listeners(
    global: &Global,
    terminal: Terminal,
    shown: RunShown,
    json: Option<Unwritten>,
) -> Vec<Box<dyn Listener>> {
    let console = Console::new(terminal.clone(), !global.quiet, line_form(global));
    let mut listeners: Vec<Box<dyn Listener>> = vec![Box::new(console), Box::new(ServiceLog)];
    if shown == RunShown::AsLines {
        listeners.push(Box::new(RunLines::new(terminal, stderr_width, global.quiet)));
    }
    if let Some(unwritten) = json {
        listeners.push(Box::new(JsonLines::new(std::io::stdout(), unwritten)));
    }
    listeners
}
