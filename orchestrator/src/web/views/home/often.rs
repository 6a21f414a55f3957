//! Entries that come many times a night, as ticks along the hours: each slot one tick, by the
//! worst that became of it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::store::{LedgerState, SlotOutcome};
use crate::web::views::look::{FROM_WORST, OutcomeLook};

/// How wide the box of the ticks is.
pub(crate) const WIDTH: i64 = 276;

/// An entry and its ticks.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct OftenRow {
    pub(crate) name: String,
    pub(crate) slots: usize,
    /// For each look the path of its ticks.
    pub(crate) ticks: Vec<(OutcomeLook, String)>,
    pub(crate) share: String,
    pub(crate) more: String,
}

/// The entries of these slots, by name.
pub(crate) fn often(slots: &[SlotOutcome], since: Timestamp, now: Timestamp) -> Vec<OftenRow> {
    let mut entries: BTreeMap<&str, BTreeMap<Timestamp, &'static str>> = BTreeMap::new();
    for slot in slots {
        let word = word(slot);
        let slots = entries.entry(&slot.row.entry).or_default();
        let worst = slots.entry(slot.row.slot).or_insert(word);
        if rank(word) < rank(worst) {
            *worst = word;
        }
    }
    entries
        .into_iter()
        .map(|(entry, slots)| row(entry, &slots, since, now))
        .collect()
}

fn row(entry: &str, slots: &BTreeMap<Timestamp, &'static str>, since: Timestamp, now: Timestamp) -> OftenRow {
    let whole = now.duration_since(since).as_secs().max(1);
    let mut ticks: Vec<(OutcomeLook, String, usize)> = Vec::new();
    for (slot, word) in slots {
        let look = OutcomeLook::of(word);
        let x = slot.duration_since(since).as_secs() * WIDTH / whole;
        // What is bad stands out by its height, too.
        let path = if look.is_bad() {
            format!("M{x} 0v20")
        } else {
            format!("M{x} 4v16")
        };
        match ticks.iter_mut().find(|(other, ..)| *other == look) {
            Some((_, paths, count)) => {
                paths.push_str(&path);
                *count += 1;
            }
            None => ticks.push((look, path, 1)),
        }
    }
    let well = slots.values().filter(|word| **word == "succeeded").count();
    let others: Vec<String> = ticks
        .iter()
        .filter(|(look, ..)| look.key != "succeeded")
        .map(|(look, _, count)| format!("{count} {}", look.word))
        .collect();
    OftenRow {
        name: name(entry),
        slots: slots.len(),
        share: format!("{well} of {}", slots.len()),
        more: others.join(", "),
        ticks: ticks.into_iter().map(|(look, path, _)| (look, path)).collect(),
    }
}

/// `interval:15` for people.
pub(crate) fn name(entry: &str) -> String {
    match entry.split_once(':') {
        Some(("interval", "1")) => "every minute".to_owned(),
        Some(("interval", minutes)) => format!("every {minutes} min"),
        Some(("cron", rest)) => rest.split_once(':').map_or(rest, |(_, cron)| cron).to_owned(),
        Some(("group", group)) => group.to_owned(),
        _ => entry.to_owned(),
    }
}

fn rank(word: &str) -> usize {
    let place = FROM_WORST.iter().position(|other| *other == word);
    place.unwrap_or(FROM_WORST.len())
}

/// What became of a task at a slot, in a word.
pub(crate) fn word(slot: &SlotOutcome) -> &'static str {
    match (slot.row.state, slot.outcome) {
        _ if slot.suspect => "suspect",
        (LedgerState::Ran | LedgerState::Due, Some(outcome)) => outcome.as_str(),
        (LedgerState::Ran, None) => "running",
        (LedgerState::Due, None) => "waiting",
        (LedgerState::Skipped, _) => "skipped",
        (LedgerState::Missed, _) => "missed",
        (LedgerState::Unknown, _) => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::OutcomeKind;
    use crate::store::LedgerRow;

    fn slot(at: &str, outcome: OutcomeKind) -> SlotOutcome {
        SlotOutcome {
            row: LedgerRow {
                entry: "interval:15".to_owned(),
                slot: format!("2026-11-30T{at}:00Z").parse().unwrap(),
                group: "g".to_owned(),
                name: "poll".to_owned(),
                state: LedgerState::Ran,
                cause: None,
                run: None,
            },
            outcome: Some(outcome),
            suspect: false,
        }
    }

    #[test]
    fn a_slot_is_as_bad_as_its_worst() {
        let since = "2026-11-29T20:00:00Z".parse().unwrap();
        let now = "2026-11-30T08:00:00Z".parse().unwrap();
        let rows = often(
            &[
                slot("02:00", OutcomeKind::Succeeded),
                slot("02:00", OutcomeKind::TimedOut),
                slot("02:00", OutcomeKind::Succeeded),
                slot("05:00", OutcomeKind::Succeeded),
            ],
            since,
            now,
        );
        let [row] = rows.as_slice() else {
            panic!("{rows:?}");
        };
        assert_eq!(
            (row.name.as_str(), row.share.as_str()),
            ("every 15 min", "1 of 2")
        );
        assert_eq!(row.more, "1 timed out");
        let paths: Vec<(&str, &str)> = row
            .ticks
            .iter()
            .map(|(look, path)| (look.key, path.as_str()))
            .collect();
        assert_eq!(paths, [("timed_out", "M138 0v20"), ("succeeded", "M207 4v16")]);
        assert_eq!(name("cron:UTC:5 */2 * * *"), "5 */2 * * *");
    }
}
