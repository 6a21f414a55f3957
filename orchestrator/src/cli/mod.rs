//! The command line: clap types, one file per verb, exit codes. The shell around
//! the core: it may import everything, and nobody imports it.

pub(crate) mod args;
pub(crate) mod command_line;
pub(crate) mod completion;
pub(crate) mod overview;
pub(crate) mod project;
pub(crate) mod reference;
pub(crate) mod shell;
pub(crate) mod times;
pub(crate) mod verbs;

use clap::{CommandFactory, Parser};

use crate::cli::args::global::LogFormat;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::output::print_text;
use crate::cli::shell::stderr::{print_words, write_words_as_json};
use crate::text::make_safe;

pub use command_line::Cli;
pub use shell::exit::VerbExit;

/// Runs the verb that the command line names and returns what to exit with.
/// Failures are printed here, once.
pub fn main() -> VerbExit {
    if let Some(exit) = completion::answer::answer_shell() {
        return exit;
    }
    if std::env::args_os().len() <= 1 {
        print_words!("{}", overview::overview(&Cli::command()));
        // A script that lost its verb has not succeeded.
        return VerbExit::Usage;
    }
    let parsed = Cli::try_parse().map_err(|error| refused(&error)).and_then(|cli| {
        cli.global.color.write_global();
        if cli.global.log_format == LogFormat::Json {
            write_words_as_json();
        }
        if enter_project(&cli).map_err(Failure::print)? {
            // Once more: the paths on it are relative to where it was typed.
            return Cli::try_parse().map_err(|error| refused(&error));
        }
        Ok(cli)
    });
    match parsed.map(|cli| cli.run()) {
        Ok(Ok(exit)) | Err(exit) => exit,
        Ok(Err(failure)) => failure.print(),
    }
}

fn refused(error: &clap::Error) -> VerbExit {
    // Help goes to stdout and is no failure; clap knows which is which.
    if error.use_stderr() {
        let _ = error.print();
        return VerbExit::Usage;
    }
    match print_text(&error.render().ansi().to_string()) {
        Ok(()) => VerbExit::Success,
        // It was all that was asked for.
        Err(failure) => failure.print(),
    }
}

/// Goes where the verb works; whether that is above the working directory.
fn enter_project(cli: &Cli) -> Result<bool, Failure> {
    if let Some(directory) = &cli.global.directory {
        project::enter_named(directory)?;
        return Ok(false);
    }
    if !cli.works_in_project() {
        return Ok(false);
    }
    let found = project::enter_above()?;
    if let Some(project) = &found
        && cli.runs_collectors()
    {
        let project = project.display().to_string();
        print_words!(
            "project directory: {}, above the working directory",
            make_safe(&project)
        );
    }
    Ok(found.is_some())
}
