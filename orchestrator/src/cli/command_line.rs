//! What can be said on the command line: the list of verbs, in the order of the help
//! page, and which file each is in. What a verb takes, its help and its meaning are in
//! that file.

use clap::{CommandFactory, Parser, Subcommand};

use crate::cli::args::global::Global;
use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::verbs::author::{check, check_collector, generate, init, new_collector};
use crate::cli::verbs::look::{health, history, logs, next, plan, records, show, status, why, workers};
use crate::cli::verbs::maintain::db;
use crate::cli::verbs::operate::{cancel, notices, pause, release, state, token};
use crate::cli::verbs::run::{beat, retry, run, serve, worker};

/// With the commit and its date, where git told them to the build.
pub(crate) const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), env!("ORCHESTRATE_COMMIT"));

/// Runs external collectors from a YAML timetable and keeps a true record of what ran.
#[derive(Debug, Parser)]
#[command(
    name = "orchestrate",
    version = VERSION,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true
)]
#[command(after_help = "\
Exit codes:
  0    every collector that should have run succeeded, or nothing was due
  1    at least one collector failed, timed out, could not start, was lost, or was held
       back by a run that still went on
  2    usage, schedule or settings error: nothing was started
  3    a start-up check or the infrastructure failed
  129  ended by SIGHUP (the terminal was closed); children are gone, the record says so
  130  interrupted by SIGINT; children are gone, the record says so
  143  ended by SIGTERM; children are gone, the record says so

Examples:
  orchestrate run --schedule daily
  orchestrate run --schedule weekly --day-of-week mon --group github")]
pub struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Run(run::RunArgs),
    RunAll(run::RunAllArgs),
    RunOne(run::RunOneArgs),
    Plan(plan::PlanArgs),
    Next(next::NextArgs),
    Status(status::StatusArgs),
    Check(check::CheckArgs),
    CheckCollector(check_collector::CheckCollectorArgs),
    History(history::HistoryArgs),
    Show(show::ShowArgs),
    Logs(logs::LogsArgs),
    Why(why::WhyArgs),
    Cancel(cancel::CancelArgs),
    Retry(retry::RetryArgs),
    Beat(beat::BeatArgs),
    Serve(serve::ServeArgs),
    Worker(worker::WorkerArgs),
    Workers(workers::WorkersArgs),
    Pause(pause::PauseArgs),
    Resume(pause::ResumeArgs),
    #[command(subcommand)]
    Release(release::ReleaseVerb),
    #[command(subcommand)]
    Records(records::RecordsVerb),
    #[command(subcommand)]
    State(state::StateVerb),
    #[command(subcommand)]
    Token(token::TokenVerb),
    #[command(subcommand)]
    New(new_collector::NewVerb),
    Init(init::InitArgs),
    #[command(subcommand)]
    Notices(notices::NoticesVerb),
    #[command(subcommand)]
    Db(db::DbVerb),
    Health(health::HealthArgs),
    Schema(generate::SchemaArgs),
    Completions(generate::CompletionsArgs),
    /// Print the manual page
    #[command(after_help = "\
Examples:
  orchestrate man | man -l -
  orchestrate man > /usr/local/share/man/man1/orchestrate.1")]
    Man,
}

impl Cli {
    /// Whether the verb is about a project that may lie above the working directory.
    pub(crate) fn works_in_project(&self) -> bool {
        !matches!(
            self.verb,
            Verb::Init(_) | Verb::Schema(_) | Verb::Completions(_) | Verb::Man
        )
    }

    /// Whether it says where it works: what it does there is more than to look.
    pub(crate) fn runs_collectors(&self) -> bool {
        matches!(
            self.verb,
            Verb::Run(_)
                | Verb::RunAll(_)
                | Verb::RunOne(_)
                | Verb::Beat(_)
                | Verb::Serve(_)
                | Verb::Worker(_)
        )
    }

    /// Does what the verb means.
    ///
    /// # Errors
    /// The verb could not do its work.
    pub(crate) fn run(&self) -> Result<VerbExit, Failure> {
        let global = &self.global;
        match &self.verb {
            Verb::Run(args) => run::run(global, args),
            Verb::RunAll(args) => run::run_all(global, args),
            Verb::RunOne(args) => run::run_one(global, args),
            Verb::Plan(args) => plan::plan(global, args),
            Verb::Next(args) => next::next(global, args),
            Verb::Status(args) => status::status(global, args),
            Verb::Check(args) => check::check(global, args),
            Verb::CheckCollector(args) => check_collector::check_collector(global, args),
            Verb::History(args) => history::history(global, args),
            Verb::Show(args) => show::show(global, args),
            Verb::Logs(args) => logs::logs(global, args),
            Verb::Why(args) => why::why(global, args),
            Verb::Cancel(args) => cancel::cancel(global, args),
            Verb::Retry(args) => retry::retry(global, args),
            Verb::Beat(args) => beat::beat(global, args),
            Verb::Serve(args) => serve::serve(global, args),
            Verb::Worker(args) => worker::worker(global, args),
            Verb::Workers(args) => workers::workers(global, args),
            Verb::Pause(args) => pause::pause(global, args),
            Verb::Resume(args) => pause::resume(global, args),
            Verb::Release(verb) => release::release(global, verb),
            Verb::Records(verb) => records::records(global, verb),
            Verb::State(verb) => state::state(global, verb),
            Verb::Token(verb) => token::token(global, verb),
            Verb::Init(args) => init::init(global, args),
            Verb::New(what) => new_collector::new_collector(global, what),
            Verb::Notices(verb) => notices::notices(global, verb),
            Verb::Db(verb) => db::db(global, verb),
            Verb::Health(args) => health::health(global, args),
            Verb::Schema(args) => generate::schema(args),
            Verb::Completions(args) => generate::completions(args, &mut Self::command()),
            Verb::Man => generate::man(&Self::command()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// clap finds most contradictions of a command line only when that very verb is said.
    #[test]
    fn the_command_line_contradicts_itself_nowhere() {
        Cli::command().debug_assert();
    }
}
