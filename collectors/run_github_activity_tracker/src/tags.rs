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
    /// The tag before it, by its ref's name (see [`list`]); `None` for a first one.
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
    /// The names of refs, by what `git describe` may call them: like the ref, or as the object does.
    called: HashMap<String, Vec<String>>,
}

/// The fields of `git for-each-ref` that [`parse`] understands. `*` stands for
/// what an annotated tag points at.
const FIELDS: &str = "--format=%(refname:strip=2)%00%(objectname)%00%(objecttype)%00%(parent)%00\
                      %(*objectname)%00%(*objecttype)%00%(*parent)%00%(creatordate:unix)%00%(tag)";

/// How `git describe` is asked for the tag before a commit. It names an annotated tag as the tag's
/// object does, whatever its ref is called, and then says more than the name even where that is not
/// asked for. In the long form it always says as much: [`described`] reads it.
const DESCRIBE: [&str; 5] = ["describe", "--tags", "--long", "--abbrev=40", "--always"];

/// Lists the tags with the tag before each: the nearest one in its history, as
/// `git describe` finds it; for a tag on a branch of its own, whose history has
/// no other tag, the one made before it. Without the latter, every release of a
/// project that tags on side branches would count the whole history again.
pub(crate) fn list(git: &Git) -> anyhow::Result<Listing> {
    let text = git.text(&["for-each-ref", FIELDS, "refs/tags"])?;
    let (mut listing, with_parents) = parse(&text)?;
    for names in with_parents.chunks(BATCH) {
        let mut arguments = DESCRIBE.map(str::to_owned).to_vec();
        let parent = |name: &String| format!("{}^", listing.tags[name].commit);
        arguments.extend(names.iter().map(parent));
        let found = git.text(&arguments)?;
        for (name, line) in names.iter().zip(found.lines()) {
            let Some(called) = described(line) else { continue };
            let commit = listing.tags[name].commit.clone();
            let Some(previous) = listing.nearest(called, &commit, git)? else {
                continue;
            };
            let previous_commit = listing.tags[&previous].commit.clone();
            if let Some(tag) = listing.tags.get_mut(name) {
                tag.follow(&previous, &previous_commit);
            }
        }
    }
    follow_time(&mut listing, |own, other| is_ancestor(git, own, other))?;
    Ok(listing)
}

fn is_ancestor(git: &Git, own: &str, other: &str) -> anyhow::Result<bool> {
    let answer = git.ask(&["merge-base", "--is-ancestor", own, other])?;
    Ok(answer.status.success())
}

impl Listing {
    /// The tag that `git describe` calls so, in the history of a commit. Where several are called so
    /// (one by its ref, another by its object), it is the nearest one.
    fn nearest(&self, called: &str, commit: &str, git: &Git) -> anyhow::Result<Option<String>> {
        let names = self.called.get(called).map_or(&[][..], Vec::as_slice);
        if let [only] = names {
            return Ok(Some(only.clone()));
        }
        let mut nearest: Option<(u64, &String)> = None;
        for name in names {
            let other = &self.tags[name].commit;
            if other != commit && is_ancestor(git, other, commit)? {
                let range = format!("{other}..{commit}");
                let distance = git.text(&["rev-list", "--count", &range, "--"])?.parse()?;
                nearest = nearest.into_iter().chain([(distance, name)]).min();
            }
        }
        Ok(nearest.map(|(_, name)| name.clone()))
    }
}

/// The tag in an answer to [`DESCRIBE`], which is `name-7-g0123...`; `None` for a bare hash,
/// which stands where no tag comes before. Pure.
fn described(line: &str) -> Option<&str> {
    let (rest, hash) = line.rsplit_once("-g")?;
    let (name, distance) = rest.rsplit_once('-')?;
    let is_hash = hash.len() >= 40 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_hash && distance.bytes().all(|byte| byte.is_ascii_digit())).then_some(name)
}

/// Gives each tag that has none in its history the one made before it. Of tags on one commit none
/// is before the other; and neither is one whose history has this tag's commit: an old commit may
/// be tagged later than a new one. `is_ancestor` says whether a commit is in another's history.
fn follow_time(
    listing: &mut Listing,
    is_ancestor: impl Fn(&str, &str) -> anyhow::Result<bool>,
) -> anyhow::Result<()> {
    let mut in_time: Vec<(i64, String, String)> = listing
        .tags
        .iter()
        .map(|(name, tag)| (tag.seconds, name.clone(), tag.commit.clone()))
        .collect();
    in_time.sort();
    for (at, (_, name, own)) in in_time.iter().enumerate() {
        let Some(tag) = listing.tags.get_mut(name).filter(|tag| tag.previous.is_none()) else {
            continue;
        };
        for (_, before, commit) in in_time[..at].iter().rev() {
            if commit != own && !is_ancestor(own, commit)? {
                tag.follow(before, commit);
                break;
            }
        }
    }
    Ok(())
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
        let &[
            name,
            id,
            kind,
            parent,
            target,
            target_kind,
            target_parent,
            time,
            inner,
        ] = fields.as_slice()
        else {
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
        let inner = Some(inner).filter(|inner| !inner.is_empty() && *inner != name);
        for called in [Some(name), inner].into_iter().flatten() {
            let names = listing.called.entry(called.to_owned()).or_default();
            names.push(name.to_owned());
        }
    }
    Ok((listing, with_parents))
}

impl Tag {
    /// Says which tag comes before it.
    fn follow(&mut self, name: &str, commit: &str) {
        self.previous = Some(name.to_owned());
        self.previous_commit = Some(commit.to_owned());
    }

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
        let text = with_nul(
            "light|aa|commit|pp||||100|\nnoted|tt|tag||bb|commit||86400|inner\ntree|ee|tag||ff|tree||5|tree",
        );
        let (listing, with_parents) = parse(&text).unwrap();
        assert_eq!(listing.others, 1);
        assert_eq!(listing.tags["light"].commit, "aa");
        assert_eq!(listing.tags["noted"].commit, "bb");
        assert_eq!(listing.tags["noted"].date().as_deref(), Some("1970-01-02"));
        assert_eq!(with_parents, ["light"]);
        assert_eq!(listing.called["inner"], ["noted"]);
        assert!(parse(&with_nul("x|y")).is_err());
        assert_eq!(parse("").unwrap().0, Listing::default());
    }

    #[test]
    fn a_tag_on_a_branch_of_its_own_follows_the_one_made_before_it() {
        let text = with_nul("v1|aa|commit|||||100|\nsame|aa|commit|||||150|\nv2|bb|commit|||||200|");
        let previous = |parents: &[(&str, &str)], name: &str| {
            let mut listing = parse(&text).unwrap().0;
            follow_time(&mut listing, |own, other| Ok(parents.contains(&(own, other)))).unwrap();
            listing.tags[name].previous.clone()
        };
        assert_eq!((previous(&[], "v1"), previous(&[], "same")), (None, None));
        assert_eq!(previous(&[], "v2").as_deref(), Some("same"));
        // An old commit, tagged after the new one that follows it.
        assert_eq!(previous(&[("bb", "aa")], "v2"), None);
    }

    #[test]
    fn what_git_describes_is_a_tag_or_a_hash() {
        let hash = "0123456789abcdef0123456789abcdef01234567";
        for (line, tag) in [
            (format!("lib-v1.0-0-g{hash}"), Some("lib-v1.0")),
            (format!("a-3-gabc-12-g{hash}"), Some("a-3-gabc")),
            (
                format!("release/x-g-1-g{hash}{}", &hash[..24]),
                Some("release/x-g"),
            ),
            (hash.to_owned(), None),
            (format!("-g{hash}"), None),
            ("v1".to_owned(), None),
            (String::new(), None),
        ] {
            assert_eq!(described(&line), tag, "{line}");
        }
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
