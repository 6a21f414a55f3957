//! `logs`: what the collectors of a run wrote.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;

use super::args::{Global, LogsArgs};
use super::exit::Exit;
use super::failure::Failure;
use super::settings::Settings;
use super::show::find;
use super::store::with_store;
use crate::model::Stream;
use crate::report::{Record, TaskSummary, push_neutralised};

/// Prints the logs of the run's collectors, in order.
pub(super) fn logs(global: &Global, args: &LogsArgs) -> Result<Exit, Failure> {
    let settings = Settings::resolve(global)?;
    let record = with_store(&settings, async |store| find(store, &args.run).await)?;
    let wanted = |task: &TaskSummary| {
        args.command
            .as_ref()
            .is_none_or(|command| *command == task.command)
    };
    let tasks: Vec<&TaskSummary> = record
        .tasks
        .iter()
        .map(|task| &task.summary)
        .filter(|task| wanted(task))
        .collect();
    if let (Some(command), true) = (&args.command, tasks.is_empty()) {
        let names: Vec<&str> = record
            .tasks
            .iter()
            .map(|task| task.summary.command.as_str())
            .collect();
        return Err(
            Failure::usage(format!("run {} had no collector {command:?}", record.header.run))
                .hint(format!("it had: {}", names.join(", "))),
        );
    }
    let mut out = BufWriter::with_capacity(64 << 10, std::io::stdout().lock());
    for task in tasks {
        let Some(log) = &task.log else { continue };
        let path = settings.state_dir.join(log);
        match print(&path, task, args, &mut out) {
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => return Ok(Exit::Success),
            result => result.map_err(|error| {
                Failure::infrastructure(
                    anyhow::Error::new(error).context(format!("cannot read {}", path.display())),
                )
            })?,
        }
    }
    match out.flush() {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::infrastructure(error)),
        _ => Ok(Exit::Success),
    }
}

fn print(path: &Path, task: &TaskSummary, args: &LogsArgs, out: &mut impl Write) -> std::io::Result<()> {
    let tag = if args.raw {
        String::new()
    } else {
        format!("[{}/{}] ", task.group, task.command)
    };
    let stream = args.stream.map(Stream::from);
    let mut reader = BufReader::with_capacity(64 << 10, File::open(path)?);
    let mut kept: VecDeque<Vec<u8>> = VecDeque::new();
    let mut line = Vec::new();
    let mut text = String::new();
    loop {
        line.clear();
        if reader.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        let Some(record) = Record::parse(line.strip_suffix(b"\n").unwrap_or(&line)) else {
            continue;
        };
        if stream.is_some_and(|wanted| wanted != record.stream) {
            continue;
        }
        let shown = if args.raw {
            let mut bytes = record.bytes.to_vec();
            bytes.extend_from_slice(if record.whole { b"\n" } else { b"" });
            bytes
        } else {
            text.clear();
            push_neutralised(&mut text, tag.as_bytes());
            push_neutralised(
                &mut text,
                record.bytes.strip_suffix(b"\r").unwrap_or(record.bytes),
            );
            text.push('\n');
            text.as_bytes().to_vec()
        };
        match args.tail {
            None => out.write_all(&shown)?,
            Some(count) => {
                kept.push_back(shown);
                if kept.len() > count {
                    kept.pop_front();
                }
            }
        }
    }
    kept.iter().try_for_each(|shown| out.write_all(shown))
}
