//! `check-collector`: whether a collector keeps the contract, by running it in a
//! scratch directory: once to its end, once to see how it takes SIGTERM.

pub(crate) mod finding;
pub(crate) mod scratch;
pub(crate) mod specimen;
pub(crate) mod trial;
pub(crate) mod verdicts;

use std::path::Path;
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
use crate::engine::EndingSignals;
use crate::files::{FileUse, create_new};
use crate::model::{CommandName, StateMode};
use crate::process::{AttemptSpec, ForkServer};

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

/// Once to its end, and once to its end by SIGTERM.
async fn try_twice(
    server: &ForkServer,
    spec: &AttemptSpec,
    events: &Path,
    findings: &mut Vec<Finding>,
) -> Result<(), Failure> {
    let (end, written) = run_whole(server, spec).await?;
    findings.extend(judge_end(&end));
    findings.extend(judge_words(&end, written, events));
    check_sigterm(server, spec, findings).await
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
            let ended_by = runtime()?.block_on(async {
                let mut signals = EndingSignals::new().map_err(Failure::infrastructure)?;
                let server = ForkServer::new();
                let ended = tokio::select! {
                    tried = try_twice(&server, &spec, &events, &mut findings) => tried.map(|()| None),
                    // The collector goes with the attempt, and then the directory.
                    by = signals.next() => Ok(Some(by)),
                };
                server.shutdown().await;
                ended
            })?;
            if let Some(by) = ended_by {
                return Ok(VerbExit::from(by));
            }
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
