//! What can be said about looking before anything runs: the words of `check` and
//! `check-collector`.

use std::time::Duration;

use clap::Args;

use crate::cli::args::execution::positive_duration;
use crate::cli::args::global::Format;

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// Stop after the schedule file
    #[arg(long)]
    pub(crate) schedule_only: bool,
    /// Form of the list of problems
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct CheckCollectorArgs {
    /// The collector: a name, or a path with a slash
    pub(crate) command: String,
    /// How long it may run [default: 60s]
    #[arg(long, value_name = "DURATION", value_parser = positive_duration)]
    pub(crate) timeout: Option<Duration>,
    /// Form of the findings
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
    /// Its arguments
    #[arg(last = true)]
    pub(crate) args: Vec<String>,
}
