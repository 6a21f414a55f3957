//! The words of `release`.

use clap::{Args, Subcommand};

use crate::cli::command_line::{ExecutionArgs, Format};

#[derive(Debug, Subcommand)]
pub(crate) enum ReleaseVerb {
    /// Look for releases now, and say which tasks wait for them
    #[command(after_help = "\
Examples:
  orchestrate release check
  orchestrate release check --run --summary-file summary.json")]
    Check(ReleaseCheckArgs),
    /// List the releases that were ever found, and who has dealt with them
    #[command(after_help = "\
Examples:
  orchestrate release list
  orchestrate release list --format json")]
    List(ReleaseListArgs),
    /// Say that tasks have dealt with a release, or have yet to
    #[command(after_help = "\
Examples:
  orchestrate release mark --all
  orchestrate release mark boost-1.90.0 --command run_on_release_sync --pending")]
    Mark(ReleaseMarkArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ReleaseCheckArgs {
    /// Run the tasks that wait for what is new
    #[arg(long)]
    pub(crate) run: bool,
    /// Only this group
    #[arg(long, value_name = "GROUP")]
    pub(crate) group: Option<String>,
    /// With --run: skip what follows the first failure
    #[arg(long, requires = "run")]
    pub(crate) stop_on_failure: bool,
    #[command(flatten)]
    pub(crate) execution: ExecutionArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ReleaseListArgs {
    /// Form of the answer
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct ReleaseMarkArgs {
    /// The releases
    #[arg(value_name = "TAG", required_unless_present = "all")]
    pub(crate) tags: Vec<String>,
    /// Every release that was ever found
    #[arg(long, conflicts_with = "tags")]
    pub(crate) all: bool,
    /// They have yet to be dealt with
    #[arg(long)]
    pub(crate) pending: bool,
    /// Only for the tasks of this group
    #[arg(long, value_name = "GROUP")]
    pub(crate) group: Option<String>,
    /// Only for this collector
    #[arg(long, value_name = "COMMAND")]
    pub(crate) command: Option<String>,
}
