//! Which tasks a query selects: enabled ones only, in file order of groups and
//! then of tasks, whatever their kind. Called by the shells (`run`, `plan`) and
//! by `plan`; it judges neither releases nor time of day.

use indexmap::IndexSet;
use jiff::civil::Date;

use crate::model::ids::{GroupName, TaskName};
use crate::model::nearest;
use crate::model::schedule::{Cadence, Group, Schedule, Task};
use crate::model::selection::criteria::{Query, Selection};
use crate::model::selection::cron::CronExpression;
use crate::model::timetable::calendar::falls_on;

/// Why a question has no answer. These are usage errors: nothing may start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectError {
    /// The schedule has no group of this name.
    #[error("there is no group {asked:?}{}; {}", did_you_mean(nearest.as_ref()), choices(known))]
    UnknownGroup {
        /// The name that was asked for.
        asked: String,
        /// The groups there are, in file order.
        known: Vec<GroupName>,
        /// The one that was probably meant.
        nearest: Option<GroupName>,
    },
    /// No task has this expression.
    #[error("no task has the cron expression {asked:?}; {}", expressions(known))]
    UnknownCron {
        /// The expression that was asked for.
        asked: String,
        /// Those there are, in file order.
        known: Vec<String>,
    },
    /// The file has no fixed list for `run-all`.
    #[error("the schedule has no workflow; list the commands of run-all under workflow: commands:")]
    NoWorkflow,
    /// The fixed list has nothing to run.
    #[error("the workflow of the schedule is empty; list the commands of run-all under workflow: commands:")]
    EmptyWorkflow,
}

/// The tasks that `query` selects. Those which wait for a release are among them:
/// only the caller knows whether there is one (`Plan::new` applies that).
///
/// # Errors
///
/// [`SelectError::UnknownGroup`] and [`SelectError::UnknownCron`]. A selection that merely matches
/// nothing is an empty list.
pub fn select<'a>(schedule: &'a Schedule, query: &Query) -> Result<Vec<&'a Task>, SelectError> {
    let groups = groups_of(schedule, query)?;
    if let Selection::Cron(Some(wanted)) = &query.selection {
        known_expression(&groups, wanted)?;
    }
    let is_wanted = |task: &Task| {
        let is_it = |(group, name): &(GroupName, TaskName)| *group == task.group && *name == task.name;
        task.enabled && query.only.as_ref().is_none_or(|only| only.iter().any(is_it))
    };
    Ok(groups
        .into_iter()
        .flat_map(|group| {
            let date = query.day.of(group);
            group
                .tasks
                .iter()
                .filter(move |task| is_wanted(task) && matches(&query.selection, &task.cadence, date))
        })
        .collect())
}

/// The enabled tasks of the fixed list, in its order.
///
/// # Errors
///
/// [`SelectError::NoWorkflow`] and [`SelectError::EmptyWorkflow`]: whoever asks
/// for the fixed list expects it to do something.
pub fn workflow(schedule: &Schedule) -> Result<Vec<&Task>, SelectError> {
    let workflow = schedule.workflow.as_ref().ok_or(SelectError::NoWorkflow)?;
    let tasks: Vec<&Task> = workflow.tasks.iter().filter(|task| task.enabled).collect();
    if tasks.is_empty() {
        return Err(SelectError::EmptyWorkflow);
    }
    Ok(tasks)
}

/// The groups that `query` looks at, in file order.
pub(crate) fn groups_of<'a>(schedule: &'a Schedule, query: &Query) -> Result<Vec<&'a Group>, SelectError> {
    let names = || schedule.groups.iter().map(|group| &group.name);
    if let Some(unknown) = query
        .groups
        .iter()
        .find(|asked| !names().any(|name| name == *asked))
    {
        return Err(SelectError::UnknownGroup {
            asked: unknown.as_str().to_owned(),
            nearest: nearest(unknown.as_str(), names().map(GroupName::as_str)).map(GroupName::new),
            known: names().cloned().collect(),
        });
    }
    let is_wanted = |group: &&Group| query.groups.is_empty() || query.groups.contains(&group.name);
    Ok(schedule.groups.iter().filter(is_wanted).collect())
}

/// Whoever names an expression expects it to be there.
fn known_expression(groups: &[&Group], wanted: &CronExpression) -> Result<(), SelectError> {
    let tasks = groups.iter().flat_map(|group| &group.tasks);
    let mut known = IndexSet::new();
    known.extend(tasks.filter_map(|task| match &task.cadence {
        Cadence::Cron(cron) => Some(cron),
        _ => None,
    }));
    if known.contains(wanted) {
        return Ok(());
    }
    Err(SelectError::UnknownCron {
        asked: wanted.to_string(),
        known: known.into_iter().map(ToString::to_string).collect(),
    })
}

fn matches(selection: &Selection, cadence: &Cadence, date: Date) -> bool {
    match (selection, cadence) {
        (Selection::Daily, Cadence::Daily) | (Selection::OnRelease, Cadence::OnRelease) => true,
        (Selection::Weekly(wanted), Cadence::Weekly(written)) => wanted == written,
        (Selection::Monthly(wanted), Cadence::Monthly(written)) => {
            // The day that was asked for, in the month of the date, if that month has it.
            let wanted = date.with().day(wanted.get()).build();
            wanted.is_ok_and(|day| falls_on(&Cadence::Monthly(*written), day))
        }
        (Selection::Interval(wanted), Cadence::Interval(written)) => wanted == written,
        (Selection::Cron(wanted), Cadence::Cron(written)) => {
            wanted.as_ref().is_none_or(|wanted| wanted == written)
        }
        (Selection::Default, cadence) => falls_on(cadence, date),
        _ => false,
    }
}

fn did_you_mean(nearest: Option<&GroupName>) -> String {
    nearest.map_or_else(String::new, |name| format!(" (did you mean \"{name}\"?)"))
}

/// How many names a message lists before it merely counts.
const NAMES_SHOWN: usize = 20;

fn choices(known: &[GroupName]) -> String {
    if known.is_empty() {
        return "the schedule has no groups".to_owned();
    }
    let shown: Vec<&str> = known.iter().take(NAMES_SHOWN).map(GroupName::as_str).collect();
    let shown = shown.join(", ");
    match known.len().saturating_sub(NAMES_SHOWN) {
        0 => format!("the groups are: {shown}"),
        more => format!("the groups are: {shown} and {more} more"),
    }
}

fn expressions(known: &[String]) -> String {
    if known.is_empty() {
        return "there are no tasks with `schedule: cron`".to_owned();
    }
    let shown: Vec<String> = known
        .iter()
        .take(NAMES_SHOWN)
        .map(|known| format!("{known:?}"))
        .collect();
    format!("there are {}", shown.join(", "))
}

#[cfg(test)]
mod tests;
