//! The words of `notices`.

use clap::{Args, Subcommand};

use crate::cli::command_line::Format;

#[derive(Debug, Subcommand)]
pub(crate) enum NoticesVerb {
    /// List the newest notices and what became of them
    #[command(after_help = "\
Examples:
  orchestrate notices list
  orchestrate notices list --last 200 --format json")]
    List(NoticesListArgs),
    /// Deliver what waits
    #[command(after_help = "\
Examples:
  orchestrate notices deliver
  orchestrate notices deliver --quiet")]
    Deliver,
    /// Tell every channel something, to see whether it works
    #[command(after_help = "\
Examples:
  orchestrate notices test
  orchestrate notices test --channel \"mail 2\"")]
    Test(NoticesTestArgs),
}

#[derive(Debug, Args)]
pub(crate) struct NoticesListArgs {
    /// How many
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub(crate) last: u32,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct NoticesTestArgs {
    /// Only this one
    #[arg(long, value_name = "NAME")]
    pub(crate) channel: Option<String>,
}
