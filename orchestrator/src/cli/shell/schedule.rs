//! From the words of a command line to a plan.

use std::path::Path;

use crate::cli::args::selection::ReleaseArg;
use crate::cli::args::selection::SelectionArgs;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::output::{fail_with_diagnostics, print_diagnostics};
use crate::cli::shell::settings::CliSettings;
use crate::config;
use crate::model::{
    Cadence, Clock, CommandName, Day, Details, GroupName, Plan, Policy, Query, Release, Schedule, Selection,
    SystemClock, Task, awaits_release, plan, select,
};

/// Loads the schedule; tells every problem it has.
///
/// # Errors
/// The file cannot be read or has errors. Warnings are told and pass.
pub(crate) fn load(settings: &CliSettings) -> Result<Schedule, Failure> {
    load_file(&settings.schedule_file)
}

/// Loads a schedule that is not the one in force.
///
/// # Errors
/// Those of [`load`].
pub(crate) fn load_file(file: &Path) -> Result<Schedule, Failure> {
    let loaded = config::load_schedule(file).map_err(|error| fail_with_diagnostics(error.diagnostics()))?;
    print_diagnostics(&loaded.warnings);
    Ok(loaded.value)
}

/// Selects what the arguments ask for. Who may write asks for releases with `check_releases`,
/// who only looks with `look_for_releases`.
///
/// # Errors
/// They ask for something that cannot be: an unknown group, a wrong day, ...
pub(crate) fn planned(
    settings: &CliSettings,
    schedule: &Schedule,
    args: &SelectionArgs,
    ask_for_releases: fn(&CliSettings, &Schedule) -> Release,
) -> Result<Plan, Failure> {
    let details = Details {
        day_of_week: args.day_of_week.as_deref(),
        day_of_month: args.day_of_month,
        interval_minutes: args.interval_minutes,
    };
    let selection = Selection::parse(args.kind()?, details).map_err(Failure::usage)?;
    let query = Query {
        selection,
        group: args.group.as_deref().map(GroupName::new),
        day: args.date.map_or_else(|| Day::At(SystemClock.now()), Day::Given),
    };
    let waits = awaits_release(&select(schedule, &query).map_err(Failure::usage)?);
    let release = match args.release {
        _ if !waits => Release::NotChecked,
        ReleaseArg::New => Release::New,
        ReleaseArg::None => Release::None,
        ReleaseArg::Auto => ask_for_releases(settings, schedule),
    };
    plan(schedule, &query, release).map_err(Failure::usage)
}

impl SelectionArgs {
    /// The kind, which only `plan --diff` does without.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn kind(&self) -> Result<&str, Failure> {
        self.schedule.as_deref().ok_or_else(|| {
            Failure::usage("--schedule KIND is missing")
                .hint("KIND is daily, weekly, monthly, interval, on_release or default")
        })
    }
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
    command: &str,
    group: Option<&str>,
    args: &[String],
) -> Result<Plan, Failure> {
    let schedule = if settings.schedule_file.exists() {
        Some(load(settings)?)
    } else {
        None
    };
    let mut known = schedule
        .iter()
        .flat_map(|schedule| schedule.tasks())
        .filter(|task| task.command.as_str() == command);
    let mut task = match group {
        None => known
            .min_by_key(|task| !task.enabled)
            .cloned()
            .unwrap_or_else(|| by_hand(command)),
        Some(group) => {
            let found = known.find(|task| task.group.as_str() == group).cloned();
            found.ok_or_else(|| Failure::usage(format!("group {group:?} has no collector {command:?}")))?
        }
    };
    if !args.is_empty() {
        task.args = args.to_vec();
    }
    let date = Day::At(SystemClock.now()).in_zone(&jiff::tz::TimeZone::UTC);
    // By hand means now, whatever release it waits for.
    Ok(Plan::new("run-one", date, Release::New, &[&task]))
}

/// A collector that no schedule has, as it is run by hand.
pub(crate) fn by_hand(command: &str) -> Task {
    Task {
        group: GroupName::new(BY_HAND),
        command: CommandName::new(command),
        args: Vec::new(),
        cadence: Cadence::Daily,
        enabled: true,
        policy: Policy::default(),
    }
}
