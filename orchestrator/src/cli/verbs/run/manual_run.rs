//! Runs of this process, one or several after another: what they need is opened once.

use std::io::IsTerminal;
use std::sync::{Arc, OnceLock};

use tokio::runtime::Runtime;

use crate::cli::args::execution::ExecutionArgs;
use crate::cli::args::format::Format;
use crate::cli::args::global::{Global, LogFormat};
use crate::cli::shell::executor::{executor, not_executed};
use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::logging::{self, RunShown, line_form};
use crate::cli::shell::output::{output_width, print_text, shown_path, stderr_width};
use crate::cli::shell::settings::CliSettings;
use crate::cli::shell::stderr::colour_on_stderr;
use crate::cli::shell::store::{open_store, prepare_state_dir, runtime, shelf, unusable};
use crate::cli::shell::summary::SummaryFiles;
use crate::cli::shell::undelivered;
use crate::cli::verbs::look::plan::warn_of_missing;
use crate::cli::verbs::run::last_good::keep_last_good;
use crate::database::Database;
use crate::engine::{EndingSignals, OperatorSignals};
use crate::events::{Listener, Summary};
use crate::execution::{Audience, Executed, Executor, Orders, RunPlan};
use crate::model::{CancelCause, Plan, RunId, SystemClock};
use crate::report::{
    Console, JsonLines, RunLines, ServiceLog, SummaryView, Terminal, Unwritten, summary_text,
};
use crate::store::{Store, StoreError};
use crate::text::counted;

/// A plan and how it is to be executed.
pub(crate) struct ManualRun {
    pub(crate) plan: Plan,
    pub(crate) label: String,
    pub(crate) group: Option<String>,
    pub(crate) stop_on_failure: bool,
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
        self,
        global: &Global,
        settings: &CliSettings,
        args: &ExecutionArgs,
    ) -> Result<VerbExit, Failure> {
        settings.warn_of_unset();
        let files = SummaryFiles::open(args, settings)?;
        let session = Session::open(global, settings, args)?;
        let executed = session.run(self)?;
        let told = session.close(&executed);
        told.tell(&executed.summary);
        files.write(&executed.summary)?;
        told.judge(&executed)
    }
}

/// All that runs of this process need.
pub(crate) struct Session<'a> {
    global: &'a Global,
    told: Told<'a>,
    args: &'a ExecutionArgs,
    terminal: Terminal,
    shown: RunShown,
    executor: Arc<Executor>,
    runtime: Runtime,
    _logging: logging::Logging,
}

impl<'a> Session<'a> {
    /// Opens what is needed; nothing is started.
    ///
    /// # Errors
    /// The machine or the database would not.
    pub(crate) fn open(
        global: &'a Global,
        settings: &'a CliSettings,
        args: &'a ExecutionArgs,
    ) -> Result<Self, Failure> {
        let json = args.format == Format::Json;
        let terminal = Terminal::new(
            !json && global.log_format == LogFormat::Text && std::env::var_os("NO_COLOR").is_none(),
            !json && colour_on_stderr(),
        );
        let as_lines = !json && global.log_format == LogFormat::Text && std::io::stderr().is_terminal();
        let shown = match as_lines {
            true => RunShown::AsLines,
            false => RunShown::AsLog,
        };
        let runtime = runtime()?;
        prepare_state_dir(settings)?;
        let store = runtime.block_on(open_store(settings))?;
        let told = Told {
            settings,
            json,
            unwritten: Unwritten::default(),
            database: store.database().clone(),
        };
        runtime.block_on(store.check_rights_to_run()).map_err(unusable)?;
        runtime.block_on(undelivered::ingest(&shelf(&store), &settings.state_dir))?;
        let logging = logging::start(global, settings, &terminal, shown)?;
        keep_last_good(&settings.state_dir, &settings.schedule_file, &settings.secrets());
        let executor = executor(settings, store, Arc::new(SystemClock))?;
        Ok(Self {
            global,
            told,
            args,
            terminal,
            shown,
            executor,
            runtime,
            _logging: logging,
        })
    }

    /// Asks the database something between runs.
    pub(crate) fn ask<T>(&self, ask: impl AsyncFnOnce(&Store) -> T) -> T {
        self.runtime.block_on(ask(&self.executor.store))
    }

    /// Executes one, and returns when it has ended.
    ///
    /// # Errors
    /// It could not be executed.
    pub(crate) fn run(&self, mut job: ManualRun) -> Result<Executed, Failure> {
        if let Some(timeout) = self.args.timeout {
            for planned in &mut job.plan.tasks {
                planned.task.policy.timeout = Some(timeout);
            }
        }
        let json = self.told.json.then(|| self.told.unwritten.clone());
        let audience = Audience {
            with_output: json.is_some() || !self.global.quiet,
            listeners: listeners(self.global, self.terminal.clone(), self.shown, json),
        };
        self.runtime
            .block_on(execute(&self.executor, self.told.settings, job, audience))
    }

    /// From now on a signal that asks us to end is remembered, also one that comes between runs.
    ///
    /// # Errors
    /// The handlers cannot be installed.
    pub(crate) fn remember_signals(&self) -> Result<Arc<OnceLock<CancelCause>>, Failure> {
        let _inside = self.runtime.enter();
        let mut signals = EndingSignals::new().map_err(Failure::infrastructure)?;
        let ended_by = Arc::new(OnceLock::new());
        let remembered = Arc::clone(&ended_by);
        self.runtime.spawn(async move {
            // The first one counts.
            let _ = remembered.set(signals.next().await);
        });
        Ok(ended_by)
    }

    /// What is told of runs that have ended.
    pub(crate) fn told(&self) -> &Told<'a> {
        &self.told
    }

    /// Lets everything go after the last run. A database that was waited for already is not
    /// waited for to say farewell.
    pub(crate) fn close(self, last: &Executed) -> Told<'a> {
        if last.recorded.failure.is_none() {
            self.runtime.block_on(self.executor.close());
        } else {
            self.runtime.block_on(self.executor.stop_processes());
        }
        self.told
    }
}

/// What a run that the database lacks has, where its journal was written to the end.
const IN_JOURNAL: &str =
    "its journal is complete; the next start brings it in, or orchestrate db import-journal";

/// What is told when a run has ended.
pub(crate) struct Told<'a> {
    settings: &'a CliSettings,
    json: bool,
    unwritten: Unwritten,
    /// Asked in the end whether it is still where it was.
    database: Database,
}

impl Told<'_> {
    /// Shows the summary to people.
    pub(crate) fn tell(&self, summary: &Summary) {
        let view = SummaryView {
            state_dir: shown_path(&self.settings.state_dir),
            width: output_width(),
            ..SummaryView::default()
        };
        if !self.json
            // It is in the database too: who cannot see it here loses nothing.
            && let Err(failure) = print_text(&summary_text(summary, &view))
        {
            failure.print();
        }
    }

    /// What the verb exits with.
    ///
    /// # Errors
    /// The database does not have the run whole, or not all events could be written.
    pub(crate) fn judge(&self, executed: &Executed) -> Result<VerbExit, Failure> {
        let Executed {
            summary,
            recorded,
            journal_failure,
        } = executed;
        if let Some((missing, error)) = &recorded.failure {
            let way = match journal_failure {
                Some(failure) => {
                    format!("its journal lacks events, too ({failure}): this summary is all there is of them")
                }
                None => error.way_back().unwrap_or(IN_JOURNAL).to_owned(),
            };
            let are = if *missing == 1 { "is" } else { "are" };
            let missing = counted(*missing, "event");
            let error = anyhow::anyhow!(
                "{missing} of run {} {are} not in the database: {error}",
                summary.run
            );
            return Err(Failure::infrastructure(error).hint(way));
        }
        undelivered::none_left(&self.settings.state_dir, &summary.run)?;
        // What was written into a file that somebody has removed since is gone with it.
        if let Err(error) = self.database.check_in_place() {
            let error = StoreError::from(error);
            let way = error.way_back().unwrap_or_default();
            let error = anyhow::Error::new(error).context(format!("run {} is not recorded", summary.run));
            return Err(Failure::infrastructure(error).hint(way));
        }
        match self.unwritten.reason() {
            Some(error) if summary.success => Err(Failure::infrastructure(anyhow::anyhow!(
                "not all events of run {} are on standard output: {error}",
                summary.run
            ))),
            _ => Ok(VerbExit::of_run(summary.exit_code)),
        }
    }
}

async fn execute(
    executor: &Executor,
    settings: &CliSettings,
    job: ManualRun,
    audience: Audience,
) -> Result<Executed, Failure> {
    let orders = Orders::new();
    orders
        .accept_from(OperatorSignals)
        .map_err(Failure::infrastructure)?;
    let now = executor.now();
    warn_of_missing(settings, &job.plan);
    let mut plan = RunPlan {
        run: RunId::at(now, fastrand::u32(..)),
        schedule: job.label,
        group: job.group,
        slot: None,
        stop_on_failure: job.stop_on_failure,
        plan: job.plan,
    };
    // By hand a task stands for now, unless it was asked for a day.
    plan.plan.set_slot(now);
    let executed = executor
        .execute(plan, audience, orders)
        .await
        .map_err(not_executed)?;
    let signalled = executor
        .notify_end(&executed.summary)
        .await
        .map_err(Failure::infrastructure)?;
    if executed.recorded.failure.is_none() && !signalled {
        // What stood in the way is in the log, and tried again by whoever comes next.
        let _ = executor.tidy().await;
    }
    Ok(executed)
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
