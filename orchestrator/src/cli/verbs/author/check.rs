//! `check`: everything that would keep a run from going well, found before it does.

use clap::Args;
use serde::Serialize;

use crate::cli::args::format::Format;
use crate::cli::args::global::Global;
use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::output::{print_diagnostics, print_json};
use crate::cli::shell::schedule::{masked, without_secrets};
use crate::cli::shell::settings::CliSettings;
use crate::cli::shell::stderr::print_words;
use crate::cli::verbs::author::check_programs::{ProgramFault, check_collectors, check_messengers};
use crate::cli::verbs::author::check_secrets::{SecretWarning, check_secrets};
use crate::cli::verbs::author::start_up::{self, StartUpFault};
use crate::config::{self, Diagnostic};
use crate::model::Schedule;
use crate::text::make_safe;

/// Check schedule, settings, collectors, state directory and database
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orchestrate check
  orchestrate check --schedule-only --format json")]
pub(crate) struct CheckArgs {
    /// Stop after the schedule file
    #[arg(long)]
    pub(crate) schedule_only: bool,
    /// Form of the list of problems
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

/// A problem as the JSON contract shows it, whether it has a place in a file or not.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Problem {
    InFile(Diagnostic),
    StartUp {
        severity: &'static str,
        code: &'static str,
        file: String,
        line: usize,
        column: usize,
        message: String,
        hint: Option<String>,
    },
}

impl Problem {
    fn start_up(
        severity: &'static str,
        code: &'static str,
        file: String,
        message: String,
        hint: Option<String>,
    ) -> Self {
        Self::StartUp {
            severity,
            code,
            file,
            line: 0,
            column: 0,
            message,
            hint,
        }
    }

    fn is_error(&self) -> bool {
        match self {
            Self::InFile(diagnostic) => diagnostic.severity == config::Severity::Error,
            Self::StartUp { severity, .. } => *severity == "error",
        }
    }
}

/// Finds every problem and tells it.
pub(crate) fn check(global: &Global, args: &CheckArgs) -> Result<VerbExit, Failure> {
    let settings = CliSettings::resolve(global)?;
    let secrets = settings.secrets();
    let (schedule, mut diagnostics) = match config::load_schedule(&settings.schedule_file) {
        Ok(loaded) => {
            let schedule = without_secrets(loaded.value, &secrets);
            (Some(schedule), masked(&loaded.warnings, &secrets))
        }
        Err(error) => (None, masked(error.diagnostics(), &secrets)),
    };
    if settings.file.fallback.is_some() {
        diagnostics.extend(masked(
            &config::warn_of_yaml_11(&settings.schedule_file),
            &secrets,
        ));
    }
    let unset = if args.schedule_only {
        Vec::new()
    } else {
        settings.unset()
    };
    if args.format == Format::Text {
        print_diagnostics(&diagnostics);
        print_diagnostics(&unset);
    }
    let mut problems: Vec<Problem> = diagnostics.into_iter().map(Problem::InFile).collect();
    let schedule_errors = problems.iter().filter(|problem| problem.is_error()).count();
    problems.extend(settings.dotenv_warnings.iter().cloned().map(Problem::InFile));
    let settings_errors = unset.len();
    problems.extend(unset.into_iter().map(Problem::InFile));
    let mut start_up = Vec::new();
    if !args.schedule_only {
        if let Some(schedule) = &schedule {
            let file = settings.schedule_file.display().to_string();
            start_up.extend(wrong_programs(&file, check_collectors(&settings, schedule)));
            start_up.extend(exposed_secrets(&settings, schedule));
        }
        start_up.extend(unset_secrets(&settings, schedule.as_ref()));
        start_up.extend(wrong_programs("notify", check_messengers(&settings)));
        start_up.extend(state_and_database(&settings, schedule.as_ref())?);
    }
    let infrastructure = start_up.iter().any(Problem::is_error);
    match args.format {
        Format::Json => {
            problems.extend(start_up);
            print_json(&problems)?;
        }
        Format::Text => {
            for problem in &start_up {
                print(problem);
            }
            conclude(&settings, schedule.as_ref(), schedule_errors, &start_up);
            if settings_errors > 0 {
                print_words!("settings: {}", count(settings_errors, "error"));
            }
        }
    }
    Ok(match (schedule_errors + settings_errors, infrastructure) {
        (0, false) => VerbExit::Success,
        (0, true) => VerbExit::Infrastructure,
        _ => VerbExit::Usage,
    })
}

fn wrong_programs(file: &str, faults: Vec<ProgramFault>) -> impl Iterator<Item = Problem> {
    faults.into_iter().map(move |fault| {
        Problem::start_up(
            fault.severity,
            fault.code,
            file.to_owned(),
            fault.message,
            fault.hint,
        )
    })
}

fn exposed_secrets(settings: &CliSettings, schedule: &Schedule) -> Vec<Problem> {
    let found = check_secrets(schedule, &settings.secrets()).into_iter();
    found
        .map(|SecretWarning { code, message, hint }| {
            let file = settings.schedule_file.display().to_string();
            Problem::start_up("warning", code, file, message, Some(hint))
        })
        .collect()
}

fn unset_secrets(settings: &CliSettings, schedule: Option<&Schedule>) -> Vec<Problem> {
    let problem = |message: String| {
        let hint = Some("set it, or take it out of `secrets:`".to_owned());
        Problem::start_up(
            "warning",
            "W308-secret-not-set",
            "secrets".to_owned(),
            message,
            hint,
        )
    };
    let unset = settings.unset_secrets(schedule);
    unset.into_iter().map(problem).collect()
}

/// State directory and database, as problems of the first.
fn state_and_database(settings: &CliSettings, schedule: Option<&Schedule>) -> Result<Vec<Problem>, Failure> {
    let faults = start_up::state_and_database(settings, schedule)?.into_iter();
    let problem = |fault: StartUpFault| {
        let file = match fault.of_schedule {
            true => &settings.schedule_file,
            false => &settings.state_dir,
        };
        let file = file.display().to_string();
        Problem::start_up(fault.severity, fault.code, file, fault.message, fault.hint)
    };
    Ok(faults.map(problem).collect())
}

fn print(problem: &Problem) {
    if let Problem::StartUp {
        severity,
        code,
        message,
        hint,
        ..
    } = problem
    {
        print_words!("{severity}[{code}]: {}", make_safe(message));
        if let Some(hint) = hint {
            print_words!("  hint: {}", make_safe(hint));
        }
    }
}

fn conclude(settings: &CliSettings, schedule: Option<&Schedule>, errors: usize, start_up: &[Problem]) {
    let file = settings.schedule_file.display();
    match schedule {
        Some(schedule) if errors == 0 => {
            let tasks = schedule.group_tasks().count();
            let (tasks, groups) = (count(tasks, "task"), count(schedule.groups.len(), "group"));
            print_words!("{file}: {tasks} in {groups}, no error");
        }
        _ => print_words!("{file}: {}", count(errors, "error")),
    }
    let failed = start_up.iter().filter(|problem| problem.is_error()).count();
    if failed > 0 {
        print_words!("start-up: {}", count(failed, "error"));
    }
}

fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
