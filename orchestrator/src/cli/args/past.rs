//! What can be asked about runs that were, or that go on: the words of `history`, `show`,
//! `logs` and `why`.

use clap::{Args, ValueEnum};

use crate::cli::args::global::Format;
use crate::cli::shell::when::When;
use crate::model::Stream;

#[derive(Debug, Args)]
pub(crate) struct HistoryArgs {
    /// The newest so many runs [default: 20; with --stats 1000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) last: Option<u32>,
    /// Only runs of this collector
    #[arg(long, value_name = "COMMAND")]
    pub(crate) collector: Option<String>,
    /// Only runs of this group
    #[arg(long, value_name = "GROUP")]
    pub(crate) group: Option<String>,
    /// Only runs in which a task (of that collector, of that group) ended so
    #[arg(long, value_enum, value_name = "OUTCOME")]
    pub(crate) outcome: Option<OutcomeArg>,
    /// Only runs that began then or later: 2026-11-25, 2026-11-25T04:10:00Z, or 7d for seven days ago
    #[arg(long, value_name = "WHEN")]
    pub(crate) since: Option<When>,
    /// Only runs that began before then
    #[arg(long, value_name = "WHEN")]
    pub(crate) until: Option<When>,
    /// Not the runs but numbers about the collector in them: how often it succeeds, how long it takes
    #[arg(long, requires = "collector", conflicts_with = "outcome")]
    pub(crate) stats: bool,
    /// Form of the list
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: ListFormat,
}

/// The form of a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    #[default]
    #[value(alias = "text")]
    Table,
    Json,
    Csv,
}

/// How a task ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutcomeArg {
    Running,
    Succeeded,
    Failed,
    #[value(alias = "timed_out")]
    TimedOut,
    Cancelled,
    #[value(alias = "not_started")]
    NotStarted,
    Skipped,
    Lost,
    /// Succeeded, and did not bring what it should
    Suspect,
}

impl OutcomeArg {
    /// The word in the record.
    pub(crate) fn keyword(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::TimedOut => "timed_out",
            Self::Cancelled => "cancelled",
            Self::NotStarted => "not_started",
            Self::Skipped => "skipped",
            Self::Lost => "lost",
            Self::Suspect => "suspect",
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// A run's id, or the beginning of one, or `last`
    pub(crate) run: String,
    /// Form of the record
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
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

#[derive(Debug, Args)]
pub(crate) struct WhyArgs {
    /// The collector
    pub(crate) command: String,
    /// Only in this group
    #[arg(long, value_name = "GROUP")]
    pub(crate) group: Option<String>,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}
