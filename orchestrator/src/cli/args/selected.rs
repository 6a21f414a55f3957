//! What the words of a selection mean: a plan, or one for each date of a range.

use jiff::civil::Date;

use crate::cli::args::selection::{ReleaseArg, SelectionArgs};
use crate::cli::args::task_word::ambiguous;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::settings::CliSettings;
use crate::model::{
    Clock, DateRange, Day, Details, GroupName, Plan, Query, Release, Schedule, Selection, SystemClock, Task,
    TaskName, awaits_release, plan, select,
};
use crate::queries::find_task::{Meant, choose, scheduled_tasks};
use crate::store::KnownTask;

/// The kinds that have a slot for each date.
const OF_DATES: [&str; 4] = ["daily", "weekly", "monthly", "default"];

/// Who finds out about releases: `check_releases` for who may write, `look_for_releases` for
/// who only looks.
type AskForReleases = fn(&CliSettings, &Schedule) -> Release;

/// Selects what the arguments ask for.
///
/// # Errors
/// They ask for something that cannot be: an unknown group, a wrong day, ...
pub(crate) fn planned(
    settings: &CliSettings,
    schedule: &Schedule,
    args: &SelectionArgs,
    ask: AskForReleases,
) -> Result<Plan, Failure> {
    let answer = args.release.unwrap_or(ReleaseArg::Auto);
    planned_on(schedule, args, args.date, |waits: bool| match answer {
        _ if !waits => Release::NotChecked,
        ReleaseArg::New => Release::New,
        ReleaseArg::None => Release::None,
        ReleaseArg::Auto => ask(settings, schedule),
    })
}

/// A plan for each date of a range, whose tasks settle the slots of their groups.
///
/// # Errors
/// Those of [`planned`], and a kind that has no slot for a date.
pub(crate) fn planned_range(
    settings: &CliSettings,
    schedule: &Schedule,
    args: &SelectionArgs,
    range: DateRange,
    ask: AskForReleases,
) -> Result<Vec<Plan>, Failure> {
    let kind = args.kind()?;
    if !OF_DATES.contains(&kind) {
        // A word that is none is told as such.
        Selection::parse(kind, Details::default()).map_err(Failure::usage)?;
        return Err(Failure::usage(format!(
            "--from and --to belong to --schedule {}, not to --schedule {kind}",
            OF_DATES.join(", ")
        )));
    }
    let mut found = None;
    let mut release = |waits: bool| match args.release {
        _ if !waits => Release::NotChecked,
        Some(ReleaseArg::New) => Release::New,
        None | Some(ReleaseArg::None) => Release::None,
        // One answer for all of them: it is about now.
        Some(ReleaseArg::Auto) => found.get_or_insert_with(|| ask(settings, schedule)).clone(),
    };
    let plan_date = |date| {
        let mut plan = planned_on(schedule, args, Some(date), &mut release)?;
        if !args.again {
            plan.settle_slots();
        }
        Ok(plan)
    };
    range.dates().map(plan_date).collect()
}

fn planned_on(
    schedule: &Schedule,
    args: &SelectionArgs,
    date: Option<Date>,
    release: impl FnOnce(bool) -> Release,
) -> Result<Plan, Failure> {
    let details = Details {
        day_of_week: args.day_of_week.as_deref(),
        day_of_month: args.day_of_month,
        date,
        interval_minutes: args.interval_minutes,
        cron: args.cron.as_deref(),
    };
    let mut query = Query {
        selection: Selection::parse(args.kind()?, details).map_err(Failure::usage)?,
        groups: args.groups.iter().map(GroupName::new).collect(),
        only: None,
        day: date.map_or_else(|| Day::At(SystemClock.now()), Day::Given),
    };
    // Whoever mistypes a group is told of that first.
    select(schedule, &query).map_err(Failure::usage)?;
    query.only = tasks_named(schedule, &query.groups, &args.collectors)?;
    let tasks: Vec<&Task> = select(schedule, &query).map_err(Failure::usage)?;
    let release = release(awaits_release(&tasks));
    let mut plan = plan(schedule, &query, release).map_err(Failure::usage)?;
    if let Some(date) = date {
        plan.set_slots_on(schedule, date);
    }
    Ok(plan)
}

/// The tasks that `--collector` names, by group and name; `None` where nothing is named.
fn tasks_named(
    schedule: &Schedule,
    groups: &[GroupName],
    words: &[String],
) -> Result<Option<Vec<(GroupName, TaskName)>>, Failure> {
    if words.is_empty() {
        return Ok(None);
    }
    let in_groups =
        |task: &KnownTask| groups.is_empty() || groups.iter().any(|group| group.as_str() == task.group);
    let mut named = Vec::new();
    for word in words {
        match choose(scheduled_tasks(schedule).filter(in_groups).collect(), word, None) {
            Meant::Tasks(tasks) => named.extend(
                tasks
                    .into_iter()
                    .map(|task| (GroupName::new(task.group), TaskName::new(task.name))),
            ),
            Meant::Ambiguous(tasks) => return Err(ambiguous(word, &tasks)),
            Meant::Unknown(near) => {
                let place = match groups {
                    [] => "the schedule",
                    _ => "the groups that were named",
                };
                let failure = Failure::usage(format!("there is no collector {word:?} in {place}"));
                return Err(match near {
                    Some(near) => failure.hint(format!("did you mean {near}?")),
                    None => failure.hint("orchestrate next shows what the schedule has"),
                });
            }
        }
    }
    Ok(Some(named))
}

impl SelectionArgs {
    /// The group that a run of it is recorded under, where it is of one.
    pub(crate) fn one_group(&self) -> Option<String> {
        match self.groups.as_slice() {
            [group] => Some(group.clone()),
            _ => None,
        }
    }

    /// The range of dates that was asked for, if one was.
    ///
    /// # Errors
    /// The two dates are no range.
    pub(crate) fn range(&self) -> Result<Option<DateRange>, Failure> {
        let dates = self.from.zip(self.to);
        let range = dates.map(|(from, to)| DateRange::new(from, to)).transpose();
        range.map_err(Failure::usage)
    }

    /// The kind, which only `plan --diff` does without.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn kind(&self) -> Result<&str, Failure> {
        self.schedule.as_deref().ok_or_else(|| {
            Failure::usage("--schedule KIND is missing")
                .hint("KIND is daily, weekly, monthly, interval, on_release, cron or default")
        })
    }
}
