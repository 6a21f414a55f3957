//! Bare copies of the repositories behind URLs, kept in the workspace, so that
//! later runs fetch only what is new. A copy holds one branch and all tags.

use std::fs;

use anyhow::Context;
use collector_kit::{Reporter, Stop, Workspace};

use crate::arguments::Options;
use crate::git::Git;
use crate::source;

/// The ref that holds the branch that counts.
pub(crate) const TIP: &str = "refs/tracked/tip";

/// Brings the mirror of `url` up to date. The remote's default branch is asked
/// for each time, so a renamed one is followed. An empty remote gives an empty
/// mirror. Errors: as [`crate::classify::failure`] has them, and the workspace
/// cannot be written.
pub(crate) fn update(
    url: &str,
    id: &str,
    options: &Options,
    workspace: &Workspace,
    reporter: &Reporter,
    stop: &Stop,
) -> anyhow::Result<Git> {
    let directory = workspace.path(format!("mirrors/{}.git", source::file_stem(id)));
    let git = Git::with_git_dir(&directory, stop).for_url(url)?;
    if !git.ask(&["rev-parse", "--git-dir"])?.status.success() {
        // Missing, or left half-made by a kill: a mirror holds nothing of its own.
        if directory.exists() {
            reporter.warning(&format!(
                "the mirror of {id} is damaged; fetching all of it again"
            ));
            fs::remove_dir_all(&directory)
                .with_context(|| format!("cannot remove {}", directory.display()))?;
        }
        fs::create_dir_all(&directory).with_context(|| format!("cannot make {}", directory.display()))?;
        git.text(&["init", "--bare", "--quiet"])?;
    }
    reporter.line(&format!("{id}: fetching"));
    if git.text(&["ls-remote", "--", url])?.is_empty() {
        return Ok(git);
    }
    let wanted = options
        .branch
        .as_ref()
        .map_or_else(|| "HEAD".to_owned(), |branch| format!("refs/heads/{branch}"));
    git.text(&[
        "fetch",
        "--quiet",
        "--no-tags",
        "--prune",
        "--no-recurse-submodules",
        "--",
        url,
        &format!("+{wanted}:{TIP}"),
        "+refs/tags/*:refs/tags/*",
    ])?;
    Ok(git)
}
