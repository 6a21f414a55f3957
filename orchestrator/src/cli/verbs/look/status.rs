//! `status`: what became of the night.

use std::collections::BTreeSet;

use clap::Args;

use crate::cli::args::format::Format;
use crate::cli::args::global::Global;
use crate::cli::args::moment::MomentArg;
use crate::cli::shell::collectors::{launcher, unusable_collectors};
use crate::cli::shell::database::look::with_look;
use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::output::{output_width, output_zone, print_json, print_text};
use crate::cli::shell::schedule::{masked, without_secrets};
use crate::cli::shell::settings::CliSettings;
use crate::cli::shell::store::unusable;
use crate::cli::verbs::look::status_text::{StatusView, status_text};
use crate::cli::verbs::run::last_good::last_good_schedule;
use crate::config;
use crate::model::{Clock, Schedule, SystemClock, nearest};
use crate::queries;
use crate::queries::status::{StatusAnswer, StatusError, StatusProblem, StatusQuestion};

/// Show what became of the night: what needs a look first, with the command to type next
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orchestrate status --since 18:00
  orchestrate status --attention --exit-code")]
pub(crate) struct StatusArgs {
    /// Slots and runs from then on: 24h, today, yesterday, 18:00, 2026-11-25T04:10:00Z
    /// [default: 24h, of each task its newest]
    #[arg(long, value_name = "WHEN")]
    pub(crate) since: Option<MomentArg>,
    /// Only the tasks of this group; may be repeated
    #[arg(long = "group", value_name = "GROUP")]
    pub(crate) groups: Vec<String>,
    /// Only what needs a look
    #[arg(long)]
    pub(crate) attention: bool,
    /// Exit with 1 if something needs a look
    #[arg(long)]
    pub(crate) exit_code: bool,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

/// Shows the night.
pub(crate) fn status(global: &Global, args: &StatusArgs) -> Result<VerbExit, Failure> {
    let settings = CliSettings::resolve(global)?;
    let (schedule, schedule_problem) = match schedule(&settings) {
        Ok(schedule) => (Some(schedule), None),
        Err(problem) => with_last_good(&settings, problem),
    };
    let unreadable = schedule.is_none();
    if let Some(schedule) = &schedule {
        check_groups(schedule, &args.groups)?;
    }
    let now = SystemClock.now();
    let zone = match args.format {
        Format::Json => jiff::tz::TimeZone::UTC,
        Format::Text => output_zone(),
    };
    let mut problems: Vec<StatusProblem> = schedule_problem.into_iter().collect();
    let schedule_error = problems.first().map(|problem| problem.message.clone());
    problems.extend(
        schedule
            .iter()
            .flat_map(|schedule| missing_collectors(&settings, schedule)),
    );
    problems.extend(settings.unset().iter().map(|unset| StatusProblem {
        code: "variable_not_set",
        message: unset.message.clone(),
        hint: unset.hint.clone(),
    }));
    let asked = StatusQuestion {
        schedule: schedule.as_ref(),
        schedule_error,
        groups: &args.groups,
        since: args.since.map(|when| when.resolve(now)),
        now,
        zone: &zone,
        problems,
    };
    let answer = ask(&settings, &asked)?;
    let answer = if args.attention {
        only_attention(answer)
    } else {
        answer
    };
    match args.format {
        Format::Json => print_json(&answer)?,
        Format::Text => {
            let view = StatusView {
                width: output_width(),
                zone,
                attention_only: args.attention,
            };
            print_text(&status_text(&answer, &view))?;
        }
    }
    Ok(match answer.attention + answer.problems.len() {
        // Nobody knows what should have run.
        _ if unreadable => VerbExit::Usage,
        1.. if args.exit_code => VerbExit::CollectorFailed,
        _ => VerbExit::Success,
    })
}

fn ask(settings: &CliSettings, asked: &StatusQuestion<'_>) -> Result<StatusAnswer, Failure> {
    with_look(settings, async |look| {
        let answer = queries::status::status(&look.store, asked).await;
        answer.map_err(|error| match error {
            StatusError::Store(error) => unusable(error),
            StatusError::Records(error) => Failure::infrastructure(error),
        })
    })
}

/// The timetable, or what is wrong with its file.
fn schedule(settings: &CliSettings) -> Result<Schedule, StatusProblem> {
    let secrets = settings.secrets();
    match config::load_schedule(&settings.schedule_file) {
        Ok(loaded) => Ok(without_secrets(loaded.value, &secrets)),
        Err(error) => {
            let found = masked(error.diagnostics(), &secrets);
            let first = found.first().map_or_else(String::new, ToString::to_string);
            let more = match found.len() {
                0 | 1 => String::new(),
                count => format!(" (and {} more)", count - 1),
            };
            Err(StatusProblem {
                code: "schedule_unusable",
                message: format!("the timetable cannot be read: {first}{more}"),
                hint: Some("orchestrate check --schedule-only".to_owned()),
            })
        }
    }
}

/// The night is judged by what the file last was, if that is known; then it says so.
fn with_last_good(
    settings: &CliSettings,
    mut problem: StatusProblem,
) -> (Option<Schedule>, Option<StatusProblem>) {
    let Some((schedule, good_at)) = last_good_schedule(settings, &settings.secrets()) else {
        return (None, Some(problem));
    };
    problem.message = format!("{}; this is by the schedule of {good_at:.0}", problem.message);
    (Some(schedule), Some(problem))
}

/// A group that is misspelt must not look like one where all is well.
fn check_groups(schedule: &Schedule, groups: &[String]) -> Result<(), Failure> {
    let known: BTreeSet<&str> = schedule.tasks().map(|task| task.group.as_str()).collect();
    match groups.iter().find(|group| !known.contains(group.as_str())) {
        None => Ok(()),
        Some(group) => {
            let failure = Failure::usage(format!("there is no group {group:?} with a task in the schedule"));
            let hint = match nearest(group, known.iter().copied()) {
                Some(near) => format!("did you mean {near}?"),
                None => format!("it has: {}", known.into_iter().collect::<Vec<_>>().join(", ")),
            };
            Err(failure.hint(hint))
        }
    }
}

fn missing_collectors(settings: &CliSettings, schedule: &Schedule) -> Vec<StatusProblem> {
    let problem = |message: String| StatusProblem {
        code: "collector_missing",
        message,
        hint: Some("orchestrate check".to_owned()),
    };
    let unusable = unusable_collectors(&launcher(settings), schedule);
    unusable.into_iter().map(problem).collect()
}

fn only_attention(mut answer: StatusAnswer) -> StatusAnswer {
    answer.tasks.retain(|line| line.attention);
    answer
}
