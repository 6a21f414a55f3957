//! What can be said about executing collectors: the words of `run`, `run-all` and
//! `run-one`, and what `retry` shares with them.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::cli::args::global::Format;
use crate::cli::args::selection::SelectionArgs;

/// What `run`, `run-all` and `run-one` share.
#[derive(Debug, Args)]
pub(crate) struct ExecutionArgs {
    /// Time limit of each collector, instead of the schedule's (30m, 1h 30m)
    #[arg(long, value_name = "DURATION", value_parser = positive_duration)]
    pub(crate) timeout: Option<Duration>,
    /// Write a JUnit XML report
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    /// Write the summary as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) summary_file: Option<PathBuf>,
    /// Form of what is printed: text, or run events as JSON Lines
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) selection: SelectionArgs,
    /// Skip what follows the first failure
    #[arg(long)]
    pub(crate) stop_on_failure: bool,
    /// Only show what would run
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Accepted for compatibility: the schedule is always strict
    #[arg(long)]
    pub(crate) strict: bool,
    #[command(flatten)]
    pub(crate) execution: ExecutionArgs,
}

#[derive(Debug, Args)]
pub(crate) struct RunAllArgs {
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
pub(crate) struct RunOneArgs {
    /// The collector: a name, or a path with a slash
    pub(crate) command: String,
    /// Take its settings from this group, if several have it
    #[arg(long, value_name = "GROUP")]
    pub(crate) group: Option<String>,
    #[command(flatten)]
    pub(crate) execution: ExecutionArgs,
    /// Its arguments, instead of the schedule's
    #[arg(last = true)]
    pub(crate) args: Vec<String>,
}

pub(crate) fn positive_duration(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(duration) if duration.is_zero() => Err("a time limit of zero would let nothing run".to_owned()),
        Ok(duration) if duration > Duration::from_secs(366 * 86_400) => Err("at most 366 days".to_owned()),
        Ok(duration) => Ok(duration),
        Err(error) => Err(format!("{error}; write it like 90s, 30m or 1h 30m")),
    }
}
