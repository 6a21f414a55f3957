//! What can be said about looking before anything runs: the words of `check` and
//! `check-collector`.

use std::time::Duration;

use clap::Args;

use super::args_execution::positive_duration;
use super::args_global::Format;

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// Stop after the schedule file
    #[arg(long)]
    pub(super) schedule_only: bool,
    /// Form of the list of problems
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

#[derive(Debug, Args)]
pub(super) struct CheckCollectorArgs {
    /// The collector: a name, or a path with a slash
    pub(super) command: String,
    /// How long it may run [default: 60s]
    #[arg(long, value_name = "DURATION", value_parser = positive_duration)]
    pub(super) timeout: Option<Duration>,
    /// Form of the findings
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
    /// Its arguments
    #[arg(last = true)]
    pub(super) args: Vec<String>,
}
