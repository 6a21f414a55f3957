//! `release mark`: what somebody says about what was found.

use clap::Args;

use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::output::print_text;
use crate::cli::shell::schedule::load;
use crate::cli::shell::settings::CliSettings;
use crate::cli::shell::store::with_store;
use crate::model::{Clock, Handled, ReleaseSource, SystemClock, Task};
use crate::store::KnownRelease;

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
    /// Only for this collector
    #[arg(long, value_name = "COMMAND")]
    pub(crate) command: Option<String>,
}

pub(crate) fn mark(settings: &CliSettings, args: &ReleaseMarkArgs) -> Result<VerbExit, Failure> {
    let schedule = load(settings)?;
    let meant = |task: &&Task| {
        let group = args
            .group
            .as_ref()
            .is_none_or(|group| task.group.as_str() == group);
        let command = args
            .command
            .as_ref()
            .is_none_or(|word| [task.name.as_str(), task.command.as_str()].contains(&word.as_str()));
        group && command
    };
    let tasks: Vec<&Task> = schedule.release_tasks().filter(meant).collect();
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
