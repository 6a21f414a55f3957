//! Tasks that read a collection before those that write it have run, in the same batch of the
//! timetable: the order in which the file has them, beside what they did in the last thirty
//! days. Pure. Who writes a collection that the task itself delivers to is not waited for.

use std::collections::BTreeSet;

use crate::model::{Cadence, Entry, Schedule, Task, timetable};
use crate::records::{CollectionUse, Edge};

/// A task that reads too early.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct EarlyRead {
    pub(crate) group: String,
    pub(crate) reader: String,
    pub(crate) collection: String,
    /// The first task after it that writes the collection.
    pub(crate) writer: String,
}

impl EarlyRead {
    /// For people.
    pub(crate) fn message(&self) -> String {
        let Self {
            group,
            reader,
            collection,
            writer,
        } = self;
        format!("{group}/{reader} reads {collection} before {writer} has written it tonight")
    }

    /// What to do about it.
    pub(crate) fn hint(&self) -> String {
        format!("in the schedule, move {} above {}", self.writer, self.reader)
    }
}

/// Those of a schedule, each once, in order of group and name.
pub(crate) fn early_reads(schedule: &Schedule, edges: &[Edge]) -> BTreeSet<EarlyRead> {
    let entries = timetable(schedule);
    entries.iter().flat_map(|entry| of_entry(entry, edges)).collect()
}

fn of_entry(entry: &Entry<'_>, edges: &[Edge]) -> Vec<EarlyRead> {
    let tasks = entry.tasks();
    let mut found = Vec::new();
    for (place, reader) in tasks.iter().enumerate() {
        for read in edges.iter().filter(|edge| is(edge, reader, CollectionUse::Read)) {
            let writes = |task: &&&Task| {
                let is_write =
                    |edge: &Edge| edge.collection == read.collection && is(edge, task, CollectionUse::Write);
                edges.iter().any(is_write)
            };
            let before = tasks[..=place].iter().find(writes);
            let after = tasks[place + 1..].iter().filter(writes);
            let together = |task: &&&Task| share_a_day(&reader.cadence, &task.cadence);
            if before.is_none()
                && let Some(writer) = after.into_iter().find(together)
            {
                found.push(EarlyRead {
                    group: reader.group.to_string(),
                    reader: reader.name.to_string(),
                    collection: read.collection.clone(),
                    writer: writer.name.to_string(),
                });
            }
        }
    }
    found
}

fn is(edge: &Edge, task: &Task, direction: CollectionUse) -> bool {
    edge.direction == direction && edge.group == task.group.as_str() && edge.name == task.name.as_str()
}

/// Whether both may be due in one batch.
fn share_a_day(one: &Cadence, other: &Cadence) -> bool {
    match (one, other) {
        (Cadence::Weekly(one), Cadence::Weekly(other)) => one == other,
        (Cadence::Monthly(one), Cadence::Monthly(other)) => one == other,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::civil::Weekday;

    use super::*;
    use crate::model::RunId;
    use crate::model::fixtures::{group, interval, monthly, schedule, weekly};

    fn edge(direction: CollectionUse, name: &str, collection: &str) -> Edge {
        Edge {
            collection: collection.to_owned(),
            direction,
            group: "g".to_owned(),
            name: name.to_owned(),
            command: name.to_owned(),
            run: RunId::new("r"),
            at: Timestamp::UNIX_EPOCH,
        }
    }

    fn found(tasks: &[(&str, Cadence)], edges: &[(CollectionUse, &str, &str)]) -> Vec<String> {
        let edges: Vec<Edge> = edges
            .iter()
            .map(|(direction, name, collection)| edge(*direction, name, collection))
            .collect();
        let schedule = schedule([group("g", "UTC", "04:10", tasks)]);
        let early = early_reads(&schedule, &edges);
        early.iter().map(EarlyRead::message).collect()
    }

    use Cadence::Daily;
    use CollectionUse::{Read, Write};

    #[test]
    fn who_reads_before_it_is_written_is_told() {
        let edges = [(Read, "usage", "lib"), (Write, "library", "lib")];
        let said = "g/usage reads lib before library has written it tonight";
        assert_eq!(found(&[("usage", Daily), ("library", Daily)], &edges), [said]);
        assert_eq!(found(&[("library", Daily), ("usage", Daily)], &edges), [""; 0]);
        assert_eq!(
            found(
                &[("usage", monthly(3)), ("library", weekly(Weekday::Monday))],
                &edges
            ),
            [said],
            "they meet on some days"
        );
    }

    #[test]
    fn who_cannot_be_too_early_is_not_told() {
        let edges = [
            (Read, "usage", "lib"),
            (Write, "library", "lib"),
            (Write, "other", "lib"),
        ];
        for tasks in [
            // Never on one day.
            [
                ("usage", weekly(Weekday::Monday)),
                ("library", weekly(Weekday::Friday)),
            ],
            [("usage", monthly(3)), ("library", monthly(4))],
            // In another entry of the timetable.
            [("usage", Daily), ("library", interval(15))],
        ] {
            assert_eq!(found(&tasks, &edges), [""; 0], "{tasks:?}");
        }
        // Somebody has written it by then.
        assert_eq!(
            found(&[("other", Daily), ("usage", Daily), ("library", Daily)], &edges),
            [""; 0]
        );
        // It is its own.
        let own = [
            (Read, "usage", "lib"),
            (Write, "usage", "lib"),
            (Write, "library", "lib"),
        ];
        assert_eq!(found(&[("usage", Daily), ("library", Daily)], &own), [""; 0]);
    }
}
