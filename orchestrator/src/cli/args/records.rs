//! The words about records and new collectors: what `records` and `new` understand.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::cli::command_line::Format;
use crate::cli::shell::when::When;

#[derive(Debug, Subcommand)]
pub(crate) enum RecordsVerb {
    /// List the collections, with what was brought last
    #[command(after_help = "\
Examples:
  orchestrate records list
  orchestrate records list --format json")]
    List {
        /// Form of the list
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Show one record, or the newest of a collection
    #[command(after_help = "\
Examples:
  orchestrate records show boost_library asio
  orchestrate records show boost_library --format json")]
    Show(RecordsShowArgs),
    /// Print the records of a collection, sorted by key
    #[command(after_help = "\
Examples:
  orchestrate records export boost_library
  orchestrate records export boost_usage --format csv --since 7d")]
    Export(RecordsExportArgs),
    /// Forget records that no collector has delivered for some time
    #[command(after_help = "\
Examples:
  orchestrate records prune boost_usage --unseen-for 180d --dry-run
  orchestrate records prune boost_usage --unseen-for 2026-01-01")]
    Prune(RecordsPruneArgs),
}

#[derive(Debug, Args)]
pub(crate) struct RecordsShowArgs {
    /// The collection
    pub(crate) collection: String,
    /// The record's key [default: the first ten]
    pub(crate) key: Option<String>,
    /// Form of the record
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct RecordsExportArgs {
    /// The collection
    pub(crate) collection: String,
    /// Form of the records
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: ExportFormat,
    /// Only what changed then or later: a run's id (its start), 2026-11-25, 2026-11-25T04:10:00Z, or 7d
    #[arg(long, value_name = "RUN|TIME")]
    pub(crate) since: Option<String>,
    /// Only what the collection's newest delivery brought new or changed
    #[arg(long)]
    pub(crate) changed: bool,
}

/// The form of records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// One JSON object a line
    #[default]
    Jsonl,
    /// One JSON list
    Json,
    /// key, data as JSON, first_seen, changed_at, seen_at
    Csv,
}

#[derive(Debug, Args)]
pub(crate) struct RecordsPruneArgs {
    /// The collection
    pub(crate) collection: String,
    /// Records that were not delivered since then: 180d, 2026-01-01
    #[arg(long, value_name = "WHEN")]
    pub(crate) unseen_for: When,
    /// Only say how many would go
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum NewVerb {
    /// Make a collector that works, with a test, and show the schedule entry to paste
    #[command(after_help = "\
Examples:
  orchestrate new collector run_weather --lang python
  orchestrate new collector run_weather --lang rust --dir collectors")]
    Collector(NewCollectorArgs),
}

#[derive(Debug, Args)]
pub(crate) struct NewCollectorArgs {
    /// Its name, which the schedule calls it by
    pub(crate) name: String,
    /// What it is written in
    #[arg(long, value_enum)]
    pub(crate) lang: Language,
    /// Where to put it [default: the first directory in which collectors are looked for]
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
}

/// What a collector can be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    /// Python 3, standard library
    Python,
    /// POSIX sh
    Sh,
    /// Rust, a crate of its own
    Rust,
}
