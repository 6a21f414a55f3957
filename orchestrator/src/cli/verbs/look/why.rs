//! `why`: one paragraph of facts about a collector: its rule, its last slot, what
//! became of it and why, and when it is due next.

use clap::Args;

use crate::cli::args::format::Format;
use crate::cli::args::global::Global;
use crate::cli::shell::database::look::with_look;
use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::output::{print_json, print_text};
use crate::cli::shell::schedule::load;
use crate::cli::shell::settings::CliSettings;
use crate::cli::shell::store::unusable;
use crate::model::{Clock, Schedule, SystemClock, WORKFLOW_GROUP};
use crate::queries;
use crate::queries::why::WhyQuestion;
use crate::text::make_safe;

/// Say in one paragraph why a collector ran, did not run, or when it will
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orchestrate why run_export
  orchestrate why run_export --group reporting --format json")]
pub(crate) struct WhyArgs {
    /// The collector
    pub(crate) command: String,
    /// Only in this group
    #[arg(long, value_name = "GROUP")]
    pub(crate) group: Option<String>,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

/// Answers for every group that has the collector.
pub(crate) fn why(global: &Global, args: &WhyArgs) -> Result<VerbExit, Failure> {
    let settings = CliSettings::resolve(global)?;
    let schedule = load(&settings)?;
    let asked = WhyQuestion {
        command: &args.command,
        group: args.group.as_deref(),
        now: SystemClock.now(),
    };
    let answers = with_look(&settings, async |look| {
        queries::why::why(&look.store, &schedule, &asked)
            .await
            .map_err(unusable)
    })?;
    if answers.is_empty() {
        return Err(unknown(&schedule, args));
    }
    match args.format {
        Format::Json => print_json(&answers)?,
        Format::Text => {
            let paragraphs: Vec<_> = answers.iter().map(|answer| make_safe(&answer.text)).collect();
            print_text(&format!("{}\n", paragraphs.join("\n\n")))?;
        }
    }
    Ok(VerbExit::Success)
}

/// Nobody knows the name: the nearest that somebody does.
fn unknown(schedule: &Schedule, args: &WhyArgs) -> Failure {
    let mut names: Vec<(usize, &str)> = schedule
        .tasks()
        .map(|task| task.command.as_str())
        .map(|name| (strsim::damerau_levenshtein(&args.command, name), name))
        .collect();
    names.sort_unstable();
    names.dedup();
    let nearest: Vec<&str> = names.iter().take(3).map(|(_, name)| *name).collect();
    let place = match args.group.as_deref() {
        Some(WORKFLOW_GROUP) => "the fixed list".to_owned(),
        Some(group) => format!("group {group:?}"),
        None => "the schedule".to_owned(),
    };
    let failure = Failure::usage(format!(
        "there is no collector {:?} in {place}, and no run of it is recorded",
        args.command
    ));
    if nearest.is_empty() {
        failure
    } else {
        failure.hint(format!("the nearest names are {}", nearest.join(", ")))
    }
}
