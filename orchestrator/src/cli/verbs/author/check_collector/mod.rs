//! `check-collector`: whether a collector keeps the contract, by running it in a
//! scratch directory: once to its end, once to see how it takes SIGTERM.

pub(crate) mod finding;
pub(crate) mod scratch;
pub(crate) mod specimen;
pub(crate) mod trial;
pub(crate) mod verdicts;

use std::time::Duration;

use clap::Args;

use crate::cli::args::format::Format;
use crate::cli::args::global::Global;
use crate::cli::args::limit::positive_duration;
use crate::cli::shell::collectors::launcher;
use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::output::print_json;
use crate::cli::shell::settings::CliSettings;
use crate::cli::shell::store::runtime;
use crate::cli::verbs::author::check_collector::finding::{Finding, error, ok, print};
use crate::cli::verbs::author::check_collector::scratch::make_scratch_dir;
use crate::cli::verbs::author::check_collector::specimen::{PATIENCE, specify};
use crate::cli::verbs::author::check_collector::trial::{check_sigterm, run_whole};
use crate::cli::verbs::author::check_collector::verdicts::{judge_end, judge_words};
use crate::files::{FileUse, create_new};
use crate::model::{CommandName, StateMode};
use crate::process::ForkServer;

/// Try a collector in a scratch directory: does it keep the contract?
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orchestrate check-collector run_export -- --format csv
  orchestrate check-collector ./my-collector --timeout 10s --format json")]
pub(crate) struct CheckCollectorArgs {
    /// The collector: a name, or a path with a slash
    pub(crate) command: String,
    /// How long it may run [default: 60s]
    #[arg(long, value_name = "DURATION", value_parser = positive_duration)]
    pub(crate) timeout: Option<Duration>,
    /// Form of the findings
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
    /// Its arguments
    #[arg(last = true)]
    pub(crate) args: Vec<String>,
}

/// Runs the checks and prints what they found.
pub(crate) fn check_collector(global: &Global, args: &CheckCollectorArgs) -> Result<VerbExit, Failure> {
    let settings = CliSettings::resolve(global)?;
    let launcher = launcher(&settings);
    let command = CommandName::new(&args.command);
    let mut findings = Vec::new();
    match launcher.resolve(command.as_str()) {
        Err(missing) => {
            let hint = missing.hint.map_or(String::new(), |hint| format!("; {hint}"));
            findings.push(error("executable", format!("{}{hint}", missing.message)));
        }
        Ok(found) => {
            findings.push(ok("executable", found.display()));
            let scratch = make_scratch_dir().map_err(Failure::infrastructure)?;
            let events = scratch.path().join("events.jsonl");
            create_new(&events, FileUse::ReadAndWrite, StateMode::Private)
                .map_err(Failure::infrastructure)?;
            let spec = specify(
                &launcher,
                &command,
                &args.args,
                args.timeout.unwrap_or(PATIENCE),
                scratch.path(),
                &events,
            )?;
            runtime()?.block_on(async {
                let server = ForkServer::new();
                let (end, written) = run_whole(&server, &spec).await?;
                findings.extend(judge_end(&end));
                findings.extend(judge_words(&end, written, &events));
                check_sigterm(&server, &spec, &mut findings).await?;
                server.shutdown().await;
                Ok::<(), Failure>(())
            })?;
        }
    }
    let failed = findings.iter().any(Finding::is_bad);
    match args.format {
        Format::Json => print_json(&findings)?,
        Format::Text => findings.iter().try_for_each(print)?,
    }
    Ok(if failed {
        VerbExit::CollectorFailed
    } else {
        VerbExit::Success
    })
}
