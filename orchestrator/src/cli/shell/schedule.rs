//! The schedule file as verbs have it, and the plan of one collector by hand.

use std::path::Path;

use crate::cli::args::task_word::ambiguous;
use crate::cli::args::typed::typed_command;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::output::{fail_with_diagnostics, print_diagnostics};
use crate::cli::shell::settings::CliSettings;
use crate::config::{self, Diagnostic};
use crate::model::{
    Cadence, Clock, CommandName, Day, GroupName, Overlap, Plan, Policy, Release, Schedule, SystemClock, Task,
    TaskName, escape_argument,
};
use crate::queries::find_task::{Meant, choose, scheduled_tasks};
use crate::rundir::store_secrets;
use crate::text::NamedSecrets;

/// Loads the schedule; tells every problem it has.
///
/// # Errors
/// The file cannot be read or has errors. Warnings are told and pass.
pub(crate) fn load(settings: &CliSettings) -> Result<Schedule, Failure> {
    load_file(settings, &settings.schedule_file)
}

/// The same, for who can do without a file.
///
/// # Errors
/// Those of [`load`], but for a file that is not there.
pub(crate) fn load_if_there(settings: &CliSettings) -> Result<Option<Schedule>, Failure> {
    // One that cannot be looked for is not missing.
    match settings.schedule_file.try_exists() {
        Ok(false) => Ok(None),
        Ok(true) | Err(_) => load(settings).map(Some),
    }
}

/// Loads a schedule that is not the one in force.
///
/// # Errors
/// Those of [`load`].
pub(crate) fn load_file(settings: &CliSettings, file: &Path) -> Result<Schedule, Failure> {
    let secrets = settings.secrets();
    let loaded = config::load_schedule(file)
        .map_err(|error| fail_with_diagnostics(&masked(error.diagnostics(), &secrets)))?;
    print_diagnostics(&masked(&loaded.warnings, &secrets));
    Ok(without_secrets(loaded.value, &secrets))
}

/// What is said of the file, without the values of secrets that stand in it.
pub(crate) fn masked(diagnostics: &[Diagnostic], secrets: &NamedSecrets) -> Vec<Diagnostic> {
    let mask = |diagnostic: &Diagnostic| diagnostic.clone().masked(|text| secrets.masked(text));
    diagnostics.iter().map(mask).collect()
}

/// The schedule with placeholders where the values of secrets stood: what is shown, stored or
/// compared of it has none. Whoever starts an attempt puts the values in.
pub(crate) fn without_secrets(mut schedule: Schedule, secrets: &NamedSecrets) -> Schedule {
    let fixed = schedule
        .workflow
        .iter_mut()
        .flat_map(|workflow| &mut workflow.tasks);
    let grouped = schedule.groups.iter_mut().flat_map(|group| &mut group.tasks);
    for task in grouped.chain(fixed) {
        store_secrets(task, secrets);
    }
    schedule
}

/// The schedule where it can be used, without a word where it cannot: for verbs that need
/// only the names of its tasks.
pub(crate) fn schedule_if_usable(settings: &CliSettings) -> Option<Schedule> {
    let loaded = config::load_schedule(&settings.schedule_file).ok()?;
    Some(without_secrets(loaded.value, &settings.secrets()))
}

/// The group that a collector has which is run by hand and not in the schedule.
const BY_HAND: &str = "by-hand";

/// A plan of one collector, with the settings that the schedule has for it. A
/// collector that is not in the schedule, or a missing schedule, is no error.
///
/// # Errors
/// The schedule is wrong, or the named group does not have the collector.
pub(crate) fn planned_one(
    settings: &CliSettings,
    word: &str,
    group: Option<&str>,
    (args, overlap): (&[String], Option<Overlap>),
) -> Result<Plan, Failure> {
    if word.trim().is_empty() {
        return Err(Failure::usage("the name of a collector is missing: it is empty")
            .hint("orchestrate run-one NAME, or a path with a slash"));
    }
    let schedule = load_if_there(settings)?;
    let mut task = match &schedule {
        Some(schedule) => known_task(schedule, word, group)?,
        None => None,
    }
    .unwrap_or_else(|| by_hand(&typed_command(word)));
    if !args.is_empty() {
        let secrets = settings.secrets().within(&task.policy.env);
        // What is typed is meant as it is.
        task.args = args
            .iter()
            .map(|arg| escape_argument(&secrets.store(arg)))
            .collect();
    }
    let date = Day::At(SystemClock.now()).in_zone(&jiff::tz::TimeZone::UTC);
    // By hand means now, whatever release it waits for.
    let mut plan = Plan::new("run-one", date, Release::New, &[&task]);
    plan.set_overlap_of_tasks(schedule.as_ref(), overlap);
    Ok(plan)
}

/// The task of the schedule that a word means; the first enabled one where several groups
/// have it. `None` if it has none.
fn known_task(schedule: &Schedule, word: &str, group: Option<&str>) -> Result<Option<Task>, Failure> {
    match (choose(scheduled_tasks(schedule).collect(), word, group), group) {
        (Meant::Tasks(meant), _) => {
            let is_meant = |task: &&Task| {
                let mut meant = meant.iter();
                meant.any(|known| known.group == task.group.as_str() && known.name == task.name.as_str())
            };
            let first = schedule.tasks().filter(is_meant).min_by_key(|task| !task.enabled);
            Ok(first.cloned())
        }
        (Meant::Ambiguous(tasks), _) => Err(ambiguous(word, &tasks)),
        (Meant::Unknown(_), Some(group)) => Err(Failure::usage(format!(
            "group {group:?} has no collector {word:?}"
        ))),
        (Meant::Unknown(_), None) => Ok(None),
    }
}

/// A collector that no schedule has, as it is run by hand.
pub(crate) fn by_hand(command: &str) -> Task {
    Task {
        group: GroupName::new(BY_HAND),
        name: TaskName::new(command),
        command: CommandName::new(command),
        args: Vec::new(),
        cadence: Cadence::Daily,
        enabled: true,
        policy: Policy::default(),
    }
}
