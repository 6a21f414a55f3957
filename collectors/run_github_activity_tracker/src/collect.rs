//! The work itself: for each repository, reads what is new, adds it to what is
//! known, keeps it.

use anyhow::Context;
use collector_kit::{Interrupted, Reporter, Stop, Workspace, grouped, printable};

use crate::arguments::Options;
use crate::history::{Commit, LOG, read_commits};
use crate::repository::Repository;
use crate::source::Source;
use crate::state::{State, Walk};
use crate::summary;
use crate::tags::{self, Tag};
use crate::tally::{self, Tally};

/// Collects from every source. One that fails does not keep the others from
/// being read, and what was read is kept; the first failure is the result, when
/// all are done.
pub(crate) fn all(
    sources: &[Source],
    options: &Options,
    workspace: &Workspace,
    reporter: &Reporter,
    stop: &Stop,
) -> anyhow::Result<Vec<State>> {
    let mut states: Vec<State> = Vec::new();
    let mut failed = Vec::new();
    for source in sources {
        let name = source.name();
        let alone = sources.iter().filter(|other| other.name() == name).count() == 1;
        match one(source, alone, options, workspace, reporter, stop) {
            // The same repository named twice counts once.
            Ok(state) if states.iter().any(|other| other.id == state.id) => {}
            Ok(state) => states.push(state),
            Err(error) if error.downcast_ref::<Interrupted>().is_some() => return Err(error),
            Err(error) => {
                if sources.len() > 1 {
                    reporter.warning(&format!("{}: failed: {error:#}", source.shown()));
                }
                failed.push(error);
            }
        }
    }
    let count = failed.len();
    if states.is_empty() && count > 0 {
        return Err(failed.swap_remove(0));
    }
    match failed.into_iter().next() {
        None => Ok(states),
        Some(first) => Err(first.context(format!("{count} of {} repositories failed", sources.len()))),
    }
}

/// `alone` says whether no other source is called like it.
fn one(
    source: &Source,
    alone: bool,
    options: &Options,
    workspace: &Workspace,
    reporter: &Reporter,
    stop: &Stop,
) -> anyhow::Result<State> {
    let mut repository = Repository::open(source, options, workspace, reporter, stop)?;
    if !alone {
        repository.name.clone_from(&repository.id);
    }
    let mut state = State::load(&repository.id, workspace, reporter)?;
    let walk = if options.full {
        Walk::Everything(state.tip.is_some().then_some("--full was given"))
    } else {
        state.walk(repository.tip.as_deref(), &repository.boundary, |old| {
            is_ancestor(&repository, old)
        })?
    };
    if let Walk::Everything(Some(why)) = walk {
        reporter.line(&format!("{}: reading everything again: {why}", repository.name));
    }
    let new = read_days(&repository, &walk, &mut state, reporter)?;
    let new_tags = read_tags(&repository, &mut state, reporter)?;
    // Only now: a run that ends before this repository is done leaves its state as it was.
    state.save(workspace)?;
    for line in summary::repository(&repository, &state, new, new_tags) {
        reporter.line(&line);
    }
    Ok(state)
}

/// Whether `old` is still part of the history. A commit that is gone altogether
/// is not (git answers 128 then, 1 for a plain no).
fn is_ancestor(repository: &Repository, old: &str) -> anyhow::Result<bool> {
    let Some(tip) = &repository.tip else {
        return Ok(false);
    };
    let answer = repository.git.ask(&["merge-base", "--is-ancestor", old, tip])?;
    Ok(answer.status.success())
}

/// Brings the days up to the tip; gives the number of commits read.
fn read_days(
    repository: &Repository,
    walk: &Walk,
    state: &mut State,
    reporter: &Reporter,
) -> anyhow::Result<u64> {
    if matches!(walk, Walk::Everything(_)) {
        *state = State::new(&repository.id);
    }
    let range = match (walk, &repository.tip) {
        (Walk::Nothing, _) | (_, None) => None,
        (Walk::Since(old), Some(tip)) => Some(format!("{old}..{tip}")),
        (Walk::Everything(_), Some(tip)) => Some(tip.clone()),
    };
    let mut count = 0;
    if let Some(range) = range {
        let mut days = tally::Days::new();
        read_log(repository, &range, |commit| {
            count += 1;
            match tally::utc_date(commit.seconds) {
                Some(date) => days.entry(date).or_default().add(&commit),
                None => state.undated += 1,
            }
            reporter.progress(
                count,
                None,
                &format!("{}: {} commits read", repository.name, grouped(count)),
            );
        })?;
        for (date, tally) in days {
            state.days.entry(date).or_default().merge(&tally);
        }
    }
    state.tip.clone_from(&repository.tip);
    state.boundary.clone_from(&repository.boundary);
    Ok(count)
}

/// Brings the tags up to date; gives the number of those that were counted anew.
fn read_tags(repository: &Repository, state: &mut State, reporter: &Reporter) -> anyhow::Result<u64> {
    let listing = tags::list(&repository.git)?;
    if listing.others > 0 {
        reporter.warning(&format!(
            "{}: {} tags do not stand for a commit and are left out",
            repository.name, listing.others
        ));
    }
    let total = u64::try_from(listing.tags.len())?;
    let mut read = 0;
    let mut known = std::mem::take(&mut state.tags);
    for (at, (name, mut tag)) in (1..).zip(listing.tags) {
        match known.remove(&name) {
            Some(before) if before.same_range(&tag) => {
                tag = Tag {
                    seconds: tag.seconds,
                    previous: tag.previous,
                    ..before
                }
            }
            _ => {
                count_tag(repository, &mut tag).with_context(|| format!("tag {}", printable(&name, 80)))?;
                read += 1;
            }
        }
        state.tags.insert(name, tag);
        reporter.progress(
            at,
            Some(total),
            &format!("{}: tag {at} of {total}", repository.name),
        );
    }
    Ok(read)
}

fn count_tag(repository: &Repository, tag: &mut Tag) -> anyhow::Result<()> {
    let mut tally = Tally::default();
    read_log(repository, &tag.range(), |commit| tally.add(&commit))?;
    tag.commits = tally.commits;
    tag.merges = tally.merges;
    tag.authors = u64::try_from(tally.authors.len())?;
    tag.added = tally.added;
    tag.removed = tally.removed;
    tag.files = tally.files;
    Ok(())
}

/// Streams the commits of a range. At the edge of a shallow clone a commit
/// seems to add every file there is; its lines are not counted.
fn read_log(repository: &Repository, range: &str, mut each: impl FnMut(Commit)) -> anyhow::Result<()> {
    let mut arguments = LOG.to_vec();
    arguments.extend(["--end-of-options", range, "--"]);
    repository.git.stream(&arguments, |log| {
        read_commits(log, |mut commit| {
            if repository.boundary.contains(&commit.id) {
                (commit.added, commit.removed, commit.files) = (0, 0, 0);
            }
            each(commit);
            Ok(())
        })
    })
}
