//! `release check`: whether there are releases that tasks wait for, and with `--run` those
//! tasks.

use std::fmt::Write;

use clap::Args;
use serde::Serialize;

use crate::cli::args::execution::ExecutionArgs;
use crate::cli::args::format::Format;
use crate::cli::args::global::Global;
use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::output::{print_json, print_text};
use crate::cli::shell::release_check::check_releases;
use crate::cli::shell::schedule::load;
use crate::cli::shell::settings::CliSettings;
use crate::cli::verbs::run::manual_run::ManualRun;
use crate::model::{Clock, Day, GroupName, Query, Release, Selection, SystemClock, plan};
use crate::text::make_safe;

#[derive(Debug, Args)]
pub(crate) struct ReleaseCheckArgs {
    /// Run the tasks that wait for what is new
    #[arg(long)]
    pub(crate) run: bool,
    /// Only this group
    #[arg(long, value_name = "GROUP")]
    pub(crate) group: Option<String>,
    /// With --run: skip what follows the first failure
    #[arg(long, requires = "run")]
    pub(crate) stop_on_failure: bool,
    #[command(flatten)]
    pub(crate) execution: ExecutionArgs,
}

/// The answer of `release check`.
#[derive(Serialize)]
struct Found {
    release: &'static str,
    reason: Option<String>,
    tasks: Vec<Waiting>,
}

/// A task and the releases that it has not dealt with.
#[derive(Serialize)]
struct Waiting {
    group: String,
    name: String,
    command: String,
    releases: Vec<String>,
}

pub(crate) fn check(
    global: &Global,
    settings: &CliSettings,
    args: &ReleaseCheckArgs,
) -> Result<VerbExit, Failure> {
    let schedule = load(settings)?;
    let query = Query {
        selection: Selection::OnRelease,
        groups: args.group.as_deref().map(GroupName::new).into_iter().collect(),
        only: None,
        day: Day::At(SystemClock.now()),
    };
    // What is asked for is judged before anybody is asked anything.
    plan(&schedule, &query, Release::NotChecked).map_err(Failure::usage)?;
    let answer = check_releases(settings, &schedule);
    if let Release::Unknown(reason) = &answer {
        if args.execution.format == Format::Json {
            print_json(&Found {
                release: answer.keyword(),
                reason: Some(reason.clone()),
                tasks: Vec::new(),
            })?;
        }
        return Err(Failure::infrastructure(anyhow::anyhow!(
            "nobody can tell: {reason}"
        )));
    }
    let mut plan = plan(&schedule, &query, answer).map_err(Failure::usage)?;
    plan.set_overlap_by_hand(Some(&schedule), args.execution.overlap);
    if args.run && plan.release == Release::New {
        let job = ManualRun::by_hand(plan, "on_release".to_owned(), args.stop_on_failure);
        return job.run(global, settings, &args.execution);
    }
    let found = Found {
        release: plan.release.keyword(),
        reason: None,
        tasks: plan
            .tasks
            .into_iter()
            .map(|planned| Waiting {
                group: planned.task.group.to_string(),
                name: planned.task.name.to_string(),
                command: planned.task.command.to_string(),
                releases: planned.releases,
            })
            .collect(),
    };
    match args.execution.format {
        Format::Json => print_json(&found)?,
        Format::Text => print_text(&found_words(&found, schedule.release_tasks().next().is_none()))?,
    }
    Ok(VerbExit::Success)
}

fn found_words(found: &Found, nobody_waits: bool) -> String {
    if found.tasks.is_empty() {
        let reason = if nobody_waits {
            "no enabled task of the schedule waits for releases"
        } else {
            "every task has dealt with every release"
        };
        return format!("Nothing new: {reason}.\n");
    }
    let mut text = String::from("New:\n");
    for task in &found.tasks {
        let (name, releases) = (make_safe(&task.name), shortened(&task.releases));
        let _ = writeln!(text, "  {}/{name} waits for {releases}", make_safe(&task.group));
    }
    text
}

/// The newest few of a long list.
fn shortened(releases: &[String]) -> String {
    const SHOWN: usize = 5;
    let newest = &releases[releases.len().saturating_sub(SHOWN)..];
    let newest_words = newest.join(", ");
    let shown = make_safe(&newest_words);
    match releases.len() - newest.len() {
        0 => shown.into_owned(),
        more => format!("{more} older ones, {shown}"),
    }
}
