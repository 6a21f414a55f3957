//! The command line: clap types, one file per verb, exit codes. The shell around
//! the core: it may import everything, and nobody imports it.

mod args;
mod args_beat;
mod args_check;
mod args_execution;
mod args_global;
mod args_notices;
mod args_operate;
mod args_past;
mod args_records;
mod args_release;
mod args_selection;
mod beat;
mod cancel;
mod check;
mod check_collector;
mod collectors;
mod db;
mod exit;
mod failure;
mod follow;
mod generate;
mod health;
mod history;
mod log_page;
mod log_reader;
mod logging;
mod logs;
mod means;
mod new_collector;
mod next;
mod notices;
mod output;
mod pause;
mod plan;
mod records;
mod records_rows;
mod release;
mod retry;
mod run;
mod schedule;
mod settings;
mod show;
mod statistics;
mod store;
mod summary;
mod undelivered;
mod when;
mod why;
mod why_words;

use clap::{CommandFactory, Parser};

pub use args::Cli;
pub use exit::Exit;

use args::Verb;
use failure::Failure;

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
