//! `state`: what collectors keep for their next run, seen and mended.

pub(crate) mod change;
pub(crate) mod list;
pub(crate) mod set;
pub(crate) mod show;
pub(crate) mod task;

use clap::Subcommand;

use crate::cli::args::format::Format;
use crate::cli::args::global::Global;
use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::settings::CliSettings;
use crate::cli::verbs::operate::state::set::StateSetArgs;
use crate::cli::verbs::operate::state::show::StateShowArgs;

/// See and mend what collectors keep for their next run
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  orchestrate state list
  orchestrate state show github/run_github_activity_tracker")]
pub(crate) enum StateVerb {
    /// List the tasks that keep something, how much, and as of when
    #[command(after_help = "\
Examples:
  orchestrate state list
  orchestrate state list --format json")]
    List {
        /// Form of the list
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Print what a task keeps, as JSON
    #[command(after_help = "\
Examples:
  orchestrate state show github/run_github_activity_tracker
  orchestrate state show run_github_activity_tracker --format json")]
    Show(StateShowArgs),
    /// Give a task what its next run is to find; not while it runs
    #[command(after_help = "\
Examples:
  orchestrate state set github/run_github_activity_tracker '{\"since\": \"2026-11-01\"}'
  orchestrate state set github/run_github_activity_tracker < state.json")]
    Set(StateSetArgs),
    /// Take away what a task keeps: its next run begins without; not while it runs
    #[command(after_help = "\
Examples:
  orchestrate state clear github/run_github_activity_tracker
  orchestrate state clear run_export")]
    Clear {
        /// The task: GROUP/NAME, a name, or a command that one task has
        #[arg(value_name = "GROUP/COLLECTOR")]
        task: String,
    },
}

/// Does what the word after `state` says.
pub(crate) fn state(global: &Global, verb: &StateVerb) -> Result<VerbExit, Failure> {
    let settings = CliSettings::resolve(global)?;
    match verb {
        StateVerb::List { format } => list::list(&settings, *format),
        StateVerb::Show(args) => show::show(&settings, args),
        StateVerb::Set(args) => set::set(&settings, args),
        StateVerb::Clear { task } => set::clear(&settings, task),
    }
}
