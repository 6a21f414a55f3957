//! The command line: clap types, one file per verb, exit codes. The shell around
//! the core: it may import everything, and nobody imports it.

pub(crate) mod args;
pub(crate) mod command_line;
pub(crate) mod shell;
pub(crate) mod verbs;

use clap::Parser;

pub use command_line::Cli;
pub use shell::exit::VerbExit;

/// Runs the verb that the command line names and returns what to exit with.
/// Failures are printed here, once.
pub fn main() -> VerbExit {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help goes to stdout and is no failure; clap knows which is which.
            let _ = error.print();
            return if error.use_stderr() {
                VerbExit::Usage
            } else {
                VerbExit::Success
            };
        }
    };
    cli.global.color.write_global();
    match cli.run() {
        Ok(exit) => exit,
        Err(failure) => failure.print(),
    }
}
