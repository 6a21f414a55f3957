//! What is delivered: the state of the repositories of this run, as records.

use std::collections::BTreeMap;

use collector_kit::{Delivery, Record, Recorded};
use serde_json::{Map, Value, json};

use crate::source::short_name;
use crate::state::State;
use crate::tally::Tally;

/// One record per repository and day with a commit; key `<repository> <date>`.
pub(crate) const DAY: &str = "github_activity_day";
/// One record per repository and tag; key `<repository> <tag>`.
pub(crate) const TAG: &str = "github_activity_tag";
/// One record per repository and author; key `<repository> <identity>`.
pub(crate) const AUTHOR: &str = "github_activity_author";
/// One record per repository; key `<repository>`.
pub(crate) const REPOSITORY: &str = "github_activity_repository";

/// Delivers all four collections of these repositories, and says what is gone
/// from them (a rewritten history, a deleted tag). Errors: records cannot be
/// read or handed over.
pub(crate) fn deliver(
    states: &[State],
    recorded: &Recorded,
    delivery: &mut Delivery<'_>,
) -> anyhow::Result<()> {
    for state in states {
        delivery.records([repository(state)])?;
        delivery.records(days(state))?;
        delivery.records(tags(state))?;
        delivery.records(authors(state))?;
    }
    let in_scope = |data: &Map<String, Value>| {
        let id = data.get("repository").and_then(Value::as_str);
        states.iter().any(|state| Some(state.id.as_str()) == id)
    };
    for (collection, name) in [(DAY, "date"), (TAG, "tag"), (AUTHOR, "identity")] {
        delivery.settle(recorded, collection, &["repository", name], in_scope)?;
    }
    Ok(())
}

fn days(state: &State) -> impl Iterator<Item = Record> + '_ {
    state.days.iter().map(|(date, tally)| {
        let mut by_author: Vec<_> = tally.authors.iter().collect();
        by_author.sort_by(|a, b| b.1.commits.cmp(&a.1.commits).then(a.0.cmp(b.0)));
        let by_author: Vec<_> = by_author
            .into_iter()
            .map(|(identity, share)| {
                json!({
                    "identity": identity, "name": share.name, "commits": share.commits,
                    "added": share.added, "removed": share.removed,
                })
            })
            .collect();
        Record::new(
            DAY,
            format!("{} {date}", state.id),
            json!({
                "repository": state.id, "date": date, "commits": tally.commits, "merges": tally.merges,
                "authors": tally.authors.len(), "added": tally.added, "removed": tally.removed,
                "files": tally.files, "by_author": by_author,
            }),
        )
    })
}

fn tags(state: &State) -> impl Iterator<Item = Record> + '_ {
    state.tags.iter().map(|(name, tag)| {
        Record::new(
            TAG,
            format!("{} {name}", state.id),
            json!({
                "repository": state.id, "tag": name, "commit": tag.commit, "date": tag.date(),
                "previous": tag.previous, "commits": tag.commits, "merges": tag.merges,
                "authors": tag.authors, "added": tag.added, "removed": tag.removed, "files": tag.files,
            }),
        )
    })
}

fn authors(state: &State) -> impl Iterator<Item = Record> + '_ {
    #[derive(Default)]
    struct Career<'a> {
        name: &'a str,
        commits: u64,
        added: u64,
        removed: u64,
        first: &'a str,
        last: &'a str,
        days: u64,
    }
    let mut careers: BTreeMap<&str, Career<'_>> = BTreeMap::new();
    // Days come oldest first, so the last one seen has the newest name.
    for (date, tally) in &state.days {
        for (identity, share) in &tally.authors {
            let career = careers.entry(identity).or_default();
            if career.days == 0 {
                career.first = date;
            }
            career.name = &share.name;
            career.last = date;
            career.days += 1;
            career.commits += share.commits;
            career.added += share.added;
            career.removed += share.removed;
        }
    }
    careers.into_iter().map(|(identity, career)| {
        Record::new(
            AUTHOR,
            format!("{} {identity}", state.id),
            json!({
                "repository": state.id, "identity": identity, "name": career.name,
                "commits": career.commits, "added": career.added, "removed": career.removed,
                "days": career.days, "first": career.first, "last": career.last,
            }),
        )
    })
}

fn repository(state: &State) -> Record {
    let total = total(state);
    Record::new(
        REPOSITORY,
        state.id.clone(),
        json!({
            "repository": state.id, "name": short_name(&state.id), "tip": state.tip,
            "complete": state.boundary.is_empty(), "commits": total.commits + state.undated,
            "undated": state.undated, "merges": total.merges, "authors": total.authors.len(),
            "added": total.added, "removed": total.removed, "files": total.files,
            "days": state.days.len(), "tags": state.tags.len(),
            "first": state.days.keys().next(), "last": state.days.keys().next_back(),
        }),
    )
}

/// All days together.
pub(crate) fn total(state: &State) -> Tally {
    state.days.values().fold(Tally::default(), |mut total, tally| {
        total.merge(tally);
        total
    })
}
