//! `logs`: what the collectors of a run wrote.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use clap::{Args, ValueEnum};

use crate::cli::args::format::Format;
use crate::cli::args::global::Global;
use crate::cli::args::run_word::{RunWord, collector_meant, run_meant};
use crate::cli::shell::database::look::with_look;
use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::settings::CliSettings;
use crate::cli::shell::stderr::print_words;
use crate::cli::verbs::look::log_page::{Page, print_page};
use crate::cli::verbs::look::log_text::LogForm;
use crate::model::Stream;
use crate::queries::find_run::{FindRunError, find_run};
use crate::queries::logs::{CollectorLog, LogChoice, LogFollower, LogReader, PAGE_BYTES, TaskWord};
use crate::store::{RunRecord, Store};
use crate::text::make_safe;

/// Print what the collectors of a run wrote
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orchestrate logs last --follow
  orchestrate logs run_export --stream stderr --tail 20")]
pub(crate) struct LogsArgs {
    /// A run's id, a part of one that no other has, or `last`; or a collector, whose newest
    /// run is meant [default: last]
    #[arg(value_name = "RUN|COLLECTOR")]
    pub(crate) run: Option<String>,
    /// Only this collector
    #[arg(value_name = "COLLECTOR")]
    pub(crate) command: Option<String>,
    /// Only tasks of this group
    #[arg(long, value_name = "GROUP")]
    pub(crate) group: Option<String>,
    /// Only the collector at this place of the run's plan, where several have its name
    #[arg(long, value_name = "N")]
    pub(crate) task: Option<usize>,
    /// Not the last attempt at it but this one
    #[arg(long, value_name = "N", conflicts_with = "follow")]
    pub(crate) attempt: Option<u32>,
    /// Only the last so many lines of each log
    #[arg(short = 'n', long, value_name = "N", conflicts_with_all = ["offset", "limit"])]
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

/// What the words mean: the run, and the collector whose logs are wanted.
struct LogsMeant<'a> {
    record: RunRecord,
    collector: Option<&'a str>,
}

impl LogsArgs {
    /// A single word is the exact name of a collector first, then a run.
    async fn meant(&self, store: &Store, settings: &CliSettings) -> Result<LogsMeant<'_>, Failure> {
        let (run, collector) = match (self.run.as_deref(), self.command.as_deref()) {
            (Some(word), None) if word != "last" => {
                match collector_meant(store, settings, word, self.group.as_deref()).await {
                    Ok(_) => (None, Some(word)),
                    Err(why) => return self.of_run(store, word, why).await,
                }
            }
            (Some(run), collector) if run != "last" => {
                let record = find_run(store, run).await?;
                return Ok(LogsMeant { record, collector });
            }
            (_, collector) => (None, collector),
        };
        let group = self.group.as_deref();
        let last = RunWord {
            run,
            collector,
            group,
        };
        let record = run_meant(store, settings, last).await?;
        Ok(LogsMeant { record, collector })
    }

    /// It is no collector, for this reason. If it is no run either, that is what is said: names
    /// of collectors are what people mistype.
    async fn of_run(&self, store: &Store, word: &str, why: Failure) -> Result<LogsMeant<'_>, Failure> {
        match find_run(store, word).await {
            Err(FindRunError::Unknown(_)) => Err(why),
            found => Ok(LogsMeant {
                record: found?,
                collector: None,
            }),
        }
    }

    fn choice(&self, meant: &LogsMeant<'_>) -> LogChoice {
        LogChoice {
            task: meant.collector.map(|word| TaskWord::of(word, &meant.record)),
            group: self.group.clone(),
            position: self.task,
            attempt: self.attempt,
            stream: self.stream.map(Stream::from),
        }
    }

    fn form(&self) -> LogForm {
        match (self.raw, self.format) {
            (true, _) => LogForm::Raw,
            (false, Format::Json) => LogForm::Json,
            (false, Format::Text) => LogForm::Tagged {
                colour: anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never,
            },
        }
    }
}

/// Prints the logs of the run's collectors, in order.
pub(crate) fn logs(global: &Global, args: &LogsArgs) -> Result<VerbExit, Failure> {
    let settings = CliSettings::resolve(global)?;
    let state_dir = &settings.state_dir;
    let found = with_look(&settings, async |look| {
        match args.meant(&look.store, &settings).await {
            Err(_) if !look.exists => Ok(None),
            found => found.map(Some),
        }
    })?;
    let Some(meant) = found else {
        // There is no database, which was said.
        return Ok(VerbExit::Success);
    };
    let (record, choice) = (&meant.record, args.choice(&meant));
    if !choice.is_in(record) {
        return Err(unknown(record, &choice));
    }
    print_never_started(record, &choice);
    if args.attempt.is_some() && choice.logs(record).is_empty() {
        return Err(no_such_attempt(record, &choice));
    }
    let form = args.form();
    let mut out = BufWriter::with_capacity(64 << 10, io::stdout().lock());
    let printed = if args.follow {
        follow(state_dir, record, args, choice, &mut out)
    } else if args.offset.is_some() || args.limit.is_some() {
        let page = Page {
            offset: args.offset.unwrap_or(0),
            limit: args.limit.unwrap_or(PAGE_BYTES),
            stream: choice.stream,
            form,
            ended: record.header.finished_at.is_some(),
        };
        print_page(state_dir, &choice.logs(record), &page, &mut out)?;
        Ok(())
    } else {
        print_whole(state_dir, &choice.logs(record), args, &mut out)
    };
    match printed.and_then(|()| out.flush()) {
        // The reader has seen what it wanted.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::infrastructure(error)),
        _ => Ok(VerbExit::Success),
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

/// Prints what there is and what comes, until the run has ended or its process is gone.
fn follow(
    state_dir: &Path,
    record: &RunRecord,
    args: &LogsArgs,
    choice: LogChoice,
    out: &mut impl Write,
) -> io::Result<()> {
    let form = args.form();
    let mut follower = LogFollower::open(state_dir, &record.header.run, choice, args.tail)?;
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
            match &log.not_started {
                Some(reason) => print_words!(
                    "{}/{} was not started: {}",
                    make_safe(&log.owner.group),
                    make_safe(&log.owner.name),
                    make_safe(reason)
                ),
                None => print_words!("{} is not there any more", reader.path().display()),
            }
        }
        if let Some(count) = args.tail {
            reader.skip_to_tail(count)?;
        }
        reader.read(&mut |owner, record| form.write(owner, record, out))?;
        reader.finish(&mut |owner, record| form.write(owner, record, out))?;
    }
    Ok(())
}
