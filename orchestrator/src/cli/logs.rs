//! `logs`: what the collectors of a run wrote.

use std::collections::VecDeque;
use std::io::{self, BufWriter, Write};

use super::args::{Global, LogsArgs};
use super::exit::Exit;
use super::failure::Failure;
use super::follow::follow;
use super::log_reader::{LogReader, Look};
use super::settings::Settings;
use super::show::find;
use super::store::with_store;
use crate::report::TaskSummary;
use crate::store::RunRecord;

/// Prints the logs of the run's collectors, in order.
pub(super) fn logs(global: &Global, args: &LogsArgs) -> Result<Exit, Failure> {
    let settings = Settings::resolve(global)?;
    let record = with_store(&settings, async |store| find(store, &args.run).await)?;
    known(&record, args)?;
    let mut out = BufWriter::with_capacity(64 << 10, io::stdout().lock());
    let printed = if args.follow {
        follow(&settings.state_dir, &record.header.run, args, &mut out)
    } else {
        past(&settings, &record, args, &mut out)
    };
    match printed.and_then(|()| out.flush()) {
        // The reader has seen what it wanted.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::infrastructure(error)),
        _ => Ok(Exit::Success),
    }
}

/// Whether the run has the collector that was asked for.
fn known(record: &RunRecord, args: &LogsArgs) -> Result<(), Failure> {
    let mut names = record.tasks.iter().map(|task| task.summary.command.as_str());
    match &args.command {
        Some(command) if !names.any(|name| name == command) => {
            let names: Vec<&str> = record
                .tasks
                .iter()
                .map(|task| task.summary.command.as_str())
                .collect();
            Err(
                Failure::usage(format!("run {} had no collector {command:?}", record.header.run))
                    .hint(format!("it had: {}", names.join(", "))),
            )
        }
        _ => Ok(()),
    }
}

fn past(settings: &Settings, record: &RunRecord, args: &LogsArgs, out: &mut impl Write) -> io::Result<()> {
    let wanted = |task: &&TaskSummary| {
        args.command
            .as_ref()
            .is_none_or(|command| *command == task.command)
    };
    for task in record.tasks.iter().map(|task| &task.summary).filter(wanted) {
        let Some(log) = &task.log else { continue };
        let mut reader = LogReader::new(settings.state_dir.join(log), &task.group, &task.command);
        if !reader.path().exists() {
            anstream::eprintln!("{} is not there any more", reader.path().display());
        }
        print(&mut reader, Look::new(args), args.tail, true, out)?;
    }
    Ok(())
}

/// Prints a log from its beginning, or only its last lines.
pub(super) fn print(
    reader: &mut LogReader,
    look: Look,
    tail: Option<usize>,
    ended: bool,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut kept: VecDeque<Vec<u8>> = VecDeque::new();
    let mut each = |shown: Vec<u8>| match tail {
        None => out.write_all(&shown),
        Some(count) => {
            kept.push_back(shown);
            if kept.len() > count {
                kept.pop_front();
            }
            Ok(())
        }
    };
    reader.read(look, &mut each)?;
    if ended {
        reader.finish(look, &mut each)?;
    }
    kept.iter().try_for_each(|shown| out.write_all(shown))
}
