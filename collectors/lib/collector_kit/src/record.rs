//! The shape of one line that a collector hands to others.

use serde::Serialize;
use serde_json::Value;

/// Longest key that the orchestrator takes, in bytes.
const KEY: usize = 1024;

/// One record: what it is, which one, and what is known about it. Written as
/// one JSON object a line: `{"type":"record","collection":...,"key":...,"data":{...}}`.
/// Within a collection a key names one thing for ever, so that a reader can tell
/// new from changed; data holds no time of collection, so that an unchanged
/// thing gives the same bytes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Record {
    #[serde(rename = "type")]
    kind: &'static str,
    /// Which kind of thing, in snake case: `github_activity_day`.
    pub collection: &'static str,
    /// Which one; unique within the collection.
    pub key: String,
    /// What is known: a JSON object.
    pub data: Value,
}

impl Record {
    /// A record of `collection`, named by `key`. A key longer than the
    /// orchestrator takes keeps its beginning, and ends in a sum of the whole.
    pub fn new(collection: &'static str, key: impl Into<String>, data: Value) -> Self {
        let mut key: String = key.into();
        if key.len() > KEY {
            let sum = fnv1a(key.as_bytes());
            key.truncate(key.floor_char_boundary(KEY - 20));
            key.push_str(&format!("#{sum:016x}"));
        }
        Self {
            kind: "record",
            collection,
            key,
            data,
        }
    }
}

/// FNV-1a, 64 bit (Fowler, Noll, Vo): the same in every version of this
/// program, which the standard library's hasher does not promise.
pub fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_keys_are_cut_and_stay_apart() {
        let key = |end: &str| Record::new("x", format!("{}{end}", "é".repeat(1000)), Value::Null).key;
        assert!(key("a").len() <= KEY && key("a") != key("b"));
        assert_eq!(Record::new("x", "short", Value::Null).key, "short");
    }

    #[test]
    fn a_line_has_the_documented_shape() {
        let record = Record::new("boost_usage", "asio", serde_json::json!({"files": 3}));
        assert_eq!(
            serde_json::to_string(&record).unwrap(),
            r#"{"type":"record","collection":"boost_usage","key":"asio","data":{"files":3}}"#
        );
    }
}
