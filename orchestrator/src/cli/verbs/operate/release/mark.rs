//! `release mark`: what somebody says about what was found.

use clap::Args;

use crate::cli::args::task_word::ambiguous;
use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::output::print_text;
use crate::cli::shell::schedule::load;
use crate::cli::shell::settings::CliSettings;
use crate::cli::shell::store::with_store;
use crate::model::{Clock, Handled, ReleaseSource, Schedule, SystemClock, Task};
use crate::queries::find_task::{Meant, choose, scheduled_tasks};
use crate::store::{KnownRelease, KnownTask};

#[derive(Debug, Args)]
pub(crate) struct ReleaseMarkArgs {
    /// The releases
    #[arg(value_name = "TAG", required_unless_present = "all")]
    pub(crate) tags: Vec<String>,
    /// Every release that was ever found
    #[arg(long, conflicts_with = "tags")]
    pub(crate) all: bool,
    /// They have yet to be dealt with
    #[arg(long)]
    pub(crate) pending: bool,
    /// Only for the tasks of this group
    #[arg(long, value_name = "GROUP")]
    pub(crate) group: Option<String>,
    /// Only for this task: its name, or its command
    #[arg(long, value_name = "COMMAND")]
    pub(crate) command: Option<String>,
}

pub(crate) fn mark(settings: &CliSettings, args: &ReleaseMarkArgs) -> Result<VerbExit, Failure> {
    let schedule = load(settings)?;
    let tasks = tasks_meant(&schedule, args)?;
    if tasks.is_empty() {
        let error = Failure::usage("no such enabled task waits for releases");
        return Err(error.hint("orchestrate release check shows those that do"));
    }
    let changed = with_store(settings, async |store| {
        let known = store.known_releases().await.map_err(Failure::infrastructure)?;
        let releases = wanted(known, &schedule.release, args)?;
        let mut changed = 0;
        for (KnownRelease { source, tag, .. }, task) in releases
            .iter()
            .flat_map(|release| tasks.iter().map(move |task| (release, task)))
        {
            let what = Handled {
                tag: tag.clone(),
                group: task.group.clone(),
                name: task.name.clone(),
            };
            let news = store
                .mark_release((source, &task.command), &what, !args.pending, SystemClock.now())
                .await;
            changed += usize::from(news.map_err(Failure::infrastructure)?);
        }
        Ok(changed)
    })?;
    let now = if args.pending { "pending" } else { "dealt with" };
    let ending = if changed == 1 { "" } else { "s" };
    print_text(&format!("{changed} mark{ending} changed to {now}.\n"))?;
    Ok(VerbExit::Success)
}

/// The tasks that wait for releases and that are meant; which a word means is what it means
/// everywhere.
fn tasks_meant<'a>(schedule: &'a Schedule, args: &ReleaseMarkArgs) -> Result<Vec<&'a Task>, Failure> {
    let group = args.group.as_deref();
    let named = match &args.command {
        None => None,
        Some(word) => match choose(scheduled_tasks(schedule).collect(), word, group) {
            Meant::Tasks(tasks) => Some(tasks),
            Meant::Ambiguous(tasks) => return Err(ambiguous(word, &tasks)),
            Meant::Unknown(_) => Some(Vec::new()),
        },
    };
    let is_meant = |task: &&Task| {
        let is_named =
            |known: &KnownTask| known.group == task.group.as_str() && known.name == task.name.as_str();
        group.is_none_or(|group| task.group.as_str() == group)
            && named.as_ref().is_none_or(|named| named.iter().any(is_named))
    };
    Ok(schedule.release_tasks().filter(is_meant).collect())
}

/// The releases of the schedule's source that are meant, with those that are noted from
/// before sources were told apart.
fn wanted(
    mut known: Vec<KnownRelease>,
    source: &ReleaseSource,
    args: &ReleaseMarkArgs,
) -> Result<Vec<KnownRelease>, Failure> {
    let source = source.key();
    known.retain(|release| release.source == source || release.source.is_empty());
    if args.all {
        return Ok(known);
    }
    if let Some(strange) = args
        .tags
        .iter()
        .find(|tag| known.iter().all(|release| release.tag != **tag))
    {
        let error = Failure::usage(format!("release {strange:?} was never found"));
        return Err(error.hint("orchestrate release check looks for releases, release list shows them"));
    }
    known.retain(|release| args.tags.contains(&release.tag));
    Ok(known)
}
