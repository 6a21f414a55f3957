//! What a table of keys is made of: names, ranges, words, defaults, examples. The tables
//! themselves are in `schedule::keys` and `settings::keys`; loader, suggestions, schema,
//! reference and manual work by them.

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
    /// What holds where it is not written; `None` where nothing does.
    pub(crate) default: Option<Preset>,
    /// A value as it may be written after the key, in one line of YAML.
    pub(crate) example: &'static str,
}

/// What holds where a key is not written.
#[derive(Debug)]
pub(crate) enum Preset {
    Bool(bool),
    Integer(i64),
    Duration(Duration),
    Text(&'static str),
    Word(&'static str),
    Words(&'static [&'static str]),
    /// What is no value of the key: words for people.
    Told(&'static str),
}

/// A key that may be left out.
pub(crate) const fn key(name: &'static str, kind: Kind, doc: &'static str) -> Key {
    Key {
        name,
        kind,
        required: false,
        doc,
        default: None,
        example: "",
    }
}

/// A key without which its mapping means nothing.
pub(crate) const fn required(name: &'static str, kind: Kind, doc: &'static str) -> Key {
    Key {
        required: true,
        ..key(name, kind, doc)
    }
}

impl Key {
    /// With an example, which every key has.
    pub(crate) const fn such_as(self, example: &'static str) -> Self {
        Self { example, ..self }
    }

    /// With what holds where it is not written.
    pub(crate) const fn by_default(self, preset: Preset) -> Self {
        Self {
            default: Some(preset),
            ..self
        }
    }
}

/// What a value looks like.
#[derive(Debug)]
pub(crate) enum Kind {
    Bool,
    Text,
    /// A text without control characters.
    Name,
    /// Of a worker.
    Label,
    /// Of a task: it stands in URLs, labels and file names.
    TaskName,
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
