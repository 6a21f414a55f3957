//! The form of an answer, as far as it is promised: keys may be added. Pure.

use serde_json::{Map, Value, json};

/// A form.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape {
    Text,
    /// An instant, in RFC 3339.
    Instant,
    /// A whole number, not below zero.
    Count,
    /// A whole number.
    Whole,
    Truth,
    /// Anything that JSON has.
    Anything,
    /// One of these words.
    Word(&'static [&'static str]),
    /// That, or null.
    Maybe(&'static Shape),
    List(&'static Shape),
    /// An object that has at least these keys.
    Object(&'static [(&'static str, Shape)]),
}

impl Shape {
    /// As JSON Schema 2020-12, which OpenAPI 3.1 has.
    pub(crate) fn schema(&self) -> Value {
        match self {
            Self::Text => json!({"type": "string"}),
            Self::Instant => json!({"type": "string", "format": "date-time"}),
            Self::Count => json!({"type": "integer", "minimum": 0}),
            Self::Whole => json!({"type": "integer"}),
            Self::Truth => json!({"type": "boolean"}),
            Self::Anything => json!({}),
            Self::Word(words) => json!({"type": "string", "enum": words}),
            Self::Maybe(shape) => json!({"anyOf": [shape.schema(), {"type": "null"}]}),
            Self::List(shape) => json!({"type": "array", "items": shape.schema()}),
            Self::Object(keys) => {
                let properties: Map<String, Value> = keys
                    .iter()
                    .map(|(key, shape)| ((*key).to_owned(), shape.schema()))
                    .collect();
                let required: Vec<&str> = keys.iter().map(|(key, _)| *key).collect();
                json!({"type": "object", "properties": properties, "required": required})
            }
        }
    }

    /// Where a value is not of this form: the way to it, and what stands there.
    #[cfg(test)]
    pub(crate) fn breach(&self, value: &Value) -> Option<String> {
        let of = |fits: bool| (!fits).then(|| format!(": {value} is not {self:?}"));
        match self {
            Self::Text => of(value.is_string()),
            Self::Instant => of(value
                .as_str()
                .is_some_and(|text| text.parse::<jiff::Timestamp>().is_ok())),
            Self::Count => of(value.is_u64()),
            Self::Whole => of(value.is_i64() || value.is_u64()),
            Self::Truth => of(value.is_boolean()),
            Self::Anything => None,
            Self::Word(words) => of(value.as_str().is_some_and(|word| words.contains(&word))),
            Self::Maybe(_) if value.is_null() => None,
            Self::Maybe(shape) => shape.breach(value),
            Self::List(shape) => match value.as_array() {
                Some(items) => items.iter().find_map(|item| shape.breach(item)),
                None => of(false),
            },
            Self::Object(keys) => {
                let Some(found) = value.as_object() else {
                    return of(false);
                };
                keys.iter().find_map(|(key, shape)| match found.get(*key) {
                    Some(value) => shape.breach(value).map(|breach| format!("/{key}{breach}")),
                    None => Some(format!("/{key} is missing in {value}")),
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_another_form_is_found() {
        const SHAPE: Shape = Shape::Object(&[
            ("items", Shape::List(&Shape::Object(&[("at", Shape::Instant)]))),
            ("next", Shape::Maybe(&Shape::Text)),
        ]);
        let good = json!({"items": [{"at": "2026-11-30T03:00:00Z", "more": 1}], "next": null});
        assert_eq!(SHAPE.breach(&good), None);
        for (bad, place) in [
            (json!([]), ": "),
            (json!({"items": []}), "/next is missing"),
            (json!({"items": [{"at": "soon"}], "next": null}), "/items/at: "),
            (json!({"items": [], "next": 3}), "/next: "),
        ] {
            let breach = SHAPE.breach(&bad).unwrap();
            assert!(breach.starts_with(place), "{breach}");
        }
        assert_eq!(SHAPE.schema()["required"], json!(["items", "next"]));
    }
}
