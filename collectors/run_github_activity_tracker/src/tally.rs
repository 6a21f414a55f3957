//! Adding commits up. Pure; what is counted here is what the records say.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::history::Commit;

/// What some set of commits amounts to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tally {
    /// Commits, merges included.
    pub(crate) commits: u64,
    /// Commits with more than one parent.
    pub(crate) merges: u64,
    /// Lines added, without those of merges.
    pub(crate) added: u64,
    /// Lines removed, without those of merges.
    pub(crate) removed: u64,
    /// File changes: a file changed by two commits counts twice.
    pub(crate) files: u64,
    /// Who did it, by identity (see [`identity`]).
    pub(crate) authors: BTreeMap<String, Share>,
}

/// One author's part in a [`Tally`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Share {
    /// The name, as the newest commit seen writes it.
    pub(crate) name: String,
    /// Their commits.
    pub(crate) commits: u64,
    /// Lines they added.
    pub(crate) added: u64,
    /// Lines they removed.
    pub(crate) removed: u64,
}

impl Tally {
    /// Counts one more commit.
    pub(crate) fn add(&mut self, commit: &Commit) {
        self.commits += 1;
        self.merges += u64::from(commit.parents > 1);
        self.added += commit.added;
        self.removed += commit.removed;
        self.files += commit.files;
        let share = self.authors.entry(identity(commit)).or_default();
        // A log comes newest first.
        if share.name.is_empty() {
            share.name.clone_from(&commit.name);
        }
        share.commits += 1;
        share.added += commit.added;
        share.removed += commit.removed;
    }

    /// Counts everything that `other` counts.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.commits += other.commits;
        self.merges += other.merges;
        self.added += other.added;
        self.removed += other.removed;
        self.files += other.files;
        for (identity, theirs) in &other.authors {
            let share = self.authors.entry(identity.clone()).or_default();
            if !theirs.name.is_empty() {
                share.name.clone_from(&theirs.name);
            }
            share.commits += theirs.commits;
            share.added += theirs.added;
            share.removed += theirs.removed;
        }
    }
}

/// Who an author is: the address in lower case, or the name where there is no address.
pub(crate) fn identity(commit: &Commit) -> String {
    match commit.email.trim() {
        "" => commit.name.clone(),
        email => email.to_lowercase(),
    }
}

/// The days of a history, by date (`2026-11-25`, UTC, of authorship).
pub(crate) type Days = BTreeMap<String, Tally>;

/// The UTC date of an instant in seconds since 1970; `None` for one outside the
/// years -9999 to 9999, which a forged commit may well have.
pub(crate) fn utc_date(seconds: i64) -> Option<String> {
    let instant = Timestamp::from_second(seconds).ok()?;
    Some(TimeZone::UTC.to_datetime(instant).date().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commit(seconds: i64, name: &str, email: &str, parents: usize) -> Commit {
        Commit {
            id: "aa".to_owned(),
            parents,
            seconds,
            name: name.to_owned(),
            email: email.to_owned(),
            added: 5,
            removed: 2,
            files: 1,
        }
    }

    #[test]
    fn authors_are_told_apart_by_address() {
        let mut tally = Tally::default();
        tally.add(&commit(0, "Ann Newer", "Ann@X.org", 1));
        tally.add(&commit(0, "Ann", "ann@x.org", 2));
        tally.add(&commit(0, "Nobody", "", 1));
        assert_eq!(
            (tally.commits, tally.merges, tally.added, tally.removed),
            (3, 1, 15, 6)
        );
        let names: Vec<_> = tally
            .authors
            .iter()
            .map(|(id, share)| (id.as_str(), share.name.as_str()))
            .collect();
        assert_eq!(names, [("Nobody", "Nobody"), ("ann@x.org", "Ann Newer")]);
    }

    #[test]
    fn merging_adds_up_and_takes_the_newer_name() {
        let (mut old, mut new) = (Tally::default(), Tally::default());
        old.add(&commit(0, "Ann", "ann@x", 1));
        new.add(&commit(9, "Ann Newer", "ann@x", 1));
        old.merge(&new);
        assert_eq!((old.commits, old.added, old.authors.len()), (2, 10, 1));
        assert_eq!(old.authors["ann@x"].name, "Ann Newer");
    }

    #[test]
    fn days_are_utc_and_absurd_times_have_none() {
        assert_eq!(utc_date(86_399).as_deref(), Some("1970-01-01"));
        assert_eq!(utc_date(-1).as_deref(), Some("1969-12-31"));
        assert_eq!(utc_date(i64::MAX), None);
    }
}
