//! From the words of a command line to a plan.

use super::args::{ReleaseArg, SelectionArgs};
use super::failure::Failure;
use super::output::tell_diagnostics;
use super::settings::Settings;
use crate::config::{self, Severity};
use crate::model::{
    Clock, Day, Details, GroupName, Plan, Query, Release, Schedule, Selection, SystemClock, awaits_release, plan, select,
};

/// Loads the schedule; tells every problem it has.
///
/// # Errors
/// The file cannot be read or has errors. Warnings are told and pass.
pub(super) fn load(settings: &Settings) -> Result<Schedule, Failure> {
    let loaded =
        config::load_schedule(&settings.schedule_file).map_err(|error| tell_diagnostics(&error.diagnostics()))?;
    debug_assert!(loaded.warnings.iter().all(|diagnostic| diagnostic.severity == Severity::Warning));
    if !loaded.warnings.is_empty() {
        // Only said: warnings do not keep anything from running.
        drop(tell_diagnostics(&loaded.warnings));
    }
    Ok(loaded.schedule)
}

/// Selects what the arguments ask for.
///
/// # Errors
/// They ask for something that cannot be: an unknown group, a wrong day, ...
pub(super) fn planned(schedule: &Schedule, args: &SelectionArgs) -> Result<Plan, Failure> {
    let details = Details {
        day_of_week: args.day_of_week.as_deref(),
        day_of_month: args.day_of_month,
        interval_minutes: args.interval_minutes,
    };
    let selection = Selection::parse(&args.schedule, details).map_err(Failure::usage)?;
    let query = Query {
        selection,
        group: args.group.as_deref().map(GroupName::new),
        day: args.date.map_or_else(|| Day::At(SystemClock.now()), Day::Given),
    };
    let waits = awaits_release(&select(schedule, &query).map_err(Failure::usage)?);
    plan(schedule, &query, release(args.release, waits)).map_err(Failure::usage)
}

/// What is known about releases. Looking for one by itself is not built yet, and
/// that is what the answer says.
fn release(argument: ReleaseArg, wanted: bool) -> Release {
    match argument {
        _ if !wanted => Release::NotChecked,
        ReleaseArg::New => Release::New,
        ReleaseArg::None => Release::None,
        ReleaseArg::Auto => Release::Unknown(
            "release detection is not available in this version; say --release new or --release none".to_owned(),
        ),
    }
}
