//! `schema` and `completions`: made from the types that do the work.

use clap::{Args, ValueEnum};
use clap_complete::Shell;

use crate::cli::completion::script::script;
use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::output::{print_json, print_text};
use crate::config::{name_schema, schedule_schema, settings_schema};
use crate::records::event_schema;

/// Print a completion script for a shell
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orchestrate completions bash > /etc/bash_completion.d/orchestrate
  orchestrate completions fish > ~/.config/fish/completions/orchestrate.fish")]
pub(crate) struct CompletionsArgs {
    /// The one that will read the script
    pub(crate) shell: Shell,
}

/// Print a JSON Schema, for editors and for who writes a collector
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orchestrate schema > schedule.schema.json
  orchestrate schema events | python3 -m json.tool | head")]
pub(crate) struct SchemaArgs {
    /// Of what
    #[arg(value_enum, default_value_t)]
    pub(crate) topic: SchemaTopic,
}

/// What there is a schema of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaTopic {
    /// The schedule file
    #[default]
    Schedule,
    /// The settings file
    Settings,
    /// A line of the file that ORCHESTRATE_EVENTS names
    Events,
}

/// Prints a JSON Schema.
pub(crate) fn schema(args: &SchemaArgs) -> Result<VerbExit, Failure> {
    print_json(&match args.topic {
        SchemaTopic::Schedule => schedule_schema(),
        SchemaTopic::Settings => settings_schema(),
        SchemaTopic::Events => name_schema(
            event_schema(),
            "events",
            "A line of the events file of a collector of orchestrate",
        ),
    })?;
    Ok(VerbExit::Success)
}

/// Prints a completion script.
pub(crate) fn completions(args: &CompletionsArgs) -> Result<VerbExit, Failure> {
    let Some(script) = script(args.shell) else {
        return Err(Failure::usage(format!(
            "there are no completions for {}",
            args.shell
        )));
    };
    print_text(&script)?;
    Ok(VerbExit::Success)
}
