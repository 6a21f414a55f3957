//! JSON Schema of a line of an events file, for who writes a collector: what `event` takes, said
//! for programs. A test holds the two against each other.

use serde_json::{Value, json};

use crate::model::Category;
use crate::records::events_file::event::{LONGEST_COLLECTION, LONGEST_KEY};

/// The schema of one line, but for its dialect and its name.
pub fn event_schema() -> Value {
    let said = || json!({ "message": { "type": "string" } });
    let kinds = [
        of_kind(
            "record",
            "Something that was found.",
            record(),
            &["collection", "key", "data"],
        ),
        of_kind("progress", "How far it is.", progress(), &["current"]),
        of_kind("failure", "Why it is going to fail.", failure(), &[]),
        of_kind("note", "Worth knowing.", said(), &["message"]),
        of_kind("warning", "Worth looking at.", said(), &["message"]),
        of_kind(
            "state",
            "What it leaves for its next run.",
            json!({ "data": { "not": { "type": "null" } } }),
            &["data"],
        ),
        of_kind(
            "defer",
            "Releases that it has not dealt with.",
            json!({ "releases": { "type": "array", "items": { "type": "string" } } }),
            &["releases"],
        ),
        of_kind(
            "read",
            "The collection that it read.",
            collection(),
            &["collection"],
        ),
        of_kind(
            "complete",
            "The collection of which it brings all there is: what it does not bring is gone.",
            collection(),
            &["collection"],
        ),
    ];
    json!({ "type": "object", "required": ["type"], "anyOf": kinds })
}

fn of_kind(kind: &str, what: &str, mut properties: Value, needed: &[&str]) -> Value {
    let required: Vec<&str> = ["type"].iter().chain(needed).copied().collect();
    properties["type"] = json!({ "const": kind });
    json!({ "description": what, "properties": properties, "required": required })
}

/// An optional key may be null, as if it were not there.
fn optional_text() -> Value {
    json!({ "type": ["string", "null"] })
}

fn collection() -> Value {
    let pattern = format!("^[A-Za-z0-9_.:/-]{{1,{LONGEST_COLLECTION}}}$");
    json!({ "collection": { "type": "string", "pattern": pattern } })
}

fn record() -> Value {
    json!({
        "collection": collection()["collection"],
        "key": { "type": "string", "minLength": 1, "maxLength": LONGEST_KEY },
        "data": { "type": "object" },
    })
}

fn progress() -> Value {
    let count = || json!({ "type": "integer", "minimum": 0 });
    json!({
        "current": count(),
        "total": { "anyOf": [count(), { "type": "null" }] },
        "message": optional_text(),
    })
}

fn failure() -> Value {
    let words = Category::WORDS.iter().map(|word| json!(word));
    let categories: Vec<Value> = words.chain([Value::Null]).collect();
    json!({
        "category": { "enum": categories },
        "retry_after": {
            "anyOf": [
                { "type": "number", "minimum": 0 },
                { "type": "string", "pattern": "^\\s*([0-9]+(\\.[0-9]+)?\\s*[a-zµ]+\\s*)+$" },
                { "type": "null" },
            ],
        },
        "message": optional_text(),
    })
}
