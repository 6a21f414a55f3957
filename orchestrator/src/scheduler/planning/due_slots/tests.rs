//! Absence, clocks that jump, jitter.

mod reference;

use proptest::prelude::*;

use super::*;
use crate::model::fixtures::{any_schedule, group, interval, schedule, weekly};
use crate::model::{Cadence, Group, Schedule, scheduler_timetable, timetable};

fn at(text: &str) -> Timestamp {
    format!("2026-11-{text}Z").parse().unwrap()
}

/// The verdicts when a scheduler that had settled all up to `settled` comes back at `now`.
fn judged(group: Group, settled: &str, now: &str) -> Vec<String> {
    let schedule = schedule([group]);
    let timetable = timetable(&schedule);
    let mut timeline = Timeline::new(&timetable, [at(settled)]);
    let due = timeline.tick(at(now));
    let slots = due.into_iter().flat_map(|due| due.slots);
    slots
        .map(|(slot, verdict)| {
            let word = match verdict {
                SlotVerdict::Run => "run".to_owned(),
                SlotVerdict::Idle => "idle".to_owned(),
                SlotVerdict::Missed(reason) => reason,
            };
            format!("{} {word}", slot.strftime("%dT%H:%M"))
        })
        .collect()
}

fn daily(mode: CatchUpMode, max_age: Option<Duration>) -> Group {
    let mut group = group("g", "UTC", "04:10", &[("c", Cadence::Daily)]);
    group.catch_up = CatchUp { mode, max_age };
    group
}

const DAY: Duration = Duration::from_secs(86_400);

#[test]
fn catch_up_says_what_runs_late() {
    let back = ("20T05:00:00", "23T12:00:00");
    let last = "no scheduler ran then; only the last slot is caught up, that of 2026-11-23T04:10:00Z";
    assert_eq!(
        judged(daily(CatchUpMode::Last, None), back.0, back.1),
        [
            format!("21T04:10 {last}"),
            format!("22T04:10 {last}"),
            "23T04:10 run".to_owned()
        ]
    );
    assert_eq!(
        judged(daily(CatchUpMode::All, None), back.0, back.1),
        ["21T04:10 run", "22T04:10 run", "23T04:10 run"]
    );
    let none = "no scheduler ran then; catch_up is none";
    assert_eq!(
        judged(daily(CatchUpMode::None, None), back.0, back.1),
        ["21", "22", "23"].map(|day| format!("{day}T04:10 {none}"))
    );
    let old = "no scheduler ran then; it is older than max_age (1day)";
    assert_eq!(
        judged(daily(CatchUpMode::All, Some(DAY)), back.0, back.1),
        [
            format!("21T04:10 {old}"),
            format!("22T04:10 {old}"),
            "23T04:10 run".to_owned()
        ]
    );
    assert_eq!(
        judged(daily(CatchUpMode::Last, Some(DAY / 4)), back.0, back.1)
            .last()
            .unwrap(),
        "23T04:10 no scheduler ran then; it is older than max_age (6h)"
    );
}

#[test]
fn a_slot_of_this_minute_fires_whatever_catch_up_says() {
    let none = || daily(CatchUpMode::None, Some(Duration::ZERO));
    assert_eq!(judged(none(), "22T05:00:00", "23T04:10:00"), ["23T04:10 run"]);
    assert_eq!(judged(none(), "22T05:00:00", "23T04:11:00"), ["23T04:10 run"]);
    assert!(judged(none(), "22T05:00:00", "23T04:11:01")[0].contains("catch_up is none"));
    assert_eq!(judged(none(), "22T05:00:00", "23T04:09:59"), [""; 0]);
}

#[test]
fn the_last_slot_is_the_last_at_which_something_was_due() {
    // 2026-11-23 is a Monday.
    let weekly = group(
        "g",
        "UTC",
        "04:10",
        &[("c", weekly(jiff::civil::Weekday::Monday))],
    );
    assert_eq!(
        judged(weekly, "21T05:00:00", "25T12:00:00"),
        ["22T04:10 idle", "23T04:10 run", "24T04:10 idle", "25T04:10 idle"]
    );
}

#[test]
fn after_a_very_long_absence_old_slots_share_a_verdict() {
    let minutely = || group("g", "UTC", "04:10", &[("c", interval(1))]);
    let judged = judged(minutely(), "01T00:00:00", "21T00:00:00");
    let all = 20 * 24 * 60;
    assert_eq!(judged.len(), KEPT + 1);
    assert_eq!(
        judged[0],
        format!(
            "20T07:20 no scheduler ran for a long time; this stands for {} slots from 2026-11-01T00:01:00Z on",
            all - KEPT
        )
    );
    assert_eq!(judged.last().unwrap(), "21T00:00 run");
    assert!(
        judged[1..KEPT - 1]
            .iter()
            .all(|line| line.contains("only the last"))
    );
    assert_eq!(judged[KEPT - 1], "20T23:59 run", "a minute late is not late");
}

#[test]
fn a_clock_that_goes_back_fires_nothing_twice() {
    let schedule = schedule([group("g", "UTC", "04:10", &[("c", interval(15))])]);
    let timetable = timetable(&schedule);
    let mut timeline = Timeline::new(&timetable, [at("23T04:00:00")]);
    assert_eq!(timeline.tick(at("23T04:15:00")).len(), 1);
    assert_eq!(timeline.tick(at("23T03:00:00")), []);
    assert_eq!(timeline.tick(at("23T04:15:00")), []);
    assert_eq!(timeline.next(), Some(at("23T04:30:00")));
    // It jumps ahead instead: the last of the slots runs, the others are said to be missed.
    let due = timeline.tick(at("23T06:00:00"));
    assert_eq!(due[0].slots.len(), 7);
    assert_eq!(due[0].slots[6], (at("23T06:00:00"), SlotVerdict::Run));
}

#[test]
fn jitter_delays_the_start_and_not_the_slot() {
    let mut late = group("g", "UTC", "04:10", &[("c", Cadence::Daily)]);
    late.jitter = Duration::from_secs(3600);
    late.catch_up.mode = CatchUpMode::None;
    let schedule = schedule([late]);
    let timetable = timetable(&schedule);
    let mut timeline = Timeline::new(&timetable, [at("22T05:30:00")]);
    let due_at = timeline.next().unwrap();
    assert!(
        due_at > at("23T04:10:00") && due_at < at("23T05:10:00"),
        "{due_at}"
    );
    assert_eq!(timeline.tick(due_at - SignedDuration::from_nanos(1)), []);
    let due = timeline.tick(due_at);
    // On time, however long the delay.
    assert_eq!(due[0].slots, [(at("23T04:10:00"), SlotVerdict::Run)]);
    assert_eq!(timeline.next(), Some(due_at + SignedDuration::from_hours(24)));
}

/// Looks for releases each quarter of an hour; what the group says of catching up is not
/// about them, nor is its jitter.
fn polled() -> Schedule {
    let mut waiting = group("g", "Europe/Berlin", "02:30", &[("sync", Cadence::OnRelease)]);
    waiting.catch_up.mode = CatchUpMode::None;
    waiting.jitter = DAY;
    let mut schedule = schedule([waiting]);
    schedule.release.poll = Some(DAY / 96);
    schedule
}

#[test]
fn of_release_checks_that_were_slept_through_the_last_is_made() {
    let schedule = polled();
    let timetable = scheduler_timetable(&schedule);
    let checks = &timetable[1..];
    let mut timeline = Timeline::new(checks, [at("22T05:00:00")]);
    assert_eq!(timeline.next(), Some(at("22T05:15:00")), "not delayed");
    let due = timeline.tick(at("22T06:10:00"));
    let words: Vec<_> = due[0]
        .slots
        .iter()
        .map(|(slot, verdict)| (slot.to_string(), verdict))
        .collect();
    assert_eq!(words.len(), 4);
    assert!(
        words[..3]
            .iter()
            .all(|(_, verdict)| matches!(verdict, SlotVerdict::Missed(_)))
    );
    assert_eq!(words[3], ("2026-11-22T06:00:00Z".to_owned(), &SlotVerdict::Run));
    // The clock goes back: nothing is looked for twice. It jumps ahead: once, for all.
    for (now, runs) in [
        ("22T03:00:00", 0),
        ("22T06:14:59", 0),
        ("22T06:15:00", 1),
        ("29T06:00:00", 1),
    ] {
        let due = timeline.tick(at(now));
        let slots = due.iter().flat_map(|due| &due.slots);
        assert_eq!(
            slots.filter(|(_, verdict)| *verdict == SlotVerdict::Run).count(),
            runs,
            "{now}"
        );
    }
}

#[test]
fn clocks_on_walls_move_no_release_check() {
    let schedule = polled();
    let timetable = scheduler_timetable(&schedule);
    // Berlin's clocks go back in that night, and forward in the other.
    for night in ["2026-10-24T20:00:00Z", "2026-03-28T20:00:00Z"] {
        let (mut now, mut seen) = (night.parse::<Timestamp>().unwrap(), Vec::new());
        let end = now + SignedDuration::from_hours(12);
        let mut timeline = Timeline::new(&timetable[1..], [now]);
        while let Some(next) = timeline.next().filter(|&next| next <= end) {
            now = next;
            for due in timeline.tick(now) {
                seen.extend(due.slots.into_iter().map(|(slot, verdict)| {
                    assert_eq!((slot, verdict), (now, SlotVerdict::Run));
                    slot
                }));
            }
        }
        assert_eq!(seen.len(), 12 * 4);
        assert!(
            seen.windows(2)
                .all(|pair| pair[1].duration_since(pair[0]).as_mins() == 15)
        );
    }
}

proptest! {
    /// However often and unevenly it looks, every slot gets exactly one verdict, in order,
    /// and `All` runs the same as a scheduler that never slept.
    #[test]
    fn however_it_sleeps_no_slot_is_lost_or_doubled(
        mut schedule in any_schedule(),
        naps in prop::collection::vec(0..3 * 86_400_i64, 1..20),
    ) {
        for group in &mut schedule.groups {
            group.catch_up.mode = CatchUpMode::All;
        }
        let timetable = timetable(&schedule);
        let from = at("20T00:00:00");
        let mut timeline = Timeline::new(&timetable, timetable.iter().map(|_| from));
        let mut seen = vec![Vec::new(); timetable.len()];
        let mut now = from;
        for nap in naps {
            now += SignedDuration::from_secs(nap);
            for due in timeline.tick(now) {
                seen[due.entry].extend(due.slots);
            }
        }
        for (entry, seen) in timetable.iter().zip(seen) {
            let all: Vec<Timestamp> = entry.slots(from, now).collect();
            if all.len() <= KEPT {
                let slots: Vec<Timestamp> = seen.iter().map(|(slot, _)| *slot).collect();
                prop_assert_eq!(&slots, &all);
            }
            for (slot, verdict) in seen {
                let idle = entry.due(slot).is_empty();
                prop_assert_eq!(idle, verdict == SlotVerdict::Idle);
                if entry.group().is_some() && !idle {
                    prop_assert_eq!(verdict, SlotVerdict::Run);
                }
            }
        }
    }
}
