//! A mapping seen through its table of keys: unknown keys are reported when it
//! is opened, required ones when they are asked for.

use crate::config::problems::codes::Code;
use crate::config::problems::gather::{Problem, Problems};
use crate::config::problems::suggest::{enumerate, quote};
use crate::config::schedule::keys::{FREE_PREFIX, TABLES};
use crate::config::table::{KeyTable, Kind};
use crate::config::yaml::node::{MERGE_KEY, MapEntry, Node, Value};
use crate::model::nearest;

/// The entries of a mapping whose keys have a meaning.
pub(crate) struct Fields<'n> {
    entries: &'n [MapEntry],
    table: &'static KeyTable,
    /// "the group `github`": where it has a name.
    what: String,
    at: usize,
}

impl<'n> Fields<'n> {
    /// As [`Self::open`], for a mapping that is the value of a key with a name of
    /// the user's: what is missing in it is missed there.
    pub(crate) fn open_named(
        entry: &'n MapEntry,
        table: &'static KeyTable,
        report: &mut Problems<'_>,
    ) -> Option<Self> {
        let mut fields = Self::open(&entry.node, table, report)?;
        fields.what = format!("{} {}", table.what.replacen("a ", "the ", 1), quote(&entry.key));
        fields.at = entry.key_at;
        Some(fields)
    }

    /// `None` if the node is no mapping. Nothing at all is an empty mapping:
    /// that is what is left when every line below a key is commented out.
    pub(crate) fn open(node: &'n Node, table: &'static KeyTable, report: &mut Problems<'_>) -> Option<Self> {
        let entries: &[MapEntry] = match &node.value {
            Value::Map(entries) => entries,
            Value::Null => &[],
            _ => {
                let hint = format!("write it as `key: value` lines; {}", takes(table));
                wrong_type(node, table.what, "a mapping", &hint, report);
                return None;
            }
        };
        for entry in entries {
            if is_unknown(entry, table) {
                report.add(unknown_key(entry, table));
            }
        }
        Some(Self {
            entries,
            table,
            what: table.what.to_owned(),
            at: node.at,
        })
    }

    /// The value of a key of the table, if the file has it.
    pub(crate) fn get(&self, key: &str) -> Option<&'n Node> {
        self.entry(key).map(|entry| &entry.node)
    }

    /// The key with its own place.
    pub(crate) fn entry(&self, key: &str) -> Option<&'n MapEntry> {
        debug_assert!(
            self.table.key(key).is_some(),
            "{key} is not in the table of {}",
            self.table.what
        );
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// What the table says that its value looks like.
    pub(crate) fn kind(&self, key: &str) -> Option<&'static Kind> {
        self.table.key(key).map(|key| &key.kind)
    }

    /// The value of a required key; its absence is reported, unless that is excused.
    pub(crate) fn require(&self, key: &str, report: &mut Problems<'_>) -> Option<&'n Node> {
        let found = self.get(key);
        if found.is_none() && !self.is_excused(key) {
            let doc = self.table.key(key).map_or("", |key| key.doc);
            let message = format!("{} has no `{key}`", self.what);
            report.add(Problem::new(Code::MissingKey, self.at, message).hint(format!("add `{key}:`. {doc}")));
        }
        found
    }

    /// Whether something that was reported already explains that a key is missing: an unknown
    /// key that was probably meant as it, or a merge that may have brought it.
    pub(crate) fn is_excused(&self, key: &str) -> bool {
        let mut unknown = self.entries.iter().filter(|entry| is_unknown(entry, self.table));
        self.entries.iter().any(|entry| entry.key == MERGE_KEY)
            || unknown.any(|entry| nearest(&entry.key, names(self.table)) == Some(key))
    }
}

fn is_unknown(entry: &MapEntry, table: &KeyTable) -> bool {
    // The reader has reported a merge.
    table.key(&entry.key).is_none() && !entry.key.starts_with(FREE_PREFIX) && entry.key != MERGE_KEY
}

/// The value of `what` should have been `wanted`.
pub(crate) fn wrong_type(node: &Node, what: &str, wanted: &str, hint: &str, report: &mut Problems<'_>) {
    if matches!(node.value, Value::Refused) {
        return;
    }
    let message = format!("{what} must be {wanted}, not {}", node.describe());
    report.add(Problem::new(Code::WrongType, node.at, message).hint(hint));
}

/// The items of a list; nothing at all is an empty one.
pub(crate) fn list<'n>(node: &'n Node, what: &str, example: &str, report: &mut Problems<'_>) -> &'n [Node] {
    match &node.value {
        Value::List(items) => items,
        Value::Null => &[],
        _ => {
            wrong_type(node, what, "a list", example, report);
            &[]
        }
    }
}

fn unknown_key(entry: &MapEntry, table: &KeyTable) -> Problem {
    let message = format!("{} has no key {}", table.what, quote(&entry.key));
    let elsewhere = TABLES.iter().find(|other| other.key(&entry.key).is_some());
    let hint = match (elsewhere, nearest(&entry.key, names(table))) {
        (Some(other), Some(name)) => {
            format!(
                "did you mean `{name}`? `{}` is a key of {}",
                entry.key, other.what
            )
        }
        (Some(other), None) => format!("`{}` is a key of {}", entry.key, other.what),
        (None, Some(name)) => format!("did you mean `{name}`?"),
        (None, None) => format!("{}; keys that begin with `{FREE_PREFIX}` are yours", takes(table)),
    };
    Problem::new(Code::UnknownKey, entry.key_at, message).hint(hint)
}

fn names(table: &KeyTable) -> impl Iterator<Item = &'static str> {
    table.keys().map(|key| key.name)
}

fn takes(table: &KeyTable) -> String {
    format!("it takes {}", enumerate(names(table), "and"))
}
