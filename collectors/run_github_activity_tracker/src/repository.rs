//! Where the objects of a source are: its own directory, or a mirror of the URL.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::Context;
use collector_kit::{Category, Failure, Reporter, Stop, Workspace};

use crate::arguments::Options;
use crate::git::Git;
use crate::mirror;
use crate::source::{self, Source};

/// A repository that can be read.
#[derive(Debug)]
pub(crate) struct Repository {
    /// Its lasting name: the absolute path, or host and path of the URL.
    pub(crate) id: String,
    /// For people.
    pub(crate) name: String,
    /// Git, with this repository.
    pub(crate) git: Git,
    /// The commit at the head of the history that counts; `None` while there is none.
    pub(crate) tip: Option<String>,
    /// Where a shallow clone's history is cut off: commits whose parents are
    /// not here, so that their changes cannot be known. Empty for a whole one.
    pub(crate) boundary: BTreeSet<String>,
}

impl Repository {
    /// Opens what `source` names; fetches a URL first. Errors: it is no
    /// repository (65), it cannot be reached (69), access is denied (77), git
    /// is missing (78).
    pub(crate) fn open(
        source: &Source,
        options: &Options,
        workspace: &Workspace,
        reporter: &Reporter,
        stop: &Stop,
    ) -> anyhow::Result<Self> {
        let (id, git, head) = match source {
            Source::Path(path) => {
                let git = at_path(path, stop)?;
                let id = place(&git)?;
                let head = options
                    .branch
                    .as_ref()
                    .map_or_else(|| "HEAD".to_owned(), |branch| format!("refs/heads/{branch}"));
                (id, git, head)
            }
            Source::Url(url) => {
                let id = source::remote_id(url);
                let git = mirror::update(url, &id, options, workspace, reporter, stop)?;
                (id, git, mirror::TIP.to_owned())
            }
        };
        let tip = tip(&git, &head)?;
        if let (None, Source::Path(path), Some(branch)) = (&tip, source, &options.branch) {
            // An empty repository has no branch at all, and that is fine.
            if !git.text(&["for-each-ref", "--count=1", "refs/heads"])?.is_empty() {
                let message = format!("{}: there is no branch {branch}", path.display());
                return Err(Failure::new(Category::Validation, message)
                    .hint("`git branch --list` shows the branches there are")
                    .into());
            }
        }
        let boundary = boundary(&git)?;
        Ok(Self {
            name: source::short_name(&id).to_owned(),
            id,
            git: git.without_attributes()?,
            tip,
            boundary,
        })
    }
}

fn at_path(path: &Path, stop: &Stop) -> anyhow::Result<Git> {
    if !path.is_dir() {
        let what = if path.exists() {
            "is not a directory"
        } else {
            "does not exist"
        };
        return Err(
            Failure::new(Category::Validation, format!("{} {what}", path.display()))
                .hint("name a directory inside a repository, a bare repository or a URL with --repository")
                .into(),
        );
    }
    Ok(Git::inside(path, stop))
}

/// The absolute path of the work tree, or of a bare repository itself.
fn place(git: &Git) -> anyhow::Result<String> {
    let bare = git.text(&["rev-parse", "--is-bare-repository", "--is-inside-git-dir"])?;
    let what = if bare.lines().any(|line| line == "true") {
        "--absolute-git-dir"
    } else {
        "--show-toplevel"
    };
    git.text(&["rev-parse", what])
}

fn tip(git: &Git, head: &str) -> anyhow::Result<Option<String>> {
    let commit = format!("{head}^{{commit}}");
    let answer = git.ask(&["rev-parse", "--verify", "--quiet", "--end-of-options", &commit])?;
    // Before git 2.30 the option itself is printed as well.
    let id = answer.text.lines().last().unwrap_or_default().to_owned();
    Ok((answer.status.success() && !id.is_empty()).then_some(id))
}

fn boundary(git: &Git) -> anyhow::Result<BTreeSet<String>> {
    let file = git.text(&["rev-parse", "--path-format=absolute", "--git-path", "shallow"])?;
    match fs::read_to_string(&file) {
        Ok(text) => Ok(text.lines().map(str::to_owned).collect()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(BTreeSet::new()),
        Err(error) => Err(error).with_context(|| format!("cannot read {file}")),
    }
}
