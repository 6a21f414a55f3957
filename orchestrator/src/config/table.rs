//! What a table of keys is made of. The tables themselves are in `keys`.

/// The keys of one kind of mapping.
#[derive(Debug)]
pub(super) struct Table {
    /// "a task": for messages.
    pub(super) what: &'static str,
    /// The keys, in parts that tables share.
    pub(super) parts: &'static [&'static [Key]],
}

/// One key.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) required: bool,
    /// One line for people and editors.
    pub(super) doc: &'static str,
}

/// What a value looks like.
#[derive(Debug)]
pub(super) enum Kind {
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
    Duration,
    Size,
    /// `none`, or as the inner kind says.
    OrNone(&'static Kind),
    Word(&'static [&'static str]),
    Weekday,
    MonthDay,
    List(&'static Kind),
    /// A mapping whose keys are names that the user chooses.
    Map(&'static Kind),
    Table(&'static Table),
    Either(&'static [Kind]),
}

impl Table {
    pub(super) fn keys(&self) -> impl Iterator<Item = &'static Key> {
        self.parts.iter().copied().flatten()
    }

    pub(super) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys().find(|key| key.name == name)
    }
}
