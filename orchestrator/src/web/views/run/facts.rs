//! What a run is and was: its name, its result in words, the facts in a row.

use jiff::Timestamp;

use crate::events::{RecordCounts, SlotRef};
use crate::queries::run_details::RunDetails;
use crate::store::{RunHeader, RunStatus, TaskState};
use crate::web::views::home::often::name;
use crate::web::views::look::{FROM_WORST, OutcomeLook};
use crate::web::views::moment::{ShownMoment, about};
use crate::web::views::numbers::{brought, grouped, took};

/// A name and its value.
pub(crate) type Fact = (&'static str, String);

/// Who had a hand in a run, by the names of their tokens; and why, in their words.
#[derive(Debug, Default)]
pub(crate) struct Hands {
    pub(crate) begun: Option<String>,
    pub(crate) cancelled: Option<String>,
    pub(crate) note: Option<String>,
}

/// What people call a run: the group that it was narrowed to, the entry whose slot it took, or
/// what was asked for.
pub(crate) fn title(header: &RunHeader, slot: Option<&SlotRef>, tasks: &[(&str, &str)]) -> String {
    match (&header.group, slot, tasks) {
        (Some(group), None, [(only, task)]) if group == only => format!("{group}/{task}"),
        (Some(group), ..) => group.clone(),
        (None, Some(slot), _) => name(&slot.entry),
        (None, None, [(group, task)]) => format!("{group}/{task}"),
        (None, None, _) => header.schedule.clone(),
    }
}

/// How it ended as a whole: the worst of its tasks.
pub(crate) fn look(header: &RunHeader, words: &[&str]) -> OutcomeLook {
    if header.finished_at.is_none() {
        return OutcomeLook::of("running");
    }
    if header.state == RunStatus::Lost {
        return OutcomeLook::of("lost");
    }
    let worst = FROM_WORST
        .iter()
        .find(|worst| words.contains(worst) && (**worst != "skipped" || header.succeeded == 0));
    OutcomeLook::of(worst.copied().unwrap_or("succeeded"))
}

/// `4 of 5 succeeded, 1 timed out`.
pub(crate) fn result(words: &[&str]) -> String {
    let count = |word: &str| words.iter().filter(|other| **other == word).count();
    let mut said = vec![format!("{} of {} succeeded", count("succeeded"), words.len())];
    let mut told = vec!["succeeded"];
    for word in words {
        if !told.contains(word) {
            told.push(word);
            said.push(format!("{} {}", count(word), OutcomeLook::of(word).word));
        }
    }
    said.join(", ")
}

/// The fact that changes by itself.
pub(crate) const RUNS_FOR: &str = "Runs for";

/// How long it took, or has run so far.
pub(crate) fn duration(header: &RunHeader, now: Timestamp) -> String {
    let end = header.finished_at.unwrap_or(now);
    let duration = end.duration_since(header.started_at).as_millis();
    took(u64::try_from(duration).unwrap_or_default())
}

/// The facts of a run.
pub(crate) fn facts(details: &RunDetails, hands: &Hands, now: Timestamp) -> Vec<Fact> {
    let header = &details.record.header;
    let began = ShownMoment::new(header.started_at, now);
    let late = details.slot.as_ref().map(|slot| late(slot, header));
    let mut facts = vec![(
        "Began",
        format!("{} {} UTC{}", began.day, began.seconds, late.unwrap_or_default()),
    )];
    let duration = duration(header, now);
    facts.push(match header.finished_at {
        Some(_) => ("Took", duration),
        None => (RUNS_FOR, duration),
    });
    facts.push((
        "Started by",
        match &details.slot {
            Some(slot) => format!("timetable, slot {}", ShownMoment::new(slot.at, now).short),
            None => hands.begun.clone().unwrap_or_else(|| "hand".to_owned()),
        },
    ));
    if let Some(note) = &hands.note {
        facts.push(("Because", note.clone()));
    }
    if let Some(by) = &hands.cancelled {
        facts.push(("Cancelled by", by.clone()));
    }
    facts.push(("Asked for", header.schedule.clone()));
    facts.push(("On", format!("{}, pid {}", header.owner.host, header.owner.pid)));
    let counts = sum(&details.record.tasks);
    if let Some(counts) = counts {
        let words = brought(counts);
        let words = match words.is_empty() {
            true => format!("nothing new, {} unchanged", grouped(counts.unchanged)),
            false => words,
        };
        facts.push(("Brought", words));
    }
    if let Some(code) = header.exit_code {
        facts.push(("Exit", code.to_string()));
    }
    facts
}

fn late(slot: &SlotRef, header: &RunHeader) -> String {
    let late = header.started_at.duration_since(slot.at);
    match std::time::Duration::try_from(late) {
        Ok(late) if late.as_secs() > 0 => format!(", {} after its slot", about(late)),
        Ok(late) => format!(", {} ms after its slot", late.as_millis()),
        Err(_) => String::new(),
    }
}

fn sum(tasks: &[TaskState]) -> Option<RecordCounts> {
    let counts = tasks.iter().filter_map(|task| task.summary.records);
    counts.reduce(|sum, counts| RecordCounts {
        new: sum.new + counts.new,
        changed: sum.changed + counts.changed,
        unchanged: sum.unchanged + counts.unchanged,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_names_what_was_not_well() {
        assert_eq!(result(&["succeeded", "succeeded"]), "2 of 2 succeeded");
        assert_eq!(
            result(&["succeeded", "timed_out", "skipped", "timed_out"]),
            "1 of 4 succeeded, 2 timed out, 1 skipped"
        );
        assert_eq!(result(&[]), "0 of 0 succeeded");
    }
}
