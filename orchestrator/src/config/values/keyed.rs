//! Values that are read by the table of keys alone: the range of a number, a duration or
//! a size and the words of a choice stand there, once. Called by whoever walks a mapping;
//! a key of another kind in the table is a fault of ours, which the tests of the tables
//! find.

use std::time::Duration;

use crate::config::problems::codes::Code;
use crate::config::problems::gather::Problems;
use crate::config::table::Kind;
use crate::config::values::duration::duration;
use crate::config::values::fields::Fields;
use crate::config::values::scalar::{integer, word};
use crate::config::values::size::size;
use crate::config::yaml::node::{Node, Value};

impl Fields<'_> {
    /// A whole number within the range of its key; `None` if it is absent or was reported.
    pub(crate) fn integer(&self, key: &str, report: &mut Problems<'_>) -> Option<i64> {
        self.read(key, |node, kind, what| match kind {
            Kind::Integer { min, max } => integer(node, what, *min, *max, report),
            other => not_in_table(what, other),
        })
    }

    /// A duration that is not shorter than its key allows.
    pub(crate) fn duration(&self, key: &str, report: &mut Problems<'_>) -> Option<Duration> {
        self.read(key, |node, kind, what| match kind {
            Kind::Duration { min } => duration(node, what, *min, report),
            other => not_in_table(what, other),
        })
    }

    /// A size in bytes that is not smaller than its key allows.
    pub(crate) fn size(&self, key: &str, report: &mut Problems<'_>) -> Option<u64> {
        self.read(key, |node, kind, what| match kind {
            Kind::Size { min } => size(node, what, *min, report),
            other => not_in_table(what, other),
        })
    }

    /// One of the words of its key.
    pub(crate) fn word(&self, key: &str, code: Code, report: &mut Problems<'_>) -> Option<&'static str> {
        self.read(key, |node, kind, what| match kind {
            Kind::Word(words) => word(node, what, code, words, report),
            other => not_in_table(what, other),
        })
    }

    /// Whether the file lifts what a level above has set.
    pub(crate) fn is_none(&self, key: &str) -> bool {
        matches!(self.get(key), Some(Node { value: Value::Text(text), .. }) if text.text == "none")
    }

    fn read<T>(&self, key: &str, read: impl FnOnce(&Node, &'static Kind, &str) -> Option<T>) -> Option<T> {
        let node = self.get(key)?;
        let kind = match self.kind(key)? {
            Kind::OrNone(inner) => inner,
            kind => kind,
        };
        read(node, kind, &format!("`{key}`"))
    }
}

fn not_in_table<T>(what: &str, kind: &Kind) -> Option<T> {
    debug_assert!(false, "{what} is {kind:?} in its table");
    None
}
