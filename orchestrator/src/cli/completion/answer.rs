//! The answer to a shell that asks what may come next.

use std::path::PathBuf;
use std::sync::Arc;

use clap::{CommandFactory, FromArgMatches};
use clap_complete::CompleteEnv;

use crate::cli::args::global::Global;
use crate::cli::command_line::Cli;
use crate::cli::completion::candidates::Project;
use crate::cli::completion::script::{PROGRAM, VARIABLE};
use crate::cli::completion::values::with_candidates;
use crate::cli::project;
use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::settings::CliSettings;
use crate::cli::shell::stderr::write_no_words;

/// Answers, if it is a shell that asks. What goes wrong is not said: it would be written over the
/// line that somebody types.
pub(crate) fn answer_shell() -> Option<VerbExit> {
    std::env::var_os(VARIABLE).filter(|shell| !shell.is_empty())?;
    write_no_words();
    // Paths are completed where they are typed.
    let typed_in: Option<PathBuf> = std::env::current_dir().ok();
    let project = Project(settings().map(Arc::new));
    let answered = CompleteEnv::with_factory(|| with_candidates(Cli::command(), &project))
        .var(VARIABLE)
        .bin(PROGRAM)
        .completer(PROGRAM)
        .try_complete(std::env::args_os(), typed_in.as_deref());
    Some(match answered {
        Ok(_) => VerbExit::Success,
        Err(_) => VerbExit::Usage,
    })
}

/// The settings of the project that the unfinished line is about.
fn settings() -> Option<CliSettings> {
    match global()?.directory {
        Some(directory) => project::enter_named(&directory).ok()?,
        None => drop(project::enter_above().ok()?),
    }
    // Once more: paths are relative to where they were typed.
    CliSettings::resolve(&global()?).ok()
}

/// What the words before the cursor say for every verb. They are no whole command line yet.
fn global() -> Option<Global> {
    let words = std::env::args_os().skip_while(|word| word != "--").skip(1);
    let matches = Cli::command().ignore_errors(true).try_get_matches_from(words);
    Global::from_arg_matches(&matches.ok()?).ok()
}
