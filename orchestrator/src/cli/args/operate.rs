//! What can be said to touch runs and the database: the words of `cancel`, `retry`, `db`
//! and `health`.

use clap::{Args, Subcommand};

use crate::cli::args::execution::ExecutionArgs;
use crate::cli::args::global::Format;
use crate::cli::shell::when::When;

#[derive(Debug, Args)]
pub(crate) struct CancelArgs {
    /// A run's id, or the beginning of one, or `last`
    pub(crate) run: String,
    /// End it now, without time to clean up
    #[arg(long)]
    pub(crate) kill: bool,
    /// Do not wait until it has ended
    #[arg(long)]
    pub(crate) no_wait: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RetryArgs {
    /// A run's id, or the beginning of one, or `last`
    pub(crate) run: String,
    /// Only what did not succeed: what failed, and what was not run because of that
    #[arg(long)]
    pub(crate) failed: bool,
    /// Skip what follows the first failure
    #[arg(long)]
    pub(crate) stop_on_failure: bool,
    /// Only show what would run
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) execution: ExecutionArgs,
}

#[derive(Debug, Args)]
pub(crate) struct HealthArgs {
    /// Not well either if no scheduler is there
    #[arg(long)]
    pub(crate) beat: bool,
    /// A run that has gone on for longer is stuck
    #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = crate::cli::command_line::positive_duration)]
    pub(crate) stuck_after: std::time::Duration,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DbVerb {
    /// Bring the schema up to date; every other verb does so by itself
    #[command(after_help = "\
Examples:
  orchestrate db migrate
  orchestrate db migrate --database-url postgres://orchestrate@db.example/orchestrate")]
    Migrate,
    /// Show which database it is and which steps its schema has
    #[command(after_help = "\
Examples:
  orchestrate db status
  orchestrate db status --format json")]
    Status {
        /// Form of the answer
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Forget old runs, but never a collector's last success or last failure
    #[command(after_help = "\
Examples:
  orchestrate db prune --older-than 90d
  orchestrate db prune --keep 1000 --max-size 20GiB --dry-run")]
    Prune(PruneArgs),
    /// Bring runs from their journals into the database; every start does so for what it lacks
    #[command(after_help = "\
Examples:
  orchestrate db import-journal
  orchestrate db import-journal --all")]
    ImportJournal {
        /// Of every run directory, into a database that is new or was restored
        #[arg(long)]
        all: bool,
    },
}

#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(crate) struct PruneBounds {
    /// Runs that began before then: 90d, 2026-01-01
    #[arg(long, value_name = "WHEN")]
    pub(crate) older_than: Option<When>,
    /// All but the newest so many runs
    #[arg(long, value_name = "N")]
    pub(crate) keep: Option<usize>,
    /// The oldest runs, until logs and journals fit into so much: 20GiB, 500MB
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) max_size: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct PruneArgs {
    #[command(flatten)]
    pub(crate) bounds: PruneBounds,
    /// Only show what would go
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

/// Bytes, as the schedule file writes them.
fn size(text: &str) -> Result<u64, String> {
    crate::config::parse(text).map_err(|error| error.to_string())
}
