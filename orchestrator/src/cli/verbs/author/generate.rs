//! `schema`, `completions` and `man`: made from the types that do the work.

use clap::{Args, Command, ValueEnum};
use clap_complete::Shell;

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
pub(crate) fn completions(args: &CompletionsArgs, command: &mut Command) -> Result<VerbExit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, command, "orchestrate", &mut script);
    print_text(&String::from_utf8_lossy(&script))?;
    Ok(VerbExit::Success)
}

/// Prints the manual page, verbs included.
pub(crate) fn man(command: &Command) -> Result<VerbExit, Failure> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone())
        .render(&mut page)
        .map_err(Failure::infrastructure)?;
    for verb in command.get_subcommands().filter(|verb| !verb.is_hide_set()) {
        let name = format!("orchestrate-{}", verb.get_name());
        let verb = verb.clone().name(name.clone()).display_name(name);
        clap_mangen::Man::new(verb)
            .render(&mut page)
            .map_err(Failure::infrastructure)?;
    }
    print_text(&String::from_utf8_lossy(&page))?;
    Ok(VerbExit::Success)
}
