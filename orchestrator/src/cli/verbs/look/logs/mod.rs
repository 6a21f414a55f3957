//! `logs`: what the collectors of a run wrote.

mod asked;
mod follow;
mod not_taken;
mod page;
mod text;
mod whole;

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use crate::cli::args::global::Global;
use crate::cli::shell::database::look::{with_look, with_one_look};
use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::settings::CliSettings;
use crate::cli::shell::stderr::print_words;
use crate::cli::shell::store::unusable;
use crate::cli::verbs::look::logs::asked::{LogsMeant, RunOfLogs};
use crate::cli::verbs::look::logs::follow::follow;
use crate::cli::verbs::look::logs::not_taken::{await_worker, print_not_taken};
use crate::cli::verbs::look::logs::page::print_page;
use crate::cli::verbs::look::logs::whole::print_whole;
use crate::model::{RunId, TaskStatus};
use crate::queries::logs::{LogChoice, TaskWord};
use crate::store::{KeptLog, RunRecord};
use crate::text::make_safe;

pub(crate) use asked::LogsArgs;
pub(crate) use whole::print_hole;

/// Prints the logs of the run's collectors, in order.
pub(crate) fn logs(global: &Global, args: &LogsArgs) -> Result<VerbExit, Failure> {
    let settings = CliSettings::resolve(global)?;
    let found = with_look(&settings, async |look| {
        match args.meant(&look.store, &settings).await {
            Err(_) if !look.exists => Ok(None),
            found => found.map(Some),
        }
    })?;
    let meant = match found {
        // There is no database, which was said.
        None => return Ok(VerbExit::Success),
        Some(RunOfLogs::Begun(meant)) => meant,
        Some(RunOfLogs::Queued(queued, collector)) => {
            print_not_taken(&queued);
            let begun = match args.follow {
                true => await_worker(&settings, &queued.run, collector)?,
                false => None,
            };
            match begun {
                Some(meant) => meant,
                None => return Ok(VerbExit::Success),
            }
        }
    };
    let (record, choice) = (&meant.record, args.choice(&meant));
    if !choice.is_in(record) {
        return Err(unknown(record, &choice));
    }
    print_never_started(record, &choice);
    print_silent_and_tried(record, &choice);
    if args.attempt.is_some() && choice.logs(record).is_empty() {
        return Err(no_such_attempt(record, &choice));
    }
    let mut out = BufWriter::with_capacity(64 << 10, io::stdout().lock());
    let asked = Asked {
        settings: &settings,
        meant: &meant,
        args,
    };
    let printed = if args.follow {
        follow(&asked, choice, &mut out)
    } else if args.offset.is_some() || args.limit.is_some() {
        print_page(&asked, &choice, &mut out)
    } else {
        print_whole(&asked, &choice.logs(record), &mut out)
    };
    match printed.and_then(|()| Ok(out.flush()?)) {
        // The reader has seen what it wanted.
        Err(PrintError::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(VerbExit::Success),
        Err(PrintError::Io(error)) => Err(Failure::infrastructure(error)),
        Err(PrintError::Told(failure)) => Err(failure),
        Ok(()) => Ok(VerbExit::Success),
    }
}

/// What is printed, and where its logs may be.
struct Asked<'a> {
    settings: &'a CliSettings,
    meant: &'a LogsMeant<'a>,
    args: &'a LogsArgs,
}

impl Asked<'_> {
    fn run(&self) -> &RunId {
        &self.meant.record.header.run
    }

    /// The file of a log, if it is here.
    fn file(&self, log: &str) -> PathBuf {
        self.settings.state_dir.join(log)
    }

    /// What the database has of a log whose file is not here.
    fn kept(&self, log: &str) -> Result<Option<KeptLog>, Failure> {
        if !self.meant.may_be_distant {
            return Ok(None);
        }
        with_one_look(self.settings, async |look| {
            look.store.kept_log(self.run(), log, 0).await.map_err(unusable)
        })
    }
}

/// Why logs were not printed whole.
enum PrintError {
    Io(io::Error),
    Told(Failure),
}

impl From<io::Error> for PrintError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Failure> for PrintError {
    fn from(failure: Failure) -> Self {
        Self::Told(failure)
    }
}

/// Who asks for certain logs is told why there is none.
fn print_never_started(record: &RunRecord, choice: &LogChoice) {
    if !choice.is_narrowed() {
        return;
    }
    for task in choice.never_started(record).map(|task| &task.summary) {
        let why = match task.reason.as_str() {
            "" => "its turn has not come",
            reason => reason,
        };
        let name = format!("{}/{}", task.group, task.name);
        print_words!(
            "{} was not started in run {}: {}",
            make_safe(&name),
            record.header.run,
            make_safe(why)
        );
    }
}

/// An empty answer, and lines of one attempt of several, are explained.
fn print_silent_and_tried(record: &RunRecord, choice: &LogChoice) {
    if !choice.is_narrowed() {
        return;
    }
    for task in choice.tasks(record) {
        let summary = &task.summary;
        let name = format!("{}/{}", summary.group, summary.name);
        let name = make_safe(&name);
        let ended = !matches!(summary.outcome, TaskStatus::Running | TaskStatus::Pending);
        if ended && summary.lines == 0 && !task.attempt_list.is_empty() {
            let how = match summary.reason.as_str() {
                "" => "it ended well",
                reason => reason,
            };
            print_words!(
                "{name} wrote nothing in run {}: {}",
                record.header.run,
                make_safe(how)
            );
        }
        let attempts = task.attempt_list.len();
        if attempts > 1 && choice.attempt.is_none() {
            print_words!("{name} was tried {attempts} times; this is the last, --attempt 1 shows the first");
        }
    }
}

fn no_such_attempt(record: &RunRecord, choice: &LogChoice) -> Failure {
    let most = record.tasks.iter().map(|task| task.attempt_list.len()).max();
    Failure::usage(format!(
        "run {} had no attempt {} at it",
        record.header.run,
        choice.attempt.unwrap_or_default()
    ))
    .hint(format!("it had {} at most", most.unwrap_or_default()))
}

/// The run does not have what was asked for.
fn unknown(record: &RunRecord, choice: &LogChoice) -> Failure {
    let what = match (choice.task.as_ref().map(TaskWord::as_str), choice.position) {
        (Some(command), Some(task)) => format!("no collector {command:?} at place {task}"),
        (Some(command), None) => format!("no collector {command:?}"),
        (None, position) => format!("no collector at place {}", position.unwrap_or_default()),
    };
    let names: Vec<&str> = record
        .tasks
        .iter()
        .map(|task| task.summary.name.as_str())
        .collect();
    Failure::usage(format!("run {} had {what}", record.header.run))
        .hint(format!("it had: {}", names.join(", ")))
}
