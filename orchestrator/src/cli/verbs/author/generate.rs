//! `schema`, `completions` and `man`: made from the types that do the work.

use clap::Args;
use clap::Command;
use clap_complete::Shell;

use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::output::{print_json, print_text};
use crate::config::schedule_schema;

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

/// Prints the JSON Schema of the schedule file.
pub(crate) fn schema() -> Result<VerbExit, Failure> {
    print_json(&schedule_schema())?;
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
