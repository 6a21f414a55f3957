//! What a table of keys is made of: names, ranges, words. The tables themselves are in
//! `schedule::keys` and `settings::keys`; loader, suggestions and schema work by them.

use std::time::Duration;

/// The keys of one kind of mapping.
#[derive(Debug)]
pub(crate) struct KeyTable {
    /// "a task": for messages.
    pub(crate) what: &'static str,
    /// The keys, in parts that tables share.
    pub(crate) parts: &'static [&'static [Key]],
}

/// What may stand at one place of a file, and how it is read.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) required: bool,
    /// One line for people and editors.
    pub(crate) doc: &'static str,
}

/// What a value looks like.
#[derive(Debug)]
pub(crate) enum Kind {
    Bool,
    Text,
    /// A text without control characters.
    Name,
    Time,
    TimeZone,
    Integer {
        min: i64,
        max: i64,
    },
    Duration {
        min: Duration,
    },
    Size {
        /// In bytes.
        min: u64,
    },
    /// `none`, or as the inner kind says.
    OrNone(&'static Kind),
    Word(&'static [&'static str]),
    Weekday,
    MonthDay,
    /// An expression of crontab(5).
    Cron,
    List(&'static Kind),
    /// A mapping whose keys are names that the user chooses.
    Map(&'static Kind),
    Table(&'static KeyTable),
    Either(&'static [Kind]),
}

impl KeyTable {
    pub(crate) fn keys(&self) -> impl Iterator<Item = &'static Key> {
        self.parts.iter().copied().flatten()
    }

    pub(crate) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys().find(|key| key.name == name)
    }
}
