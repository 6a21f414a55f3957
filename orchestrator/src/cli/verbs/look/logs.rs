//! `logs`: what the collectors of a run wrote.

use std::io::{self, BufWriter, Write};

use crate::cli::command_line::{Global, LogsArgs};
use crate::cli::shell::exit::Exit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::output::print_words;
use crate::cli::shell::settings::Settings;
use crate::cli::shell::store::with_store;
use crate::cli::verbs::look::follow::follow;
use crate::cli::verbs::look::log_page::page;
use crate::cli::verbs::look::log_reader::{LogOwner, LogReader, Look};
use crate::cli::verbs::look::show::find;
use crate::store::{RunRecord, TaskState};

/// A log that was asked for.
pub(crate) struct Log {
    /// Its file, relative to the state directory.
    pub(crate) path: String,
    /// The place of its collector in the run's plan, counted from 1.
    pub(crate) position: usize,
    pub(crate) owner: LogOwner,
}

/// Prints the logs of the run's collectors, in order.
pub(crate) fn logs(global: &Global, args: &LogsArgs) -> Result<Exit, Failure> {
    let settings = Settings::resolve(global)?;
    let record = with_store(&settings, async |store| find(store, &args.run).await)?;
    known(&record, args)?;
    let mut out = BufWriter::with_capacity(64 << 10, io::stdout().lock());
    let ended = record.header.finished_at.is_some();
    let printed = if args.follow {
        follow(&settings.state_dir, &record.header.run, args, &mut out)
    } else if args.offset.is_some() || args.limit.is_some() {
        page(&settings.state_dir, &wanted(&record, args), args, ended, &mut out)?;
        Ok(())
    } else {
        past(&settings, &wanted(&record, args), args, &mut out)
    };
    match printed.and_then(|()| out.flush()) {
        // The reader has seen what it wanted.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::infrastructure(error)),
        _ => Ok(Exit::Success),
    }
}

/// Whether the run has what was asked for.
fn known(record: &RunRecord, args: &LogsArgs) -> Result<(), Failure> {
    let is_wanted = |task: &&TaskState| is_wanted(args, task.summary.position, &task.summary.command);
    let what = match (&args.command, args.task) {
        (Some(command), Some(task)) => format!("no collector {command:?} at place {task}"),
        (Some(command), None) => format!("no collector {command:?}"),
        (None, Some(task)) => format!("no collector at place {task}"),
        (None, None) => return Ok(()),
    };
    if record.tasks.iter().any(|task| is_wanted(&task)) {
        return Ok(());
    }
    let names: Vec<&str> = record
        .tasks
        .iter()
        .map(|task| task.summary.command.as_str())
        .collect();
    Err(Failure::usage(format!("run {} had {what}", record.header.run))
        .hint(format!("it had: {}", names.join(", "))))
}

/// Whether a collector is one of those whose logs were asked for.
pub(crate) fn is_wanted(args: &LogsArgs, position: usize, command: &str) -> bool {
    args.command.as_deref().is_none_or(|wanted| wanted == command)
        && args.task.is_none_or(|wanted| wanted == position)
}

/// The logs that were asked for, of tasks that had an attempt, in order.
fn wanted(record: &RunRecord, args: &LogsArgs) -> Vec<Log> {
    let log_of = |task: &TaskState| match args.attempt {
        None => task.summary.log.clone(),
        Some(number) => {
            let attempt = task.attempt_list.iter().find(|attempt| attempt.number == number);
            attempt.map(|attempt| attempt.log.clone())
        }
    };
    record
        .tasks
        .iter()
        .filter(|task| is_wanted(args, task.summary.position, &task.summary.command))
        .filter_map(|task| {
            Some(Log {
                path: log_of(task)?,
                position: task.summary.position,
                owner: LogOwner {
                    group: task.summary.group.clone(),
                    command: task.summary.command.clone(),
                },
            })
        })
        .collect()
}

fn past(settings: &Settings, logs: &[Log], args: &LogsArgs, out: &mut impl Write) -> io::Result<()> {
    let look = Look::new(args);
    for log in logs {
        let mut reader = LogReader::new(settings.state_dir.join(&log.path), log.owner.clone());
        if !reader.path().exists() {
            print_words!("{} is not there any more", reader.path().display());
        }
        if let Some(count) = args.tail {
            reader.skip_to_tail(look, count)?;
        }
        let mut print = |shown: Vec<u8>| out.write_all(&shown);
        reader.read(look, &mut print)?;
        reader.finish(look, &mut print)?;
    }
    Ok(())
}
