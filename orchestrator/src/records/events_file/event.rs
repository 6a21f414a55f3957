//! What a collector may say in its events file: one JSON object a line. Pure: a line
//! in, an event or what is wrong with it out. Called for every line by whoever reads
//! such a file. Lines are untrusted; what comes out is bounded and well formed, and
//! still a stranger's text.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use crate::model::Category;

/// The longest name of a collection, in bytes.
pub const LONGEST_COLLECTION: usize = 128;

/// The longest key of a record, in bytes.
pub const LONGEST_KEY: usize = 1024;

/// Messages are cut after so many characters.
const LONGEST_MESSAGE: usize = 500;

/// One line of an events file.
#[derive(Debug, Clone, PartialEq)]
pub enum CollectorEvent {
    /// Something it found.
    Record(Record),
    /// How far it is.
    Progress(Progress),
    /// Why it is going to fail.
    Failure(FailureReport),
    /// Worth knowing.
    Note(String),
    /// Worth looking at.
    Warning(String),
    /// What it leaves for its next run: JSON with sorted keys.
    State(String),
    /// Releases that it was started for and has not dealt with.
    Defer(Vec<String>),
    /// The collection that it read.
    Read(String),
    /// The collection of which it brought all there is.
    Complete(String),
}

/// Something that a collector found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// What kind of thing it is.
    pub collection: String,
    /// Which one.
    pub key: String,
    /// What is known of it: a JSON object with sorted keys, so that two texts are equal
    /// when what they say is.
    pub data: String,
}

/// How far a collector is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// How much is done.
    pub current: u64,
    /// Of how much, if it knows.
    pub total: Option<u64>,
    /// With what it is busy; untrusted text.
    pub message: Option<String>,
}

/// What a collector says of its failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailureReport {
    /// The kind of failure.
    pub category: Option<Category>,
    /// Another try makes no sense before this.
    pub retry_after: Option<Duration>,
    /// In its own words; untrusted text.
    pub message: Option<String>,
}

/// What is wrong with a line, in words that follow its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineFault(String);

impl fmt::Display for LineFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Every key that any event has. Others are passed over: a newer collector may know more.
#[derive(Deserialize)]
struct Raw {
    #[serde(rename = "type")]
    kind: Option<Value>,
    collection: Option<Value>,
    key: Option<Value>,
    data: Option<Value>,
    current: Option<Value>,
    total: Option<Value>,
    category: Option<Value>,
    retry_after: Option<Value>,
    message: Option<Value>,
    releases: Option<Value>,
}

/// Reads a line, without its end.
///
/// # Errors
/// It is no event; the fault says why.
pub fn parse_event(line: &[u8]) -> Result<CollectorEvent, LineFault> {
    if line.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        return Err(LineFault("not a JSON object".to_owned()));
    }
    let raw: Raw = serde_json::from_slice(line).map_err(|error| not_json(line, &error))?;
    let kind = text(raw.kind, "type")?;
    match kind.as_str() {
        "record" => Ok(CollectorEvent::Record(Record {
            collection: collection(raw.collection)?,
            key: key(raw.key)?,
            data: match raw.data {
                Some(data @ Value::Object(_)) => canonical(data),
                other => return Err(wrong("data", "an object", other.as_ref())),
            },
        })),
        "progress" => Ok(CollectorEvent::Progress(Progress {
            current: whole(raw.current, "current")?
                .ok_or_else(|| wrong("current", "a whole number", None))?,
            total: whole(raw.total, "total")?,
            message: message(raw.message)?,
        })),
        "failure" => Ok(CollectorEvent::Failure(FailureReport {
            category: raw.category.map(category).transpose()?,
            retry_after: raw.retry_after.map(|value| retry_after(&value)).transpose()?,
            message: message(raw.message)?,
        })),
        "note" => said(raw.message).map(CollectorEvent::Note),
        "warning" => said(raw.message).map(CollectorEvent::Warning),
        "state" => match raw.data {
            Some(data) => Ok(CollectorEvent::State(canonical(data))),
            None => Err(wrong("data", "given", None)),
        },
        "defer" => tags(raw.releases).map(CollectorEvent::Defer),
        "read" => collection(raw.collection).map(CollectorEvent::Read),
        "complete" => collection(raw.collection).map(CollectorEvent::Complete),
        other => Err(LineFault(format!(
            "unknown type {:?}; there are record, progress, failure, note, warning, state, defer, read and complete",
            cut(other, 40)
        ))),
    }
}

fn not_json(line: &[u8], error: &serde_json::Error) -> LineFault {
    match std::str::from_utf8(line) {
        Err(error) => LineFault(format!("not UTF-8 at byte {}", error.valid_up_to() + 1)),
        // The line number of the library is always 1 here.
        Ok(_) => {
            let reason = error.to_string();
            let reason = reason.split(" at line ").next().unwrap_or_default();
            LineFault(format!(
                "not an event: {} at column {}",
                cut(reason, 200),
                error.column()
            ))
        }
    }
}

fn wrong(field: &str, wanted: &str, found: Option<&Value>) -> LineFault {
    let found = match found {
        None => return LineFault(format!("`{field}` must be {wanted}, and is missing")),
        Some(Value::Null) => "null",
        Some(Value::Bool(_)) => "a boolean",
        Some(Value::Number(_)) => "a number",
        Some(Value::String(_)) => "a text",
        Some(Value::Array(_)) => "a list",
        Some(Value::Object(_)) => "an object",
    };
    LineFault(format!("`{field}` must be {wanted}, not {found}"))
}

fn text(value: Option<Value>, field: &str) -> Result<String, LineFault> {
    match value {
        Some(Value::String(text)) => Ok(without_nul(text)),
        other => Err(wrong(field, "a text", other.as_ref())),
    }
}

fn tags(value: Option<Value>) -> Result<Vec<String>, LineFault> {
    let items = match value {
        Some(Value::Array(items)) => items,
        other => return Err(wrong("releases", "a list of tags", other.as_ref())),
    };
    items
        .into_iter()
        .map(|item| text(Some(item), "releases"))
        .collect::<Result<_, _>>()
        .map_err(|_| LineFault("`releases` must be a list of texts".to_owned()))
}

fn collection(value: Option<Value>) -> Result<String, LineFault> {
    let name = text(value, "collection")?;
    let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':' | '/');
    if name.is_empty() || name.len() > LONGEST_COLLECTION || !name.chars().all(known) {
        return Err(LineFault(format!(
            "`collection` must be 1 to {LONGEST_COLLECTION} letters, digits and any of _-.:/"
        )));
    }
    Ok(name)
}

fn key(value: Option<Value>) -> Result<String, LineFault> {
    let key = text(value, "key")?;
    match key.len() {
        0 => Err(LineFault("`key` is empty".to_owned())),
        1..=LONGEST_KEY => Ok(key),
        bytes => Err(LineFault(format!(
            "`key` has {bytes} bytes, and {LONGEST_KEY} is the limit"
        ))),
    }
}

fn whole(value: Option<Value>, field: &str) -> Result<Option<u64>, LineFault> {
    match value {
        None => Ok(None),
        Some(value) => match value.as_u64() {
            Some(number) => Ok(Some(number)),
            None => Err(wrong(field, "a whole number, zero or more", Some(&value))),
        },
    }
}

fn category(value: Value) -> Result<Category, LineFault> {
    serde_json::from_value(value.clone()).map_err(|_| match value {
        Value::String(word) => LineFault(format!("unknown category {:?}", cut(&word, 40))),
        other => wrong("category", "a text", Some(&other)),
    })
}

/// Seconds, or text such as `15m`.
fn retry_after(value: &Value) -> Result<Duration, LineFault> {
    let parsed = match value {
        Value::Number(seconds) => seconds
            .as_f64()
            .filter(|seconds| *seconds >= 0.0)
            // More than there is time for: longer than anybody waits, and no mistake.
            .map(|seconds| Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)),
        Value::String(text) => humantime::parse_duration(text).ok(),
        _ => None,
    };
    parsed.ok_or_else(|| LineFault("`retry_after` must be seconds, or a text like \"15m\"".to_owned()))
}

fn message(value: Option<Value>) -> Result<Option<String>, LineFault> {
    value
        .map(|value| text(Some(value), "message").map(|text| cut(&text, LONGEST_MESSAGE)))
        .transpose()
}

fn said(value: Option<Value>) -> Result<String, LineFault> {
    message(value)?.ok_or_else(|| wrong("message", "a text", None))
}

/// The first characters, and a sign that there were more.
fn cut(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// One text for one meaning: maps are sorted by key.
fn canonical(mut value: Value) -> String {
    replace_nul(&mut value);
    value.to_string()
}

/// No text of PostgreSQL can hold NUL, so none holds it here.
fn without_nul(text: String) -> String {
    if text.contains('\0') {
        text.replace('\0', "\u{2400}")
    } else {
        text
    }
}

fn replace_nul(value: &mut Value) {
    match value {
        Value::String(text) if text.contains('\0') => *text = without_nul(std::mem::take(text)),
        Value::Array(items) => items.iter_mut().for_each(replace_nul),
        Value::Object(map) => {
            let strange: Vec<String> = map.keys().filter(|key| key.contains('\0')).cloned().collect();
            for key in strange {
                if let Some(value) = map.remove(&key) {
                    map.insert(without_nul(key), value);
                }
            }
            map.values_mut().for_each(replace_nul);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;
