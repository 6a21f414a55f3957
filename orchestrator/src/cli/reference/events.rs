//! The lines of an events file, from their JSON Schema: what a line is, then what may stand in it.

use serde_json::{Map, Value, json};

use crate::cli::reference::entry::{ReferenceEntry, Topic};
use crate::records::event_schema;

pub(crate) fn entries() -> Vec<ReferenceEntry> {
    let schema = event_schema();
    let kinds = schema["anyOf"].as_array().into_iter().flatten();
    kinds.flat_map(of_line).collect()
}

/// A kind of line and its keys; `type` is said by the line itself.
fn of_line(schema: &Value) -> Vec<ReferenceEntry> {
    let none = Map::new();
    let properties = schema["properties"].as_object().unwrap_or(&none);
    let word = text(&schema["properties"]["type"]["const"]);
    let required = |name: &str| {
        let mut names = schema["required"].as_array().into_iter().flatten();
        names.any(|required| required == name)
    };
    // As people write it: `type` comes first.
    let parts: String = properties
        .iter()
        .filter(|(name, _)| *name != "type")
        .map(|(name, property)| format!(",{}:{}", json!(name), property["examples"][0]))
        .collect();
    let mut entries = vec![ReferenceEntry {
        topic: Topic::Events,
        name: word.clone(),
        places: vec![String::new()],
        kind: "line".to_owned(),
        meaning: text(&schema["description"]),
        required: false,
        default: None,
        range: None,
        example: Some(format!("{{\"type\":{}{parts}}}", json!(word))),
    }];
    for (name, property) in properties.iter().filter(|(name, _)| *name != "type") {
        entries.push(ReferenceEntry {
            topic: Topic::Events,
            name: name.clone(),
            places: vec![word.clone()],
            kind: type_words(property),
            meaning: text(&property["description"]),
            required: required(name),
            default: None,
            range: range_words(property),
            example: property["examples"]
                .get(0)
                .map(|example| format!("{}: {example}", json!(name))),
        });
    }
    entries
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The alternatives of a value; itself, where it has none.
fn alternatives(property: &Value) -> Vec<&Value> {
    match property["anyOf"].as_array() {
        Some(all) => all.iter().collect(),
        None => vec![property],
    }
}

fn type_words(property: &Value) -> String {
    let mut words: Vec<&str> = Vec::new();
    for schema in alternatives(property) {
        let types = match &schema["type"] {
            Value::Array(types) => types.iter().collect(),
            Value::Null => vec![],
            one => vec![one],
        };
        words.extend(types.into_iter().filter_map(Value::as_str));
    }
    match words.as_slice() {
        [] if property["enum"].is_array() => "word, or null".to_owned(),
        [] => "anything but null".to_owned(),
        ["array"] => "array of strings".to_owned(),
        words => words.join(" or "),
    }
}

fn range_words(property: &Value) -> Option<String> {
    if let Some(words) = property["enum"].as_array() {
        let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
        return Some(words.join(", "));
    }
    let of = |schema: &Value| {
        if let Some(least) = schema["minimum"].as_i64() {
            return Some(format!("at least {least}"));
        }
        if let (Some(least), Some(most)) = (schema["minLength"].as_u64(), schema["maxLength"].as_u64()) {
            return Some(format!("{least} to {most} characters"));
        }
        schema["pattern"].as_str().map(|pattern| format!("as {pattern}"))
    };
    let ranges: Vec<String> = alternatives(property).into_iter().filter_map(of).collect();
    (!ranges.is_empty()).then(|| ranges.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::parse_event;

    #[test]
    fn every_line_and_key_is_explained_with_an_example_that_is_taken() {
        let entries = entries();
        assert!(entries.len() > 15, "{entries:?}");
        for entry in &entries {
            assert!(!entry.meaning.is_empty() && !entry.kind.is_empty(), "{entry:?}");
            let example = entry.example.as_deref().unwrap_or_default();
            assert!(!example.ends_with("null"), "{entry:?}");
            if entry.kind == "line" {
                parse_event(example.as_bytes()).unwrap_or_else(|error| panic!("{example}: {error}"));
            }
        }
    }
}
