//! What a past run ran, as a plan: with the settings of today and the arguments of then. Pure;
//! `retry` and the desk of `serve` execute it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::cli::shell::schedule::by_hand;
use crate::events::TaskSummary;
use crate::model::{
    Cadence, Day, GroupName, Plan, Release, ReleaseSource, Releases, Schedule, Task, TaskName,
    escape_argument,
};
use crate::store::{NotedReleases, TaskState};
use crate::text::NamedSecrets;

/// The plan for these tasks of a past run; `noted` is what is known of the releases of the
/// schedule's source.
pub(crate) fn plan_again(
    schedule: Option<&Schedule>,
    states: &[&TaskState],
    (noted, now): (&NotedReleases, Timestamp),
    secrets: &NamedSecrets,
) -> Plan {
    let tasks: Vec<Task> = states
        .iter()
        .map(|state| task(schedule, state, secrets))
        .collect();
    let today = Day::At(now).in_zone(&TimeZone::UTC);
    // By hand means now, whether it still waits for a release or not.
    let mut plan = Plan::new("retry", today, Release::New, &tasks.iter().collect::<Vec<_>>());
    if let Some(schedule) = schedule {
        let known = known_releases(&schedule.release, noted);
        for planned in &mut plan.tasks {
            if planned.task.cadence == Cadence::OnRelease {
                planned.releases = known.pending(&planned.task.group, &planned.task.name);
                planned.release_source = Some(known.source.clone());
            }
        }
    }
    plan
}

/// What is noted of the releases of a source, as plans have it.
pub(crate) fn known_releases(source: &ReleaseSource, noted: &NotedReleases) -> Releases {
    Releases {
        source: source.key(),
        found: source.releases(noted.tags.iter().map(String::as_str)),
        handled: noted.handled.clone(),
    }
}

/// The task as the schedule has it now, with the arguments it had then. One that left the
/// timetable, or whose name means another command now, is run as if by hand.
fn task(schedule: Option<&Schedule>, state: &TaskState, secrets: &NamedSecrets) -> Task {
    let summary = &state.summary;
    let mut tasks = schedule.into_iter().flat_map(Schedule::tasks);
    let found = tasks.find(|task| {
        task.group.as_str() == summary.group
            && task.name.as_str() == summary.name
            && task.command.as_str() == summary.command
    });
    let mut task = found.cloned().unwrap_or_else(|| by_hand(&summary.command));
    task.group = GroupName::new(&summary.group);
    task.name = TaskName::new(&summary.name);
    // Secrets in them are today's: the record has only their names.
    task.args = args_then(summary, &task.policy.env, secrets);
    task
}

/// What an older program recorded may have values of secrets in it.
fn args_then(summary: &TaskSummary, env: &BTreeMap<String, String>, secrets: &NamedSecrets) -> Vec<String> {
    let known = secrets.within(env);
    // What was put in then is not put in again.
    let then = |arg: &String| escape_argument(&known.hide(arg));
    summary.args.iter().map(then).collect()
}
