//! Which entries somebody asks for: a name finds every place, `limits.memory` one.

use crate::cli::reference::entries;
use crate::cli::reference::entry::{ReferenceEntry, Topic};
use crate::model::nearest;

/// Nothing is called so.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unknown {
    /// What was probably meant.
    pub(crate) nearest: Option<String>,
}

/// The entries that are called so, in one topic or in all; of each only the places that fit.
///
/// # Errors
/// There is none.
pub(crate) fn find(topic: Option<Topic>, key: &str) -> Result<Vec<ReferenceEntry>, Unknown> {
    let topics = Topic::ALL
        .into_iter()
        .filter(|other| topic.is_none_or(|topic| topic == *other));
    let known: Vec<ReferenceEntry> = topics.flat_map(entries).collect();
    let found: Vec<ReferenceEntry> = known.iter().filter_map(|entry| narrow(entry, key)).collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let mut names: Vec<String> = known.iter().map(|entry| entry.name.clone()).collect();
    names.extend(known.iter().flat_map(ends));
    if topic.is_none() {
        names.extend(Topic::WORDS.iter().map(|&word| word.to_owned()));
    }
    let meant = nearest(key, names.iter().map(String::as_str));
    Err(Unknown {
        nearest: meant.map(str::to_owned),
    })
}

/// The entry with the places at which it is called so.
fn narrow(entry: &ReferenceEntry, key: &str) -> Option<ReferenceEntry> {
    let wanted: Vec<&str> = words(key).collect();
    let places: Vec<String> = entry
        .places
        .iter()
        .zip(entry.paths())
        .filter(|(_, path)| {
            let path: Vec<&str> = words(path).collect();
            path.ends_with(&wanted)
        })
        .map(|(place, _)| place.clone())
        .collect();
    (!wanted.is_empty() && !places.is_empty()).then(|| ReferenceEntry {
        places,
        ..entry.clone()
    })
}

/// The words of a dotted name; names of the user's own are left out.
fn words(path: &str) -> impl Iterator<Item = &str> {
    path.split('.').filter(|word| !word.is_empty() && *word != "*")
}

/// The last two words of each path: `limits.memory`.
fn ends(entry: &ReferenceEntry) -> Vec<String> {
    let end = |path: String| {
        let words: Vec<&str> = words(&path).collect();
        words[words.len().saturating_sub(2)..].join(".")
    };
    entry.paths().map(end).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(topic: Option<Topic>, key: &str) -> Vec<String> {
        let found = find(topic, key).unwrap_or_default();
        found
            .iter()
            .flat_map(|entry| {
                entry
                    .places
                    .iter()
                    .map(|place| format!("{}:{place}", entry.topic))
            })
            .collect()
    }

    fn meant(key: &str) -> Option<String> {
        find(None, key).unwrap_err().nearest
    }

    #[test]
    fn a_bare_key_is_found_everywhere_and_a_longer_one_where_it_says() {
        assert_eq!(places(None, "min_records").len(), 4);
        assert_eq!(
            places(None, "tasks.limits.memory"),
            ["schedule:groups.*.tasks.limits"]
        );
        assert_eq!(places(None, "groups.*.overlap"), ["schedule:groups.*"]);
        assert_eq!(places(None, "dead_man.after"), ["settings:dead_man"]);
        assert_eq!(places(Some(Topic::Settings), "command"), ["settings:notify"]);
        assert_eq!(places(None, "record.key"), ["events:record"]);
        assert_eq!(places(None, "75"), ["exit-codes:a collector"]);
        let args = places(None, "args");
        assert_eq!(
            args,
            [
                "schedule:release",
                "schedule:groups.*.tasks",
                "schedule:workflow.commands"
            ]
        );
    }

    #[test]
    fn what_nothing_is_called_is_told_with_the_nearest() {
        assert_eq!(meant("timeuot").as_deref(), Some("timeout"));
        assert_eq!(meant("limit.memory").as_deref(), Some("limits.memory"));
        assert_eq!(meant("shedule").as_deref(), Some("schedule"));
        assert_eq!(meant("setings").as_deref(), Some("settings"));
        assert_eq!((meant(""), meant("...")), (None, None));
        assert_eq!(meant("a".repeat(100_000).as_str()), None);
    }
}
