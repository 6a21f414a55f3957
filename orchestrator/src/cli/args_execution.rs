//! What can be said about executing collectors: the words of `run`, `run-all` and
//! `run-one`, and what `retry` shares with them.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::args_global::Format;
use super::args_selection::SelectionArgs;

/// What `run`, `run-all` and `run-one` share.
#[derive(Debug, Args)]
pub(super) struct ExecutionArgs {
    /// Time limit of each collector, instead of the schedule's (30m, 1h 30m)
    #[arg(long, value_name = "DURATION", value_parser = positive_duration)]
    pub(super) timeout: Option<Duration>,
    /// Write a JUnit XML report
    #[arg(long, value_name = "FILE")]
    pub(super) junit: Option<PathBuf>,
    /// Write the summary as JSON
    #[arg(long, value_name = "FILE")]
    pub(super) summary_file: Option<PathBuf>,
    /// Form of what is printed: text, or run events as JSON Lines
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    #[command(flatten)]
    pub(super) selection: SelectionArgs,
    /// Skip what follows the first failure
    #[arg(long)]
    pub(super) stop_on_failure: bool,
    /// Only show what would run
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Accepted for compatibility: the schedule is always strict
    #[arg(long)]
    pub(super) strict: bool,
    #[command(flatten)]
    pub(super) execution: ExecutionArgs,
}

#[derive(Debug, Args)]
pub(super) struct RunAllArgs {
    /// Skip what follows the first failure
    #[arg(long)]
    pub(super) stop_on_failure: bool,
    /// Only show what would run
    #[arg(long)]
    pub(super) dry_run: bool,
    #[command(flatten)]
    pub(super) execution: ExecutionArgs,
}

#[derive(Debug, Args)]
pub(super) struct RunOneArgs {
    /// The collector: a name, or a path with a slash
    pub(super) command: String,
    /// Take its settings from this group, if several have it
    #[arg(long, value_name = "GROUP")]
    pub(super) group: Option<String>,
    #[command(flatten)]
    pub(super) execution: ExecutionArgs,
    /// Its arguments, instead of the schedule's
    #[arg(last = true)]
    pub(super) args: Vec<String>,
}

pub(super) fn positive_duration(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(duration) if duration.is_zero() => Err("a time limit of zero would let nothing run".to_owned()),
        Ok(duration) if duration > Duration::from_secs(366 * 86_400) => Err("at most 366 days".to_owned()),
        Ok(duration) => Ok(duration),
        Err(error) => Err(format!("{error}; write it like 90s, 30m or 1h 30m")),
    }
}
