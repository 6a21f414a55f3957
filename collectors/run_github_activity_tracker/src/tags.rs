//! What each tag brought: the commits between it and the tag before it. Only
//! tags that are new, moved, or have another predecessor than before are read.

use std::collections::{BTreeMap, HashMap};

use anyhow::Context;
use collector_kit::bounded;
use serde::{Deserialize, Serialize};

use crate::git::Git;
use crate::tally;

/// How many tags git is asked about at once: their names must fit one command line.
const BATCH: usize = 500;
/// Longest tag name kept, in characters.
const NAME: usize = 250;

/// A tag and what it brought.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tag {
    /// The commit it stands for.
    pub(crate) commit: String,
    /// When it was made, for an annotated one; else when its commit was. In
    /// seconds since 1970; 0 where it is not known.
    pub(crate) seconds: i64,
    /// The tag before it, by name (see [`list`]); `None` for a first one.
    pub(crate) previous: Option<String>,
    /// The commit of that.
    pub(crate) previous_commit: Option<String>,
    /// Commits since then, merges included.
    pub(crate) commits: u64,
    /// Those with more than one parent.
    pub(crate) merges: u64,
    /// Who made them.
    pub(crate) authors: u64,
    /// Lines added.
    pub(crate) added: u64,
    /// Lines removed.
    pub(crate) removed: u64,
    /// File changes.
    pub(crate) files: u64,
}

/// The tags of a repository as they are now, not counted yet.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Listing {
    /// By name.
    pub(crate) tags: BTreeMap<String, Tag>,
    /// How many do not stand for a commit: they are left out.
    pub(crate) others: u64,
}

/// The fields of `git for-each-ref` that [`parse`] understands. `*` stands for
/// what an annotated tag points at.
const FIELDS: &str = "--format=%(refname:strip=2)%00%(objectname)%00%(objecttype)%00%(parent)%00\
                      %(*objectname)%00%(*objecttype)%00%(*parent)%00%(creatordate:unix)";

/// Lists the tags with the tag before each: the nearest one in its history, as
/// `git describe` finds it; for a tag on a branch of its own, whose history has
/// no other tag, the one made before it. Without the latter, every release of a
/// project that tags on side branches would count the whole history again.
pub(crate) fn list(git: &Git) -> anyhow::Result<Listing> {
    let text = git.text(&["for-each-ref", FIELDS, "refs/tags"])?;
    let (mut listing, with_parents) = parse(&text)?;
    let commits: HashMap<String, String> = listing
        .tags
        .iter()
        .map(|(name, tag)| (name.clone(), tag.commit.clone()))
        .collect();
    for names in with_parents.chunks(BATCH) {
        let mut arguments: Vec<String> = ["describe", "--tags", "--abbrev=0", "--always"]
            .map(str::to_owned)
            .to_vec();
        arguments.extend(names.iter().map(|name| format!("{}^", commits[name])));
        let found = git.text(&arguments)?;
        for (name, previous) in names.iter().zip(found.lines()) {
            // Where no tag comes before, a hash is printed, which is no tag's name.
            if let (Some(tag), Some(commit)) = (listing.tags.get_mut(name), commits.get(previous)) {
                tag.previous = Some(previous.to_owned());
                tag.previous_commit = Some(commit.clone());
            }
        }
    }
    follow_time(&mut listing);
    Ok(listing)
}

/// Gives each tag that has none in its history the one made before it. Of tags
/// on one commit none is before the other. Pure.
fn follow_time(listing: &mut Listing) {
    let mut in_time: Vec<(i64, String, String)> = listing
        .tags
        .iter()
        .map(|(name, tag)| (tag.seconds, name.clone(), tag.commit.clone()))
        .collect();
    in_time.sort();
    for (at, (_, name, commit)) in in_time.iter().enumerate() {
        let Some(tag) = listing.tags.get_mut(name).filter(|tag| tag.previous.is_none()) else {
            continue;
        };
        if let Some((_, name, commit)) = in_time[..at].iter().rev().find(|before| before.2 != *commit) {
            tag.previous = Some(name.clone());
            tag.previous_commit = Some(commit.clone());
        }
    }
}

/// Reads the answer of `git for-each-ref`; also gives the names of the tags
/// whose commit has a parent. Pure.
fn parse(text: &str) -> anyhow::Result<(Listing, Vec<String>)> {
    let mut listing = Listing::default();
    let mut with_parents = Vec::new();
    for line in text.lines() {
        let unreadable = || {
            format!(
                "git lists a tag in a form that cannot be read: {}",
                bounded(line, NAME)
            )
        };
        let fields: Vec<&str> = line.split('\0').collect();
        let &[name, id, kind, parent, target, target_kind, target_parent, time] = fields.as_slice() else {
            anyhow::bail!(unreadable());
        };
        let (commit, parent) = match (kind, target_kind) {
            ("commit", _) => (id, parent),
            ("tag", "commit") => (target, target_parent),
            _ => {
                listing.others += 1;
                continue;
            }
        };
        if !parent.is_empty() {
            with_parents.push(name.to_owned());
        }
        let tag = Tag {
            commit: commit.to_owned(),
            // An annotated tag may be without a date.
            seconds: if time.is_empty() {
                0
            } else {
                time.parse().with_context(unreadable)?
            },
            ..Tag::default()
        };
        listing.tags.insert(name.to_owned(), tag);
    }
    Ok((listing, with_parents))
}

impl Tag {
    /// The UTC date of the tag; `None` where it is not known.
    pub(crate) fn date(&self) -> Option<String> {
        (self.seconds != 0)
            .then(|| tally::utc_date(self.seconds))
            .flatten()
    }

    /// Whether what was counted for `self` also holds for `now`.
    pub(crate) fn same_range(&self, now: &Self) -> bool {
        self.commit == now.commit && self.previous_commit == now.previous_commit
    }

    /// The revisions that `git log` is to walk.
    pub(crate) fn range(&self) -> String {
        match &self.previous_commit {
            Some(previous) => format!("{previous}..{}", self.commit),
            None => self.commit.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bars stand for NUL.
    fn with_nul(text: &str) -> String {
        text.replace('|', "\0")
    }

    #[test]
    fn lightweight_annotated_and_other_tags() {
        let text =
            with_nul("light|aa|commit|pp||||100\nnoted|tt|tag||bb|commit||86400\ntree|ee|tag||ff|tree||5");
        let (listing, with_parents) = parse(&text).unwrap();
        assert_eq!(listing.others, 1);
        assert_eq!(listing.tags["light"].commit, "aa");
        assert_eq!(listing.tags["noted"].commit, "bb");
        assert_eq!(listing.tags["noted"].date().as_deref(), Some("1970-01-02"));
        assert_eq!(with_parents, ["light"]);
        assert!(parse(&with_nul("x|y")).is_err());
        assert_eq!(parse("").unwrap().0, Listing::default());
    }

    #[test]
    fn a_tag_on_a_branch_of_its_own_follows_the_one_made_before_it() {
        let text = with_nul("v1|aa|commit|||||100\nsame|aa|commit|||||150\nv2|bb|commit|||||200");
        let mut listing = parse(&text).unwrap().0;
        follow_time(&mut listing);
        let previous = |name: &str| listing.tags[name].previous.as_deref();
        assert_eq!(
            (previous("v1"), previous("same"), previous("v2")),
            (None, None, Some("same"))
        );
    }

    #[test]
    fn a_moved_tag_or_predecessor_is_another_range() {
        let tag = Tag {
            commit: "bb".into(),
            previous_commit: Some("aa".into()),
            ..Tag::default()
        };
        assert_eq!(tag.range(), "aa..bb");
        assert!(tag.same_range(&tag.clone()));
        let first = Tag {
            previous_commit: None,
            ..tag.clone()
        };
        assert_eq!(first.range(), "bb");
        assert!(!tag.same_range(&first));
    }
}
