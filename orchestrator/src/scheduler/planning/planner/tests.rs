//! Decisions, one situation after another, without database or clock.

use super::*;
use crate::model::fixtures::{group, schedule};
use crate::model::{Cadence, Schedule, scheduler_timetable};
use crate::scheduler::planning::rows::Circumstances;
use crate::scheduler::planning::situation::ClaimedSlots;

fn at(text: &str) -> Timestamp {
    format!("2026-11-{text}:00Z").parse().unwrap()
}

/// A batch at 04:10 in which one task waits for releases, and a check every hour.
fn waiting(overlap: Overlap) -> Schedule {
    let tasks = [("c", Cadence::Daily), ("s", Cadence::OnRelease)];
    let mut waiting = schedule([group("g", "UTC", "04:10", &tasks)]);
    waiting.groups[0].overlap = overlap;
    waiting.release.poll = Some(std::time::Duration::from_secs(3600));
    waiting
}

fn daily(overlap: Overlap) -> Schedule {
    let mut daily = schedule([group("g", "UTC", "04:10", &[("c", Cadence::Daily)])]);
    daily.groups[0].overlap = overlap;
    daily
}

/// A timetable that does not change, and a planner.
struct Desk<'t, 'a> {
    planner: Planner,
    situation: Situation<'t, 'a>,
}

impl<'t, 'a> Desk<'t, 'a> {
    fn new(schedule: &'a Schedule, timetable: &'t [Entry<'a>]) -> Self {
        Self {
            planner: Planner::new(|now| RunId::at(now, 0)),
            situation: Situation {
                schedule,
                timetable,
                circumstances: Circumstances::default(),
                claimed: ClaimedSlots::new(),
            },
        }
    }

    fn decide(&mut self, event: SlotEvent, now: &str) -> Vec<String> {
        let decisions = self.planner.decide(&self.situation, event, at(now));
        decisions.iter().map(shown).collect()
    }

    /// Slots of an entry come, to be run.
    fn come(&mut self, entry: usize, slots: &[&str]) -> Vec<String> {
        let now = slots[slots.len() - 1];
        let slots = slots.iter().map(|slot| (at(slot), SlotVerdict::Run)).collect();
        self.decide(SlotEvent::Due(vec![Due { entry, slots }]), now)
    }

    fn end(&mut self, entry: usize, slot: &str, end: SlotEnd) -> Vec<String> {
        let key = self.situation.timetable[entry].key().clone();
        let slot = at(slot);
        self.decide(SlotEvent::Ended { key, slot, end }, "25T06:00")
    }

    fn check(&mut self, entry: usize, slot: &str, release: Release) -> Vec<String> {
        let checked = SlotEvent::ReleasesChecked {
            key: self.situation.timetable[entry].key().clone(),
            slot: at(slot),
            release,
            source: self.situation.schedule.release.clone(),
        };
        self.decide(checked, "25T06:00")
    }
}

/// A decision in a few words.
fn shown(decision: &Decision) -> String {
    let time = |slot: &Timestamp| slot.strftime("%dT%H:%M").to_string();
    match decision {
        Decision::PassOver(skip) => {
            let causes: Vec<&str> = skip.causes.iter().map(|cause| cause.as_str()).collect();
            format!("pass over {}: {}", time(&skip.passed.slot.at), causes.join(", "))
        }
        Decision::NotifyMissed(missed) => format!("notify {}", time(&missed.slot.at)),
        Decision::CheckReleases { key, slot, .. } => format!("check for {key} {}", time(slot)),
        Decision::ReportReleases { answer, .. } => format!("report {answer}"),
        Decision::Start(start) => format!(
            "start {} {} tasks",
            time(&start.slot),
            start.plan.plan.tasks.len()
        ),
        Decision::Leave { slot, .. } => format!("leave {}", time(slot)),
        Decision::Drop { slot, .. } => format!("drop {}", time(slot)),
    }
}

#[test]
fn a_slot_that_overlaps_is_passed_over_and_notified_or_waits() {
    let schedule = daily(Overlap::Skip);
    let timetable = scheduler_timetable(&schedule);
    let mut desk = Desk::new(&schedule, &timetable);
    assert_eq!(desk.come(0, &["24T04:10"]), ["start 24T04:10 1 tasks"]);
    assert_eq!(
        desk.come(0, &["25T04:10"]),
        ["pass over 25T04:10: overlap", "notify 25T04:10"]
    );
    assert_eq!(desk.end(0, "24T04:10", SlotEnd::Over), [""; 0]);

    let schedule = daily(Overlap::Queue);
    let timetable = scheduler_timetable(&schedule);
    let mut desk = Desk::new(&schedule, &timetable);
    desk.come(0, &["24T04:10"]);
    assert_eq!(desk.come(0, &["25T04:10"]), [""; 0]);
    assert_eq!(desk.end(0, "24T04:10", SlotEnd::Over), ["start 25T04:10 1 tasks"]);
}

#[test]
fn a_run_elsewhere_is_given_way_to_or_was_waited_for() {
    let schedule = daily(Overlap::Skip);
    let timetable = scheduler_timetable(&schedule);
    let mut desk = Desk::new(&schedule, &timetable);
    desk.come(0, &["24T04:10"]);
    // What it was planned for may be done by now: it is planned anew.
    assert_eq!(
        desk.end(0, "24T04:10", SlotEnd::Waited),
        ["start 24T04:10 1 tasks"]
    );
    let busy = SlotEnd::Busy(RunId::new("there"));
    assert_eq!(desk.end(0, "24T04:10", busy), ["pass over 24T04:10: overlap"]);
}

#[test]
fn a_slot_is_planned_when_it_is_known_whether_there_is_a_release() {
    let schedule = waiting(Overlap::Skip);
    let timetable = scheduler_timetable(&schedule);
    let mut desk = Desk::new(&schedule, &timetable);
    assert_eq!(desk.come(0, &["24T04:10"]), ["check for group:g 24T04:10"]);
    assert_eq!(
        desk.check(0, "24T04:10", Release::New),
        ["report new", "start 24T04:10 2 tasks"]
    );
    desk.end(0, "24T04:10", SlotEnd::Over);
    // A check that finds nothing, or nothing out, has its rows and no run; the batch that
    // waited behind it follows.
    assert_eq!(desk.come(1, &["24T05:00"]), ["check for release:g 24T05:00"]);
    assert_eq!(desk.come(0, &["25T04:10"]), [""; 0]);
    assert_eq!(
        desk.check(1, "24T05:00", Release::Unknown("no network".into())),
        [
            "report unknown",
            "pass over 24T05:00: release_unknown",
            "check for group:g 25T04:10"
        ]
    );
    assert_eq!(
        desk.check(0, "25T04:10", Release::None),
        ["report none", "start 25T04:10 1 tasks"]
    );
}

#[test]
fn another_place_to_look_is_asked_again() {
    let schedule = waiting(Overlap::Skip);
    let timetable = scheduler_timetable(&schedule);
    let mut desk = Desk::new(&schedule, &timetable);
    desk.come(0, &["24T04:10"]);
    let before = SlotEvent::ReleasesChecked {
        key: timetable[0].key().clone(),
        slot: at("24T04:10"),
        release: Release::New,
        source: ReleaseSource::default(),
    };
    assert_eq!(desk.decide(before, "24T04:11"), ["check for group:g 24T04:10"]);
}

#[test]
fn without_its_entry_a_slot_is_left_and_what_waits_is_dropped() {
    let schedule = daily(Overlap::Queue);
    let timetable = scheduler_timetable(&schedule);
    let mut desk = Desk::new(&schedule, &timetable);
    desk.come(0, &["24T04:10"]);
    desk.come(0, &["25T04:10"]);
    desk.situation = Situation::without_entries(&schedule);
    let stopped = SlotEvent::Ended {
        key: timetable[0].key().clone(),
        slot: at("24T04:10"),
        end: SlotEnd::Stopped,
    };
    assert_eq!(
        desk.decide(stopped, "25T06:00"),
        ["leave 24T04:10", "drop 25T04:10"]
    );
}

#[test]
fn of_slots_that_were_missed_the_newest_is_notified() {
    let schedule = daily(Overlap::Skip);
    let timetable = scheduler_timetable(&schedule);
    let mut desk = Desk::new(&schedule, &timetable);
    let missed = |slot| (at(slot), SlotVerdict::Missed("nobody was there".into()));
    let slots = vec![
        missed("23T04:10"),
        missed("24T04:10"),
        (at("25T04:10"), SlotVerdict::Run),
    ];
    assert_eq!(
        desk.decide(SlotEvent::Due(vec![Due { entry: 0, slots }]), "25T05:00"),
        [
            "pass over 23T04:10: missed",
            "pass over 24T04:10: missed",
            "notify 24T04:10",
            "start 25T04:10 1 tasks"
        ]
    );
}
