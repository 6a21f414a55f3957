//! The words of the scheduler's verbs.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;

use crate::cli::command_line::positive_duration;

/// What `beat` and `serve` share.
#[derive(Debug, Args)]
pub(crate) struct BeatArgs {
    /// How many runs may go on at a time; those of one entry follow each other anyway
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) concurrency: u16,
    /// After SIGTERM, how long runs may go on before they are cancelled
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = positive_duration)]
    pub(crate) drain_timeout: Duration,
}

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    pub(crate) beat: BeatArgs,
    /// Where to answer HTTP: a loopback address
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,
    /// Answer no HTTP
    #[arg(long, conflicts_with = "listen")]
    pub(crate) no_web: bool,
}

/// `pause` and `resume`.
#[derive(Debug, Args)]
pub(crate) struct PauseArgs {
    /// The group; workflow for the fixed list
    pub(crate) group: String,
}
