//! `release`: detection by hand, and what has been done about what was found.

pub(crate) mod check;
pub(crate) mod list;
pub(crate) mod mark;

use clap::Subcommand;

use crate::cli::args::global::Global;
use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::settings::CliSettings;
use crate::cli::verbs::operate::release::check::ReleaseCheckArgs;
use crate::cli::verbs::operate::release::list::ReleaseListArgs;
use crate::cli::verbs::operate::release::mark::ReleaseMarkArgs;

/// Look for releases by hand
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  orchestrate release check --run
  orchestrate release mark boost-1.90.0")]
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

/// Does what the word after `release` says.
pub(crate) fn release(global: &Global, verb: &ReleaseVerb) -> Result<VerbExit, Failure> {
    let settings = CliSettings::resolve(global)?;
    match verb {
        ReleaseVerb::Check(args) => check::check(global, &settings, args),
        ReleaseVerb::List(args) => list::list(&settings, args),
        ReleaseVerb::Mark(args) => mark::mark(&settings, args),
    }
}
