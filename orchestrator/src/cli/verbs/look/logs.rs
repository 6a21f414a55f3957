//! `logs`: what the collectors of a run wrote.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use clap::{Args, ValueEnum};

use crate::cli::args::format::Format;
use crate::cli::args::global::Global;
use crate::cli::shell::database::run::look_for_run;
use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::settings::CliSettings;
use crate::cli::shell::stderr::print_words;
use crate::cli::verbs::look::log_page::{Page, print_page};
use crate::cli::verbs::look::log_text::LogForm;
use crate::model::Stream;
use crate::queries::logs::{CollectorLog, LogChoice, LogFollower, LogReader, PAGE_BYTES, TaskWord};
use crate::store::RunRecord;

/// Print what the collectors of a run wrote
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orchestrate logs last --follow
  orchestrate logs last run_export --stream stderr --tail 20")]
pub(crate) struct LogsArgs {
    /// A run's id, or the beginning of one, or `last`
    pub(crate) run: String,
    /// Only this collector
    pub(crate) command: Option<String>,
    /// Only the collector at this place of the run's plan, where several have its name
    #[arg(long, value_name = "N")]
    pub(crate) task: Option<usize>,
    /// Not the last attempt at it but this one
    #[arg(long, value_name = "N", conflicts_with = "follow")]
    pub(crate) attempt: Option<u32>,
    /// Only the last so many lines of each log
    #[arg(long, value_name = "N", conflicts_with_all = ["offset", "limit"])]
    pub(crate) tail: Option<usize>,
    /// One page of one log: whole lines from this byte of its file on; where the next page
    /// begins is said on standard error [default: 0]
    #[arg(long, value_name = "BYTES", conflicts_with = "follow")]
    pub(crate) offset: Option<u64>,
    /// How large the page is: at most so many bytes, but at least a line [default: 64KiB]
    #[arg(long, value_name = "BYTES", value_parser = page_size, conflicts_with = "follow")]
    pub(crate) limit: Option<u64>,
    /// Only what was written there
    #[arg(long, value_name = "STREAM")]
    pub(crate) stream: Option<StreamArg>,
    /// The collector's bytes, exactly as it wrote them
    #[arg(long, conflicts_with = "format")]
    pub(crate) raw: bool,
    /// Go on as the run goes on, until its end
    #[arg(short, long)]
    pub(crate) follow: bool,
    /// Form of the lines: tagged text, or JSON Lines
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

/// A page is held in memory.
fn page_size(text: &str) -> Result<u64, String> {
    match crate::config::parse(text) {
        Ok(0) => Err("a page of no bytes would never end".to_owned()),
        Ok(bytes) if bytes > 64 << 20 => Err("at most 64MiB".to_owned()),
        Ok(bytes) => Ok(bytes),
        error => error,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum StreamArg {
    Stdout,
    Stderr,
}

impl From<StreamArg> for Stream {
    fn from(stream: StreamArg) -> Self {
        match stream {
            StreamArg::Stdout => Self::Stdout,
            StreamArg::Stderr => Self::Stderr,
        }
    }
}

impl LogsArgs {
    fn choice(&self, record: &RunRecord) -> LogChoice {
        LogChoice {
            task: self.command.as_deref().map(|word| TaskWord::of(word, record)),
            position: self.task,
            attempt: self.attempt,
            stream: self.stream.map(Stream::from),
        }
    }

    fn form(&self) -> LogForm {
        match (self.raw, self.format) {
            (true, _) => LogForm::Raw,
            (false, Format::Json) => LogForm::Json,
            (false, Format::Text) => LogForm::Tagged,
        }
    }
}

/// Prints the logs of the run's collectors, in order.
pub(crate) fn logs(global: &Global, args: &LogsArgs) -> Result<VerbExit, Failure> {
    let settings = CliSettings::resolve(global)?;
    let state_dir = &settings.state_dir;
    let Some(record) = look_for_run(&settings, &args.run)? else {
        // There is no database, which was said.
        return Ok(VerbExit::Success);
    };
    let choice = args.choice(&record);
    if !choice.is_in(&record) {
        return Err(unknown(&record, &choice));
    }
    let form = args.form();
    let mut out = BufWriter::with_capacity(64 << 10, io::stdout().lock());
    let printed = if args.follow {
        follow(state_dir, &record, args, &mut out)
    } else if args.offset.is_some() || args.limit.is_some() {
        let page = Page {
            offset: args.offset.unwrap_or(0),
            limit: args.limit.unwrap_or(PAGE_BYTES),
            stream: choice.stream,
            form,
            ended: record.header.finished_at.is_some(),
        };
        print_page(state_dir, &choice.logs(&record), &page, &mut out)?;
        Ok(())
    } else {
        print_whole(state_dir, &choice.logs(&record), args, &mut out)
    };
    match printed.and_then(|()| out.flush()) {
        // The reader has seen what it wanted.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::infrastructure(error)),
        _ => Ok(VerbExit::Success),
    }
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

/// Prints what there is and what comes, until the run has ended or its process is gone.
fn follow(state_dir: &Path, record: &RunRecord, args: &LogsArgs, out: &mut impl Write) -> io::Result<()> {
    let form = args.form();
    let mut follower = LogFollower::open(state_dir, &record.header.run, args.choice(record), args.tail)?;
    follower.read(&mut |owner, record| form.write(owner, record, out))?;
    out.flush()?;
    while follower.wait()? {
        follower.read(&mut |owner, record| form.write(owner, record, out))?;
        out.flush()?;
    }
    follower.finish(&mut |owner, record| form.write(owner, record, out))
}

fn print_whole(
    state_dir: &Path,
    logs: &[CollectorLog],
    args: &LogsArgs,
    out: &mut impl Write,
) -> io::Result<()> {
    let (form, stream) = (args.form(), args.stream.map(Stream::from));
    for log in logs {
        let mut reader = LogReader::new(state_dir.join(&log.path), log.owner.clone(), stream);
        if !reader.path().exists() {
            print_words!("{} is not there any more", reader.path().display());
        }
        if let Some(count) = args.tail {
            reader.skip_to_tail(count)?;
        }
        reader.read(&mut |owner, record| form.write(owner, record, out))?;
        reader.finish(&mut |owner, record| form.write(owner, record, out))?;
    }
    Ok(())
}
