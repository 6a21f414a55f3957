//! The tables of keys in words, for people: what a value looks like, within which bounds, and what
//! holds without it. Pure; the reference, the manual and the descriptions of the schema say it so.

use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};

use crate::config::table::{Kind, Preset};
use crate::config::values::names::{MAX_NAME, MAX_TASK_NAME};
use crate::model::MonthDay;

impl Kind {
    /// What a value is: `duration, or none`.
    pub(crate) fn in_words(&self) -> String {
        match self {
            Self::Bool => "true or false".to_owned(),
            Self::Text => "text".to_owned(),
            Self::Label => "label of a worker".to_owned(),
            Self::Name | Self::TaskName => "name".to_owned(),
            Self::Time => "time of day, \"HH:MM\"".to_owned(),
            Self::TimeZone => "time zone of the IANA database".to_owned(),
            Self::Integer { .. } => "whole number".to_owned(),
            Self::Duration { .. } => "duration".to_owned(),
            Self::Size { .. } => "size".to_owned(),
            Self::OrNone(inner) => format!("{}, or none", inner.in_words()),
            Self::Word(_) => "word".to_owned(),
            Self::Weekday => "weekday".to_owned(),
            Self::MonthDay => "day of the month".to_owned(),
            Self::Cron => "cron expression".to_owned(),
            Self::List(item) => format!("list, each item: {}", item.in_words()),
            Self::Map(value) => format!("mapping of names of your own, each: {}", value.in_words()),
            Self::Table(_) => "mapping".to_owned(),
            Self::Either(kinds) => join(kinds, Self::in_words, " or "),
        }
    }

    /// Within which bounds a value may be; `None` where its type says all.
    pub(crate) fn range(&self) -> Option<String> {
        match self {
            Self::Integer { min, max } => Some(format!("{min} to {max}")),
            Self::Duration { min } if *min > Duration::ZERO => Some(format!("at least {}", duration(*min))),
            Self::Size { min } => Some(format!("at least {}", size(*min))),
            Self::Label => Some("1 to 64 of A-Z, a-z, 0-9, `-`, `_` and `.`".to_owned()),
            Self::Name => Some(format!("1 to {MAX_NAME} bytes of characters that can be seen")),
            Self::TaskName => Some(format!("1 to {MAX_TASK_NAME} letters, digits, `_`, `.` or `-`")),
            Self::Weekday => Some("monday or mon, tuesday or tue, ... sunday or sun".to_owned()),
            Self::MonthDay => Some(format!(
                "{} to {}",
                MonthDay::RANGE.start(),
                MonthDay::RANGE.end()
            )),
            Self::Cron => Some("five fields of crontab(5), or @hourly, @daily and the like".to_owned()),
            Self::Word(words) => Some(words.join(", ")),
            Self::OrNone(inner) | Self::List(inner) | Self::Map(inner) => inner.range(),
            Self::Either(kinds) => {
                let ranges: Vec<String> = kinds.iter().filter_map(Self::range).collect();
                (!ranges.is_empty()).then(|| ranges.join("; "))
            }
            Self::Bool
            | Self::Text
            | Self::Time
            | Self::TimeZone
            | Self::Duration { .. }
            | Self::Table(_) => None,
        }
    }
}

fn join(kinds: &[Kind], words: impl Fn(&Kind) -> String, between: &str) -> String {
    let parts: Vec<String> = kinds.iter().map(words).collect();
    parts.join(between)
}

impl Preset {
    /// The value as JSON has it; `None` where it is no value.
    pub(crate) fn json(&self) -> Option<Value> {
        match self {
            Self::Bool(value) => Some(json!(value)),
            Self::Integer(value) => Some(json!(value)),
            Self::Duration(value) => Some(json!(duration(*value))),
            Self::Text(value) | Self::Word(value) => Some(json!(value)),
            Self::Words(words) => Some(json!(words)),
            Self::Told(_) => None,
        }
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => write!(f, "{value}"),
            Self::Integer(value) => write!(f, "{value}"),
            Self::Duration(value) => f.write_str(&duration(*value)),
            Self::Text(text) | Self::Word(text) | Self::Told(text) => f.write_str(text),
            Self::Words([]) => f.write_str("an empty list"),
            Self::Words(words) => f.write_str(&words.join(", ")),
        }
    }
}

/// As it is written in a file: `1h 30m`.
fn duration(duration: Duration) -> String {
    humantime::format_duration(duration).to_string()
}

/// As it is written in a file: `1MiB`.
fn size(bytes: u64) -> String {
    match bytes {
        1 => "1 byte".to_owned(),
        _ if bytes.is_multiple_of(1 << 20) => format!("{}MiB", bytes >> 20),
        _ => format!("{bytes} bytes"),
    }
}
