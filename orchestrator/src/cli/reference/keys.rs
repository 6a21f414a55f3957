//! The keys of the two YAML files, from the tables that the loader works by. A key that several
//! mappings share is one entry with several places.

use crate::cli::reference::entry::{ReferenceEntry, Topic};
use crate::config::schedule::keys::SCHEDULE;
use crate::config::settings::keys::SETTINGS;
use crate::config::table::{Key, KeyTable, Kind};

pub(crate) fn of_schedule() -> Vec<ReferenceEntry> {
    of_file(Topic::Schedule, &SCHEDULE)
}

pub(crate) fn of_settings() -> Vec<ReferenceEntry> {
    of_file(Topic::Settings, &SETTINGS)
}

/// Level by level: what stands further out is read first.
fn of_file(topic: Topic, root: &'static KeyTable) -> Vec<ReferenceEntry> {
    let mut entries: Vec<ReferenceEntry> = Vec::new();
    let mut level = vec![(String::new(), root)];
    while !level.is_empty() {
        let mut inner = Vec::new();
        for (place, table) in level {
            for key in table.keys() {
                add(&mut entries, topic, &place, key);
                let path = match place.as_str() {
                    "" => key.name.to_owned(),
                    place => format!("{place}.{}", key.name),
                };
                tables_in(&key.kind, path, &mut inner);
            }
        }
        level = inner;
    }
    entries
}

fn add(entries: &mut Vec<ReferenceEntry>, topic: Topic, place: &str, key: &Key) {
    let known = entries
        .iter_mut()
        .find(|entry| entry.name == key.name && entry.meaning == key.doc);
    if let Some(known) = known {
        known.places.push(place.to_owned());
        return;
    }
    entries.push(ReferenceEntry {
        topic,
        name: key.name.to_owned(),
        places: vec![place.to_owned()],
        kind: key.kind.in_words(),
        meaning: key.doc.to_owned(),
        required: key.required,
        default: key.default.as_ref().map(ToString::to_string),
        range: key.kind.range(),
        example: Some(format!("{}: {}", key.name, key.example)),
    });
}

fn tables_in(kind: &Kind, path: String, found: &mut Vec<(String, &'static KeyTable)>) {
    match kind {
        Kind::Table(table) => found.push((path, table)),
        Kind::List(inner) | Kind::OrNone(inner) => tables_in(inner, path, found),
        Kind::Map(inner) => tables_in(inner, format!("{path}.*"), found),
        Kind::Either(kinds) => kinds.iter().for_each(|kind| tables_in(kind, path.clone(), found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::schedule::keys::TABLES;

    #[test]
    fn every_key_of_every_table_is_there_with_all_its_places() {
        let entries = of_schedule();
        for key in TABLES.iter().flat_map(|table| table.keys()) {
            assert!(
                entries
                    .iter()
                    .any(|entry| entry.name == key.name && entry.meaning == key.doc),
                "{}",
                key.name
            );
        }
        let memory = entries.iter().find(|entry| entry.name == "memory").unwrap();
        assert_eq!(
            memory.places,
            [
                "defaults.limits",
                "groups.*.limits",
                "groups.*.tasks.limits",
                "workflow.commands.limits"
            ]
        );
        let of_settings = of_settings();
        let after: Vec<&str> = of_settings
            .iter()
            .filter(|entry| entry.name == "after")
            .map(|entry| entry.places[0].as_str())
            .collect();
        assert_eq!(after, ["notify", "dead_man"]);
    }
}
