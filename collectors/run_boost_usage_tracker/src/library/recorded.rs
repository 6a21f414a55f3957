//! The libraries as `run_boost_library_tracker` recorded them: each names the
//! headers that are its alone, as prefixes, of which the longest counts.

use std::collections::HashMap;

use collector_kit::{Recorded, bounded};
use serde_json::{Map, Value};

use super::rules;

/// What the library tracker delivers, one record per library.
const COLLECTION: &str = "boost_library";
/// Longest name of a library kept, in characters.
const NAME: usize = 200;

/// Headers to libraries.
#[derive(Debug, Default)]
pub(crate) struct Libraries {
    // A directory without its slash at the end, or a header.
    owners: HashMap<String, String>,
    /// How many libraries are recorded; 0 where only the rules are known.
    pub(crate) recorded: usize,
}

impl Libraries {
    /// What is recorded. Errors: the orchestrator cannot tell.
    pub(crate) fn load(recorded: &Recorded) -> anyhow::Result<Self> {
        let mut records = Vec::new();
        recorded.read(COLLECTION, |key, data| records.push((bounded(&key, NAME), data)))?;
        Ok(Self::from_records(records))
    }

    /// From key and data of the records. Pure.
    fn from_records(mut records: Vec<(String, Map<String, Value>)>) -> Self {
        // Last wins: a header that moved belongs to the library that has it now.
        records.sort_by_key(|(_, data)| data.get("current") == Some(&Value::Bool(true)));
        let mut libraries = Self {
            recorded: records.len(),
            ..Self::default()
        };
        for (library, data) in records {
            let headers = data.get("headers").and_then(Value::as_array);
            for header in headers.into_iter().flatten().filter_map(Value::as_str) {
                let owned = header.trim_end_matches('/').to_owned();
                libraries.owners.insert(owned, library.clone());
            }
        }
        libraries
    }

    /// The library of a header `boost/...`: by the header itself, then its
    /// directories, the nearest first, then the rules; [`rules::UNKNOWN`] where
    /// none of them knows.
    pub(crate) fn of(&self, header: &str) -> &str {
        let mut place = header;
        loop {
            if let Some(library) = self.owners.get(place) {
                return library;
            }
            match place.rsplit_once('/') {
                Some((parent, _)) => place = parent,
                None => return rules::of(header),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn libraries(records: &[(&str, Value)]) -> Libraries {
        let records = records.iter().map(|(key, data)| {
            let Value::Object(data) = data.clone() else {
                panic!("not an object")
            };
            ((*key).to_owned(), data)
        });
        Libraries::from_records(records.collect())
    }

    #[test]
    fn the_longest_prefix_counts_then_the_rules() {
        let libraries = libraries(&[
            (
                "algorithm",
                json!({"headers": ["boost/algorithm/"], "current": true}),
            ),
            (
                "algorithm/string",
                json!({"headers": ["boost/algorithm/string/", "boost/algorithm/string.hpp"], "current": true}),
            ),
        ]);
        assert_eq!(libraries.of("boost/algorithm/clamp.hpp"), "algorithm");
        assert_eq!(
            libraries.of("boost/algorithm/string/trim.hpp"),
            "algorithm/string"
        );
        assert_eq!(libraries.of("boost/algorithm/string.hpp"), "algorithm/string");
        assert_eq!(libraries.of("boost/algorithm/string_regex.hpp"), "algorithm");
        assert_eq!(libraries.of("boost/shared_ptr.hpp"), "smart_ptr");
        assert_eq!(libraries.of("boost/no_such.hpp"), rules::UNKNOWN);
    }

    #[test]
    fn what_is_current_goes_before_what_was() {
        let new = ("new", json!({"headers": ["boost/x/"], "current": true}));
        let old = ("old", json!({"headers": ["boost/x/"], "current": false}));
        assert_eq!(libraries(&[new.clone(), old.clone()]).of("boost/x/y.hpp"), "new");
        assert_eq!(libraries(&[old, new]).of("boost/x/y.hpp"), "new");
    }

    #[test]
    fn odd_records_are_no_trouble() {
        let libraries = libraries(&[
            ("a", json!({})),
            ("b", json!({"headers": [1, null, "boost/b/"]})),
            ("c", json!({"headers": "boost/c/"})),
        ]);
        assert_eq!(libraries.of("boost/b/x.hpp"), "b");
        assert_eq!(libraries.of("boost/asio.hpp"), "asio");
    }
}
