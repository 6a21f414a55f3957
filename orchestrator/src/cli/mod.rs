//! The command line: clap types, one file per verb, exit codes. The shell around
//! the core: it may import everything, and nobody imports it.

pub(crate) mod args;
pub(crate) mod command_line;
pub(crate) mod shell;
pub(crate) mod verbs;

use clap::{CommandFactory, Parser};

pub use command_line::Cli;
pub use shell::exit::Exit;

use command_line::Verb;
use shell::failure::Failure;
use verbs::author::{check, check_collector, generate, new_collector};
use verbs::look::{health, history, logs, next, plan, records, show, why};
use verbs::maintain::db;
use verbs::operate::{cancel, notices, pause, release};
use verbs::run::{beat, retry, run};

/// Runs the verb that the command line names and returns what to exit with.
/// Failures are told here, once.
pub fn main() -> Exit {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help goes to stdout and is no failure; clap knows which is which.
            let _ = error.print();
            return if error.use_stderr() {
                Exit::Usage
            } else {
                Exit::Success
            };
        }
    };
    cli.global.color.write_global();
    match dispatch(&cli) {
        Ok(exit) => exit,
        Err(failure) => failure.tell(),
    }
}

fn dispatch(cli: &Cli) -> Result<Exit, Failure> {
    let global = &cli.global;
    match &cli.verb {
        Verb::Run(args) => run::run(global, args),
        Verb::RunAll(args) => run::run_all(global, args),
        Verb::RunOne(args) => run::run_one(global, args),
        Verb::Plan(args) => plan::plan(global, args),
        Verb::Next(args) => next::next(global, args),
        Verb::Check(args) => check::check(global, args),
        Verb::CheckCollector(args) => check_collector::check_collector(global, args),
        Verb::History(args) => history::history(global, args),
        Verb::Show(args) => show::show(global, args),
        Verb::Logs(args) => logs::logs(global, args),
        Verb::Why(args) => why::why(global, args),
        Verb::Cancel(args) => cancel::cancel(global, args),
        Verb::Retry(args) => retry::retry(global, args),
        Verb::Beat(args) => beat::beat(global, args),
        Verb::Serve(args) => beat::serve(global, args),
        Verb::Pause(args) => pause::pause(global, args),
        Verb::Resume(args) => pause::resume(global, args),
        Verb::Release { verb } => release::release(global, verb),
        Verb::Records { verb } => records::records(global, verb),
        Verb::New { what } => new_collector::new_collector(global, what),
        Verb::Notices { verb } => notices::notices(global, verb),
        Verb::Db { verb } => db::db(global, verb),
        Verb::Health(args) => health::health(global, args),
        Verb::Schema => generate::schema(),
        Verb::Completions { shell } => generate::completions(*shell, &mut Cli::command()),
        Verb::Man => generate::man(&Cli::command()),
    }
}
