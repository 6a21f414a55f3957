//! `pause` and `resume`: whether the scheduler runs a group by itself. Kept in the
//! database, so over restarts, and for schedulers of other machines.

use clap::Args;

use crate::cli::args::global::Global;
use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::output::print_text;
use crate::cli::shell::schedule::{load, schedule_if_usable};
use crate::cli::shell::settings::CliSettings;
use crate::cli::shell::store::{unusable, with_store};
use crate::model::{Clock, GroupName, Query, Selection, SystemClock, WORKFLOW_GROUP, nearest, select};
use crate::store::Store;

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
            groups: vec![GroupName::new(&args.group)],
            only: None,
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
        refuse_unknown(store, &settings, &args.group).await?;
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

/// A name that was mistyped would resume nothing, silently. A group that left the schedule may
/// still be paused.
async fn refuse_unknown(store: &Store, settings: &CliSettings, group: &str) -> Result<(), Failure> {
    let Some(schedule) = schedule_if_usable(settings) else {
        return Ok(());
    };
    let pauses = store.pauses().await.map_err(unusable)?;
    let mut known: Vec<&str> = schedule.groups.iter().map(|group| group.name.as_str()).collect();
    known.extend(pauses.iter().map(|pause| pause.group.as_str()));
    known.push(WORKFLOW_GROUP);
    if known.contains(&group) {
        return Ok(());
    }
    let failure = Failure::usage(format!(
        "there is no group {group:?}, and none of that name was ever paused"
    ));
    Err(match nearest(group, known) {
        Some(near) => failure.hint(format!("did you mean {near}?")),
        None => failure,
    })
}
