//! What runs of this process need, opened once for one or several of them.

use std::io::IsTerminal;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::runtime::Runtime;

use crate::cli::args::execution::ExecutionArgs;
use crate::cli::args::format::Format;
use crate::cli::args::global::{Global, LogFormat};
use crate::cli::shell::executor::executor;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::logging::{self, RunShown, line_form};
use crate::cli::shell::output::stderr_width;
use crate::cli::shell::settings::CliSettings;
use crate::cli::shell::stderr::colour_on_stderr;
use crate::cli::shell::store::{open_store, prepare_state_dir, runtime, shelf, unusable};
use crate::cli::shell::undelivered;
use crate::cli::verbs::run::last_good::keep_last_good;
use crate::cli::verbs::run::told::Told;
use crate::engine::EndingSignals;
use crate::events::Listener;
use crate::execution::{Audience, Executed, Executor};
use crate::model::{CancelCause, SystemClock};
use crate::report::{Console, JsonLines, RunLines, ServiceLog, Terminal, Unwritten};
use crate::store::Store;

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
        runtime
            .block_on(async { executor.obey_terminal_stops() })
            .map_err(Failure::infrastructure)?;
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

    /// The settings of the program.
    pub(crate) fn settings(&self) -> &CliSettings {
        self.told.settings
    }

    /// The timeout that was asked for, in place of what the schedule says.
    pub(crate) fn timeout(&self) -> Option<Duration> {
        self.args.timeout
    }

    /// Whether nobody is to be told how runs end.
    pub(crate) fn is_quiet(&self) -> bool {
        self.args.is_quiet()
    }

    /// Who is told of a run while it goes on.
    pub(crate) fn audience(&self) -> Audience {
        let json = self.told.json.then(|| self.told.unwritten.clone());
        Audience {
            with_output: json.is_some() || !self.global.quiet,
            listeners: listeners(self.global, self.terminal.clone(), self.shown, json),
        }
    }

    /// Does what takes time, with what executes runs.
    pub(crate) fn run<T>(&self, job: impl AsyncFnOnce(&Executor) -> T) -> T {
        self.runtime.block_on(job(&self.executor))
    }

    /// Asks the database something between runs.
    pub(crate) fn ask<T>(&self, ask: impl AsyncFnOnce(&Store) -> T) -> T {
        self.runtime.block_on(ask(&self.executor.store))
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
