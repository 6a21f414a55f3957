//! What was asked of `logs`, and what it means.

use std::io;

use clap::{Args, ValueEnum};

use crate::cli::args::format::Format;
use crate::cli::args::run_word::{RunWord, collector_meant, queued_meant, run_meant};
use crate::cli::shell::failure::Failure;
use crate::cli::shell::settings::CliSettings;
use crate::cli::verbs::look::logs::text::LogForm;
use crate::model::Stream;
use crate::queries::find_run::{FindRunError, find_run};
use crate::queries::logs::{LogChoice, TaskWord};
use crate::queries::queued_runs::QueuedLine;
use crate::store::{RunRecord, Store};

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

/// What the words mean.
pub(super) enum RunOfLogs<'a> {
    Begun(LogsMeant<'a>),
    /// Nobody has taken it: there is no log of it yet. With the collector that is wanted of it.
    Queued(QueuedLine, Option<&'a str>),
}

/// What the words mean: the run, and the collector whose logs are wanted.
pub(super) struct LogsMeant<'a> {
    pub(super) record: RunRecord,
    collector: Option<&'a str>,
    /// Whether its logs may be on another machine.
    pub(super) may_be_distant: bool,
}

impl<'a> LogsMeant<'a> {
    pub(super) fn new(store: &Store, record: RunRecord, collector: Option<&'a str>) -> Self {
        Self {
            record,
            collector,
            may_be_distant: store.may_have_distant_logs(),
        }
    }
}

impl LogsArgs {
    /// What has begun, or else what is in the queue.
    pub(super) async fn meant(
        &self,
        store: &Store,
        settings: &CliSettings,
    ) -> Result<RunOfLogs<'_>, Failure> {
        let why = match self.begun(store, settings).await {
            Ok(meant) => return Ok(RunOfLogs::Begun(meant)),
            Err(why) => why,
        };
        let group = self.group.as_deref();
        let word = |run, collector| RunWord {
            run,
            collector,
            group,
        };
        let (run, collector) = (self.run.as_deref(), self.command.as_deref());
        if let Some(queued) = queued_meant(store, word(run, collector)).await? {
            return Ok(RunOfLogs::Queued(queued, collector));
        }
        // A single word may be a collector's.
        let alone = run.filter(|run| *run != "last" && collector.is_none());
        match alone {
            Some(collector) => match queued_meant(store, word(None, Some(collector))).await? {
                Some(queued) => Ok(RunOfLogs::Queued(queued, Some(collector))),
                None => Err(why),
            },
            None => Err(why),
        }
    }

    /// A single word is the exact name of a collector first, then a run.
    async fn begun(&self, store: &Store, settings: &CliSettings) -> Result<LogsMeant<'_>, Failure> {
        let (run, collector) = match (self.run.as_deref(), self.command.as_deref()) {
            (Some(word), None) if word != "last" => {
                match collector_meant(store, settings, word, self.group.as_deref()).await {
                    Ok(_) => (None, Some(word)),
                    Err(why) => return self.of_run(store, word, why).await,
                }
            }
            (Some(run), collector) if run != "last" => {
                let record = find_run(store, run).await?;
                return Ok(LogsMeant::new(store, record, collector));
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
        Ok(LogsMeant::new(store, record, collector))
    }

    /// It is no collector, for this reason. If it is no run either, that is what is said: names
    /// of collectors are what people mistype.
    async fn of_run(&self, store: &Store, word: &str, why: Failure) -> Result<LogsMeant<'_>, Failure> {
        match find_run(store, word).await {
            Err(FindRunError::Unknown(_)) => Err(why),
            found => Ok(LogsMeant::new(store, found?, None)),
        }
    }

    pub(super) fn choice(&self, meant: &LogsMeant<'_>) -> LogChoice {
        LogChoice {
            task: meant.collector.map(|word| TaskWord::of(word, &meant.record)),
            group: self.group.clone(),
            position: self.task,
            attempt: self.attempt,
            stream: self.stream.map(Stream::from),
        }
    }

    pub(super) fn form(&self) -> LogForm {
        match (self.raw, self.format) {
            (true, _) => LogForm::Raw,
            (false, Format::Json) => LogForm::Json,
            (false, Format::Text) => LogForm::Tagged {
                colour: anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never,
            },
        }
    }
}
