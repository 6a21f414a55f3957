//! The command line with what may stand as the value of each argument.

use clap::Command;
use clap_complete::engine::ArgValueCandidates;

use crate::cli::completion::candidates::Project;
use crate::cli::completion::named::Named;

/// The command line with what every such argument may be.
pub(crate) fn with_candidates(command: Command, project: &Project) -> Command {
    let verbs: Vec<String> = command
        .get_subcommands()
        .map(|verb| verb.get_name().to_owned())
        .collect();
    let mut command = command.mut_args(|arg| match Named::of(&arg) {
        Some(named) => {
            let project = project.clone();
            arg.add(ArgValueCandidates::new(move || project.candidates(named)))
        }
        None => arg,
    });
    for verb in verbs {
        command = command.mut_subcommand(verb, |verb| with_candidates(verb, project));
    }
    command
}
