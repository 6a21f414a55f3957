//! The shape of one line that a collector hands to others.

use serde::Serialize;
use serde_json::Value;

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
    /// A record of `collection`, named by `key`.
    pub fn new(collection: &'static str, key: impl Into<String>, data: Value) -> Self {
        Self {
            kind: "record",
            collection,
            key: key.into(),
            data,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_the_documented_shape() {
        let record = Record::new("boost_usage", "asio", serde_json::json!({"files": 3}));
        assert_eq!(
            serde_json::to_string(&record).unwrap(),
            r#"{"type":"record","collection":"boost_usage","key":"asio","data":{"files":3}}"#
        );
    }
}
