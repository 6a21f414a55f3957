//! What becomes of a task, case by case, and of the failing night of twelve.

use super::*;
use crate::model::RunId;
use crate::queries::queued_runs::QueuedLine;
use crate::queries::status::facts::NightWindow;
use crate::queries::status::fixtures::{at, facts, failing_night, night, not_run, row, run};
use crate::queries::status::gather::note_queued;
use crate::store::KnownTask;

const WINDOW: (&str, &str) = ("24T08:00", "25T08:00");

fn judged(facts: &NightFacts) -> NightLine {
    let (since, now) = WINDOW;
    judge(
        facts,
        NightWindow {
            since: at(since),
            now: at(now),
        },
    )
}

/// State, outcome and whether it needs a look.
fn said(facts: &NightFacts) -> (NightState, Option<OutcomeKind>, bool) {
    let line = judged(facts);
    (line.state, line.outcome, line.attention)
}

#[test]
fn each_of_the_twelve_is_what_it_was() {
    let lines: Vec<String> = night()
        .iter()
        .map(|facts| {
            let line = judged(facts);
            let look = if line.attention { "LOOK" } else { "-" };
            let command = line.command_line.as_deref().unwrap_or("-");
            format!(
                "{}: {} {} {look}; {command}",
                line.name,
                line.state.as_str(),
                line.word()
            )
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn the_night_is_counted() {
    let night = failing_night();
    assert_eq!(
        (night.due, night.succeeded, night.suspect, night.attention),
        (12, 2, 1, 9)
    );
    assert_eq!(
        night.verdict,
        "2 of the 12 collectors that were due since Tue 08:00 UTC succeeded; 9 need a look."
    );
    assert!(
        night
            .tasks
            .iter()
            .all(|line| !line.attention || line.cause.is_some())
    );
    assert!(night.problems.is_empty());
}

#[test]
fn what_is_older_is_not_due_and_keeps_its_values() {
    let mut old = run(TaskStatus::Failed, "exited with code 1");
    old.slot = Some(at("23T04:10"));
    old.run_started_at = at("23T04:10");
    let mut weekly = facts("g", "a", Some(old));
    weekly.due = None;
    weekly.slots.newest = None;
    let line = judged(&weekly);
    assert_eq!(
        (line.state, line.outcome, line.attention),
        (NightState::NotDue, None, false)
    );
    assert!(line.run.is_some() && line.duration_ms.is_some());
}

#[test]
fn what_goes_on_goes_on() {
    let mut running = facts("g", "a", Some(run(TaskStatus::Running, "")));
    assert_eq!(said(&running), (NightState::Running, None, false));
    // A later slot was skipped because of it.
    let mut later = row("g", "a", LedgerState::Skipped, Some("run x still went on"));
    later.slot = at("25T04:25");
    running.slots.newest = Some(later.clone());
    running.due = Some(at("25T04:25"));
    assert_eq!(said(&running), (NightState::Running, None, false));
    // Once it has ended, the newest slot decides.
    let mut ended = facts("g", "a", Some(run(TaskStatus::Succeeded, "")));
    ended.slots.newest = Some(later);
    assert_eq!(
        said(&ended),
        (NightState::Skipped, Some(OutcomeKind::Skipped), true)
    );
    assert_eq!(
        said(&facts("g", "a", Some(run(TaskStatus::Pending, "")))),
        (NightState::Waiting, None, false)
    );
}

#[test]
fn a_run_by_hand_after_the_slot_decides() {
    let mut again = run(TaskStatus::Succeeded, "");
    again.run = RunId::new("20261125-073000-000001");
    again.run_started_at = at("25T07:30");
    again.begun_at = Some(at("25T07:30"));
    again.slot = None;
    let mut facts = not_run("g", "a", LedgerState::Missed, "no scheduler ran then");
    facts.newest = Some(again);
    let line = judged(&facts);
    assert_eq!(
        (line.state, line.slot, line.attention),
        (NightState::Ran, None, false)
    );
}

#[test]
fn who_had_no_turn_was_not_due() {
    for cause in ["no new release", "group g is paused since 2026-11-24T00:00:00Z"] {
        let facts = not_run("g", "a", LedgerState::Skipped, cause);
        assert_eq!(said(&facts), (NightState::NotDue, None, false), "{cause}");
    }
    let mut disabled = facts("g", "a", None);
    disabled.task.enabled = false;
    assert_eq!(said(&disabled), (NightState::NotDue, None, false));
}

#[test]
fn a_lost_run_of_a_slot_is_unknown() {
    let mut facts = facts("g", "a", Some(run(TaskStatus::Lost, "its process is gone")));
    assert_eq!(said(&facts), (NightState::Ran, Some(OutcomeKind::Lost), true));
    facts.slots.newest.as_mut().unwrap().state = LedgerState::Unknown;
    assert_eq!(said(&facts), (NightState::Unknown, Some(OutcomeKind::Lost), true));
}

#[test]
fn a_slot_without_a_trace_was_missed_where_there_should_be_one() {
    let trace_less = |known: bool, before: bool| {
        let mut facts = not_run("g", "a", LedgerState::Missed, "");
        facts.slots.newest = None;
        facts.known_since = known.then(|| at("01T00:00"));
        if !before {
            facts.newest = None;
        }
        facts
    };
    let missed = (NightState::Missed, None, true);
    let nothing = (NightState::NotDue, None, false);
    assert_eq!(said(&trace_less(true, true)), missed);
    assert_eq!(said(&trace_less(true, false)), missed);
    assert_eq!(said(&trace_less(false, true)), missed);
    // It has never been run by anybody.
    assert_eq!(said(&trace_less(false, false)), nothing);
    // It is in the timetable only since the slot.
    let mut new = trace_less(true, true);
    new.known_since = Some(at("25T04:10"));
    assert_eq!(said(&new), nothing);
    // Cron has its own times.
    let mut cron = trace_less(false, true);
    let newest = cron.newest.as_mut().unwrap();
    newest.run_started_at = at("25T02:00");
    newest.slot = None;
    assert_eq!(
        said(&cron),
        (NightState::Ran, Some(OutcomeKind::Succeeded), false)
    );
    // It is given a minute to begin.
    let mut now = trace_less(true, true);
    now.due = Some(at("25T08:00"));
    assert_eq!(said(&now), nothing);
}

#[test]
fn a_slot_that_waits_for_a_run_of_its_group_is_not_missed() {
    let mut waits = not_run("g", "a", LedgerState::Missed, "");
    waits.slots.newest = None;
    waits.busy = Some(RunId::new("20261125-030000-000001"));
    let line = judged(&waits);
    assert_eq!((line.state, line.attention), (NightState::Waiting, false));
    assert_eq!(
        line.cause.as_deref(),
        Some("waits until run 20261125-030000-000001 of its group has ended")
    );
}

fn queued(run: &str, at: Timestamp) -> QueuedLine {
    QueuedLine {
        run: RunId::new(run),
        schedule: "default".to_owned(),
        group: Some("g".to_owned()),
        state: "queued",
        queued_at: at,
        waits: "there is no worker".to_owned(),
        tasks: vec![KnownTask {
            group: "g".to_owned(),
            name: "a".to_owned(),
            command: "a".to_owned(),
        }],
        is_stuck: true,
    }
}

#[test]
fn what_no_worker_has_taken_waits_and_says_how_long_and_why() {
    let now = at(WINDOW.1);
    // The slot is taken, and its run waits: behind one of before, which comes first.
    let mut due = not_run("g", "a", LedgerState::Due, "");
    due.slots.newest.as_mut().unwrap().run = Some(RunId::new("first"));
    let other = facts("g", "b", Some(run(TaskStatus::Succeeded, "")));
    let mut all = [due, other];
    let lines = [queued("second", at("25T07:59")), queued("first", at("25T07:55"))];
    note_queued(&mut all, &lines, now);
    let line = judged(&all[0]);
    assert_eq!(
        (line.state, line.outcome, line.attention),
        (NightState::Waiting, None, false)
    );
    assert_eq!(
        line.cause.as_deref(),
        Some("in the queue for 5m 00s: there is no worker")
    );
    assert_eq!(line.run, Some(RunId::new("first")));
    assert_eq!(line.slot, Some(at("25T04:10")));
    assert_eq!((line.started_at, line.duration_ms), (None, None));
    assert_eq!(
        said(&all[1]),
        (NightState::Ran, Some(OutcomeKind::Succeeded), false)
    );
    // What goes on is said before what waits behind it; a run that is back in the queue waits.
    let mut running = [facts("g", "a", Some(run(TaskStatus::Running, "")))];
    note_queued(&mut running, &lines, now);
    assert_eq!(judged(&running[0]).state, NightState::Running);
    let back = run(TaskStatus::Pending, "");
    let lines = [queued(back.run.as_str(), at("25T07:55"))];
    let mut pending = [facts("g", "a", Some(back))];
    note_queued(&mut pending, &lines, now);
    assert_eq!(
        judged(&pending[0]).cause.as_deref(),
        Some("in the queue for 5m 00s: there is no worker")
    );
}
