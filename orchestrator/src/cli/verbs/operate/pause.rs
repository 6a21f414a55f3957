//! `pause` and `resume`: whether the scheduler runs a group by itself. Kept in the
//! database, so over restarts, and for schedulers of other machines.

use clap::Args;

use crate::cli::args::global::Global;
use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::output::print_text;
use crate::cli::shell::schedule::load;
use crate::cli::shell::settings::CliSettings;
use crate::cli::shell::store::{unusable, with_store};
use crate::model::{Clock, GroupName, Query, Selection, SystemClock, WORKFLOW_GROUP, select};

/// Keep the scheduler from running a group
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orchestrate pause github
  orchestrate pause workflow")]
pub(crate) struct PauseArgs {
    /// The group; workflow for the fixed list
    pub(crate) group: String,
}

/// Let the scheduler run a paused group again
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orchestrate resume github
  orchestrate resume workflow")]
pub(crate) struct ResumeArgs {
    /// The group; workflow for the fixed list
    pub(crate) group: String,
}

/// From now on nothing of the group is run by the timetable.
pub(crate) fn pause(global: &Global, args: &PauseArgs) -> Result<VerbExit, Failure> {
    let settings = CliSettings::resolve(global)?;
    let schedule = load(&settings)?;
    if args.group != WORKFLOW_GROUP {
        // A name that was mistyped would pause nothing, silently.
        let query = Query {
            selection: Selection::Daily,
            group: Some(GroupName::new(&args.group)),
            day: crate::model::Day::At(SystemClock.now()),
        };
        select(&schedule, &query).map_err(Failure::usage)?;
    }
    let changed = with_store(&settings, async |store| {
        store
            .pause(&args.group, SystemClock.now())
            .await
            .map_err(unusable)
    })?;
    print_text(&if changed {
        format!(
            "group {} is paused; its slots are skipped until orchestrate resume {}\n",
            args.group, args.group
        )
    } else {
        format!("group {} is paused already\n", args.group)
    })?;
    Ok(VerbExit::Success)
}

/// The group runs again from its next slot on.
pub(crate) fn resume(global: &Global, args: &ResumeArgs) -> Result<VerbExit, Failure> {
    let settings = CliSettings::resolve(global)?;
    let changed = with_store(&settings, async |store| {
        store
            .resume(&args.group, SystemClock.now())
            .await
            .map_err(unusable)
    })?;
    print_text(&if changed {
        format!("group {} runs again from its next slot on\n", args.group)
    } else {
        format!("group {} is not paused\n", args.group)
    })?;
    Ok(VerbExit::Success)
}
