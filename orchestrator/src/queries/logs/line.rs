//! A record of a log as the JSON contract of `logs` shows it.

use std::borrow::Cow;

use serde::Serialize;

use crate::rundir::LogRecord;

/// Whose log it is.
#[derive(Debug, Clone)]
pub(crate) struct LogOwner {
    pub(crate) group: String,
    pub(crate) name: String,
    pub(crate) command: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct LogLine<'a> {
    group: &'a str,
    name: &'a str,
    command: &'a str,
    at: &'a str,
    stream: &'static str,
    text: Cow<'a, str>,
    /// Whether the line goes on in the next record of its stream.
    partial: bool,
}

impl<'a> LogLine<'a> {
    /// What is no UTF-8 becomes U+FFFD; the CR of a line end is left out.
    pub(crate) fn new(owner: &'a LogOwner, record: &LogRecord<'a>) -> Self {
        let without_cr = record.bytes.strip_suffix(b"\r").unwrap_or(record.bytes);
        Self {
            group: &owner.group,
            name: &owner.name,
            command: &owner.command,
            at: record.at,
            stream: record.stream.as_str(),
            text: String::from_utf8_lossy(without_cr),
            partial: !record.whole,
        }
    }
}
