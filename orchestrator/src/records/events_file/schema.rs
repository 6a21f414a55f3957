//! JSON Schema of a line of an events file, for who writes a collector: what `event` takes, said
//! for programs. A test holds the two against each other.

use serde_json::{Value, json};

use crate::model::Category;
use crate::records::events_file::event::{LONGEST_COLLECTION, LONGEST_KEY};

/// The schema of one line, but for its dialect and its name.
pub fn event_schema() -> Value {
    let kinds = [
        of_kind(
            "record",
            "Something that was found.",
            record(),
            &["collection", "key", "data"],
        ),
        of_kind("progress", "How far it is.", progress(), &["current"]),
        of_kind("failure", "Why it is going to fail.", failure(), &[]),
        of_kind("note", "Worth knowing.", said("page 2 was empty"), &["message"]),
        of_kind(
            "warning",
            "Worth looking at.",
            said("3 of 40 pages were empty"),
            &["message"],
        ),
        of_kind(
            "state",
            "What it leaves for its next run.",
            json!({ "data": {
                "description": "Anything but null. It finds it in ORCHESTRATE_STATE.",
                "not": { "type": "null" },
                "examples": [{ "page": 4 }],
            } }),
            &["data"],
        ),
        of_kind(
            "defer",
            "Releases that it has not dealt with.",
            json!({ "releases": {
                "description": "Tags out of ORCHESTRATE_RELEASES; it is given them again.",
                "type": "array", "items": { "type": "string" },
                "examples": [["boost-1.90.0"]],
            } }),
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

fn said(example: &str) -> Value {
    json!({ "message": { "description": "A line for people.", "type": "string", "examples": [example] } })
}

fn of_kind(kind: &str, what: &str, mut properties: Value, needed: &[&str]) -> Value {
    let required: Vec<&str> = ["type"].iter().chain(needed).copied().collect();
    properties["type"] = json!({ "const": kind });
    json!({ "description": what, "properties": properties, "required": required })
}

/// An optional key may be null, as if it were not there.
fn optional_text(example: &str) -> Value {
    json!({ "description": "A line for people.", "type": ["string", "null"], "examples": [example] })
}

fn collection() -> Value {
    json!({ "collection": {
        "description": "What kind of thing it is.",
        "type": "string",
        "pattern": format!("^[A-Za-z0-9_.:/-]{{1,{LONGEST_COLLECTION}}}$"),
        "examples": ["weather"],
    } })
}

fn record() -> Value {
    json!({
        "collection": collection()["collection"],
        "key": {
            "description": "Which of its kind; a later record of the key takes its place.",
            "type": "string", "minLength": 1, "maxLength": LONGEST_KEY,
            "examples": ["Oslo"],
        },
        "data": {
            "description": "What is known of it.",
            "type": "object",
            "examples": [{ "c": -3 }],
        },
    })
}

fn progress() -> Value {
    let count = || json!({ "type": "integer", "minimum": 0 });
    json!({
        "current": {
            "description": "How many are done.",
            "type": "integer", "minimum": 0,
            "examples": [30],
        },
        "total": {
            "description": "How many there are, where that is known.",
            "anyOf": [count(), { "type": "null" }],
            "examples": [120],
        },
        "message": optional_text("page 3 of 12"),
    })
}

fn failure() -> Value {
    let words = Category::WORDS.iter().map(|word| json!(word));
    let categories: Vec<Value> = words.chain([Value::Null]).collect();
    json!({
        "category": {
            "description": "Its kind, where the exit code cannot say it.",
            "enum": categories,
            "examples": ["rate_limit"],
        },
        "retry_after": {
            "description": "Another attempt is useless sooner: seconds, or a duration.",
            "anyOf": [
                { "type": "number", "minimum": 0 },
                { "type": "string", "pattern": "^\\s*([0-9]+(\\.[0-9]+)?\\s*[a-zµ]+\\s*)+$" },
                { "type": "null" },
            ],
            "examples": ["15m"],
        },
        "message": optional_text("HTTP 429 from api.github.com"),
    })
}
