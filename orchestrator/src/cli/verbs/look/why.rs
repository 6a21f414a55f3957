//! `why`: one paragraph of facts about a collector: its rule, its last slot, what
//! became of it and why, and when it is due next.

use clap::Args;
use jiff::tz::TimeZone;

use crate::cli::args::format::Format;
use crate::cli::args::global::Global;
use crate::cli::args::task_word::tasks_meant;
use crate::cli::shell::database::look::with_look;
use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::output::{output_width, output_zone, print_json, print_text};
use crate::cli::shell::schedule::load;
use crate::cli::shell::settings::CliSettings;
use crate::cli::shell::store::unusable;
use crate::model::{Clock, SystemClock};
use crate::queries;
use crate::queries::why::{WhyAnswer, WhyQuestion};
use crate::text::{make_safe, wrap_words};

/// Say in one paragraph why a collector ran, did not run, or when it will
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orchestrate why run_export
  orchestrate why run_export --group reporting --format json")]
pub(crate) struct WhyArgs {
    /// The task: its name, or its command
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
    let zone = match args.format {
        Format::Json => TimeZone::UTC,
        Format::Text => output_zone(),
    };
    let answers = with_look(&settings, async |look| {
        let tasks = tasks_meant(&look.store, Some(&schedule), &args.command, args.group.as_deref()).await?;
        let asked = WhyQuestion {
            tasks: &tasks,
            now: SystemClock.now(),
            zone: &zone,
        };
        queries::why::why(&look.store, &schedule, &asked)
            .await
            .map_err(unusable)
    })?;
    match args.format {
        Format::Json => print_json(&answers)?,
        Format::Text => {
            let width = output_width();
            let paragraph = |answer: &WhyAnswer| {
                let words = wrap_words(&make_safe(&answer.text), 0, width);
                // A line to copy is not wrapped.
                let command = answer
                    .command_line()
                    .map(|line| format!("  {}\n", make_safe(line)));
                words + &command.unwrap_or_default()
            };
            let paragraphs: Vec<String> = answers.iter().map(paragraph).collect();
            print_text(&paragraphs.join("\n"))?;
        }
    }
    Ok(VerbExit::Success)
}
