//! Our own diagnostics: to standard error for people, and into a daily file in
//! the state directory. What collectors write never comes this way.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use crate::cli::args::global::Global;
use crate::cli::args::global::LogFormat;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::settings::CliSettings;
use crate::cli::shell::stderr::{colour_on_stderr, line_of, write_no_words, write_words_through};
use crate::files::{DailyLog, make_folder, name_owner, state_mode};
use crate::model::{Clock, SystemClock};
use crate::report::{LineForm, Terminal};
use crate::rundir::StateDir;
use crate::text::counted;

/// Lines that may wait for the disk. Small, so that the guard's short patience at
/// the end is enough to write them all; a full queue makes its caller wait.
const WAITING_LINES: usize = 1024;

/// How many daily files are kept.
const KEPT_FILES: usize = 30;

/// How long a service that ends waits for whoever reads its standard error.
const FAREWELL: Duration = Duration::from_secs(2);

/// Writes what is still waiting when it is dropped; keep it until the end.
pub(crate) struct Logging {
    _file: WorkerGuard,
}

/// The same for a service, and for what it still has to say on standard error.
pub(crate) struct ServiceLogging {
    terminal: Terminal,
    _logging: Logging,
}

impl Drop for ServiceLogging {
    fn drop(&mut self) {
        if !self.terminal.drain(FAREWELL) {
            // Whoever writes there now would wait for ever.
            write_no_words();
        }
        write_words_through(None);
    }
}

/// The form of collectors' lines among what is said there.
pub(crate) fn line_form(global: &Global) -> LineForm {
    match global.log_format {
        LogFormat::Text => LineForm::Tagged,
        LogFormat::Json => LineForm::Json,
    }
}

/// What standard error is given of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RunShown {
    /// The log of the service, with its fields.
    AsLog,
    /// Lines for people, which are not written here: a run is not said twice.
    AsLines,
}

/// Starts both for a service, and its standard error, which holds nobody back.
///
/// # Errors
/// Those of [`start`], or there is no thread for it.
pub(crate) fn start_service(
    global: &Global,
    settings: &CliSettings,
) -> Result<(Terminal, ServiceLogging), Failure> {
    let note = |missing| {
        line_of(&format!(
            "warning: {} left out here, since nobody read this in time; the logs have all of it",
            counted(missing, "line")
        ))
    };
    let terminal = Terminal::of_service(colour_on_stderr(), note).map_err(Failure::infrastructure)?;
    let logging = start(global, settings, &terminal, RunShown::AsLog)?;
    write_words_through(Some(terminal.clone()));
    let kept = ServiceLogging {
        terminal: terminal.clone(),
        _logging: logging,
    };
    Ok((terminal, kept))
}

/// Starts both.
///
/// # Errors
/// The level cannot be read, or the file cannot be created.
pub(crate) fn start(
    global: &Global,
    settings: &CliSettings,
    terminal: &Terminal,
    shown: RunShown,
) -> Result<Logging, Failure> {
    let directory = StateDir(&settings.state_dir).logs();
    let (file, guard) = file_writer(&directory)?;
    let level = match (&settings.log_level, global.quiet, global.verbose) {
        (_, true, _) => "warn",
        (_, _, true) => "debug,sqlx=info",
        (Some(level), ..) => level,
        (None, ..) => "info,sqlx=warn",
    };
    let filter = |without: &str| {
        EnvFilter::try_new(format!("{level}{without}")).map_err(|error| {
            Failure::usage(format!("log level {level:?}: {error}"))
                .hint("use error, warn, info, debug or trace")
        })
    };
    let to_file = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .log_internal_errors(false)
        .with_timer(Seconds)
        .with_writer(file);
    let to_file = match global.log_format {
        LogFormat::Text => to_file.boxed(),
        LogFormat::Json => to_file.json().flatten_event(true).boxed(),
    };
    let to_terminal = tracing_subscriber::fmt::layer()
        .with_ansi(terminal.colour())
        .with_target(false)
        // It would say so on standard error, and panic where that is what fails.
        .log_internal_errors(false)
        .with_timer(Seconds)
        .with_writer(TerminalWriter(terminal.clone()));
    let to_terminal = match global.log_format {
        LogFormat::Text => to_terminal.compact().boxed(),
        LogFormat::Json => to_terminal.json().flatten_event(true).boxed(),
    };
    tracing_subscriber::registry()
        .with(to_file.with_filter(filter("")?))
        .with(to_terminal.with_filter(filter(match shown {
            RunShown::AsLog => "",
            RunShown::AsLines => ",orchestrator::report::service_log=off",
        })?))
        .try_init()
        .map_err(Failure::infrastructure)?;
    Ok(Logging { _file: guard })
}

fn file_writer(
    directory: &Path,
) -> Result<(tracing_appender::non_blocking::NonBlocking, WorkerGuard), Failure> {
    let log = make_folder(directory, state_mode())
        .and_then(|()| DailyLog::open(directory, KEPT_FILES, Arc::new(SystemClock)));
    let log = log.map_err(|error| {
        let error = anyhow::Error::new(name_owner(&[directory], error));
        Failure::infrastructure(error.context(format!("cannot log to {}", directory.display())))
            .hint("--state-dir or ORCHESTRATE_STATE_DIR names a directory that can be written")
    })?;
    Ok(NonBlockingBuilder::default()
        .lossy(false)
        .buffered_lines_limit(WAITING_LINES)
        .finish(log))
}

/// UTC to the second: what a person compares with a timetable.
struct Seconds;

impl FormatTime for Seconds {
    fn format_time(&self, w: &mut Writer<'_>) -> std::fmt::Result {
        write!(w, "{}", SystemClock.now().strftime("%Y-%m-%dT%H:%M:%SZ"))
    }
}

/// Lines for people go the way of everything else on standard error.
struct TerminalWriter(Terminal);

impl<'a> MakeWriter<'a> for TerminalWriter {
    type Writer = Terminal;

    fn make_writer(&'a self) -> Terminal {
        self.0.clone()
    }
}
