//! A mapping seen through its table of keys: unknown keys are reported when it
//! is opened, required ones when they are asked for.

use super::codes::Code;
use super::keys::{FREE_PREFIX, Table};
use super::node::{Entry, Node, Value};
use super::report::{Problem, Report};
use super::suggest::{choices, nearest, quote};

/// The entries of a mapping whose keys have a meaning.
pub(super) struct Fields<'n> {
    entries: &'n [Entry],
    table: &'static Table,
    at: usize,
}

impl<'n> Fields<'n> {
    /// `None` if the node is no mapping. Nothing at all is an empty mapping:
    /// that is what is left when every line below a key is commented out.
    pub(super) fn open(node: &'n Node, table: &'static Table, report: &mut Report<'_>) -> Option<Self> {
        let entries: &[Entry] = match &node.value {
            Value::Map(entries) => entries,
            Value::Null => &[],
            _ => {
                wrong_type(node, table.what, "a mapping", &example(table), report);
                return None;
            }
        };
        for entry in entries {
            if table.key(&entry.key).is_none() && !entry.key.starts_with(FREE_PREFIX) {
                report.add(unknown_key(entry, table));
            }
        }
        Some(Self {
            entries,
            table,
            at: node.at,
        })
    }

    /// The value of a key of the table, if the file has it.
    pub(super) fn get(&self, key: &str) -> Option<&'n Node> {
        self.entry(key).map(|entry| &entry.node)
    }

    /// The key with its own place.
    pub(super) fn entry(&self, key: &str) -> Option<&'n Entry> {
        debug_assert!(
            self.table.key(key).is_some(),
            "{key} is not in the table of {}",
            self.table.what
        );
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// The value of a required key; its absence is reported, unless a key was
    /// so misspelt that it is the one.
    pub(super) fn require(&self, key: &str, report: &mut Report<'_>) -> Option<&'n Node> {
        let found = self.get(key);
        let misspelt = || {
            self.entries.iter().any(|entry| {
                self.table.key(&entry.key).is_none()
                    && nearest(&entry.key, self.table.keys().map(|key| key.name)) == Some(key)
            })
        };
        if found.is_none() && !misspelt() {
            let doc = self.table.key(key).map_or("", |key| key.doc);
            let message = format!("{} has no `{key}`", self.table.what);
            report
                .add(Problem::new(Code::MissingKey, self.at, message).hint(format!("add `{key}:` - {doc}")));
        }
        found
    }
}

/// The value of `what` should have been `wanted`.
pub(super) fn wrong_type(node: &Node, what: &str, wanted: &str, hint: &str, report: &mut Report<'_>) {
    if matches!(node.value, Value::Refused) {
        return;
    }
    let message = format!("{what} must be {wanted}, not {}", node.describe());
    report.add(Problem::new(Code::WrongType, node.at, message).hint(hint));
}

/// The items of a list; nothing at all is an empty one.
pub(super) fn list<'n>(node: &'n Node, what: &str, example: &str, report: &mut Report<'_>) -> &'n [Node] {
    match &node.value {
        Value::List(items) => items,
        Value::Null => &[],
        _ => {
            wrong_type(node, what, "a list", example, report);
            &[]
        }
    }
}

fn unknown_key(entry: &Entry, table: &Table) -> Problem {
    let names = || table.keys().map(|key| key.name);
    let message = format!("{} has no key {}", table.what, quote(&entry.key));
    let hint = match nearest(&entry.key, names()) {
        Some(name) => format!("did you mean `{name}`?"),
        None => format!(
            "it takes {}; keys that begin with `{FREE_PREFIX}` are yours",
            choices(names())
        ),
    };
    Problem::new(Code::UnknownKey, entry.key_at, message).hint(hint)
}

fn example(table: &Table) -> String {
    format!(
        "write it as `key: value` lines; it takes {}",
        choices(table.keys().map(|key| key.name))
    )
}
