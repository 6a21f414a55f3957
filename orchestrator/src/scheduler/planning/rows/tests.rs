//! A night of the example schedule, row by row.

use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;
use crate::model::fixtures::{any_schedule, example};
use crate::model::{Because, SkipCause, timetable};

fn at(text: &str) -> Timestamp {
    format!("2026-11-{text}:00Z").parse().unwrap()
}

/// State and cause of each row of the reporting group's batch on Wednesday the 25th.
fn shown(circumstances: &Circumstances, release: Release) -> Vec<String> {
    let mut schedule = example();
    schedule.groups[1].tasks[4].enabled = false;
    let timetable = timetable(&schedule);
    let (_, rows) = planned(&timetable[1], at("25T06:00"), circumstances, release).unwrap();
    rows.iter()
        .map(|row| format!("{} {:?}", row.task.command, row.slot_task().state))
        .collect()
}

#[test]
fn every_task_of_a_batch_has_its_row() {
    assert_eq!(
        shown(&Circumstances::default(), Release::None),
        [
            "report Skipped(\"it is not due on 2026-11-25: monthly on day 3\")",
            "sync Skipped(\"no new release\")",
            "export Skipped(\"it is disabled in the schedule\")",
            "monday_report Skipped(\"it is not due on 2026-11-25: weekly on monday\")",
            "payday Due",
        ]
    );
    let unknown = Release::Unknown("no network".into());
    assert_eq!(shown(&Circumstances::default(), unknown)[1], "sync Due");
}

#[test]
fn an_unknown_release_marks_only_the_tasks_that_wait_for_one() {
    let schedule = example();
    let timetable = timetable(&schedule);
    let unknown = Release::Unknown("no network".into());
    let (plan, _) = planned(&timetable[1], at("25T06:00"), &Circumstances::default(), unknown).unwrap();
    let skipped: Vec<_> = plan
        .tasks
        .iter()
        .map(|planned| (planned.task.command.as_str(), planned.skip.clone()))
        .collect();
    assert_eq!(
        skipped,
        [
            ("sync", Some(Because::ReleaseUnknown("no network".into()))),
            ("export", None),
            ("payday", None)
        ]
    );
}

fn paused(from: &str, until: Option<&str>) -> Circumstances {
    Circumstances {
        pauses: vec![Pause {
            group: "reporting".into(),
            from: at(from),
            until: until.map(at),
        }],
        ..Circumstances::default()
    }
}

#[test]
fn a_pause_holds_back_its_group_while_it_goes_on_and_its_slots_afterwards() {
    let held = |circumstances: &Circumstances| shown(circumstances, Release::None)[4].clone();
    assert_eq!(
        held(&paused("25T05:00", None)),
        "payday Skipped(\"group reporting is paused since 2026-11-25T05:00:00Z\")"
    );
    // Even a slot from before it: nothing is to start now.
    assert!(held(&paused("25T07:00", None)).contains("is paused"));
    assert_eq!(
        held(&paused("25T05:00", Some("25T07:00"))),
        "payday Skipped(\"group reporting was paused from 2026-11-25T05:00:00Z to 2026-11-25T07:00:00Z\")"
    );
    assert_eq!(held(&paused("25T04:00", Some("25T06:00"))), "payday Due");
    assert_eq!(held(&paused("25T06:01", Some("25T07:00"))), "payday Due");
}

#[test]
fn a_pause_of_one_group_leaves_the_others_of_an_interval() {
    let schedule = example();
    let timetable = timetable(&schedule);
    let entry = &timetable[2];
    assert_eq!(entry.key().to_string(), "interval:15");
    let paused = paused("25T05:00", None);
    let (plan, rows) = planned(entry, at("25T06:00"), &paused, Release::NotChecked).unwrap();
    let left: Vec<&str> = plan
        .tasks
        .iter()
        .map(|planned| planned.task.command.as_str())
        .collect();
    assert_eq!(left, ["poll"]);
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[1].reason.as_ref().unwrap().cause(), SkipCause::Paused);
}

#[test]
fn a_task_that_is_new_does_not_run_at_older_slots() {
    let schedule = example();
    let timetable = timetable(&schedule);
    let entry = &timetable[1];
    let mut circumstances = Circumstances::default();
    for task in entry.tasks() {
        let since = if task.command.as_str() == "payday" {
            "25T06:00"
        } else {
            "20T00:00"
        };
        circumstances.since.insert(timetable_row(entry, task), at(since));
    }
    assert_eq!(since(entry, &circumstances), Some(at("20T00:00")));
    assert_eq!(
        shown(&circumstances, Release::None)[4],
        "payday Skipped(\"it is in the timetable only since 2026-11-25T06:00:00Z, which is later\")"
    );
    // Moved, it is new again.
    let mut moved = example();
    moved.groups[1].default_time = Some("07:00".parse().unwrap());
    let moved = crate::model::timetable(&moved)
        .iter()
        .map(|entry| timetable_row(entry, entry.tasks()[0]))
        .nth(1);
    assert_ne!(moved.unwrap(), timetable_row(entry, entry.tasks()[0]));
}

proptest! {
    /// The rows that are due are the plan, in order, for every release answer.
    #[test]
    fn rows_and_plan_agree(schedule in any_schedule(), answer in 0..3, paused in any::<bool>()) {
        let release = || match answer {
            0 => Release::New,
            1 => Release::None,
            _ => Release::Unknown("why".into()),
        };
        let mut circumstances = Circumstances::default();
        if paused {
            circumstances.pauses.push(Pause { group: "g0".into(), from: at("01T00:00"), until: None });
        }
        for entry in &timetable(&schedule) {
            let begin = at("24T00:00");
            for slot in entry.slots(begin, begin + SignedDuration::from_hours(48)).take(4) {
                let (plan, rows) = planned(entry, slot, &circumstances, release()).unwrap();
                let due: Vec<_> = rows.iter().filter(|row| row.reason.is_none()).map(|row| row.task).collect();
                let planned: Vec<_> = plan.tasks.iter().map(|planned| &planned.task).collect();
                prop_assert_eq!(due, planned);
                if let Some(group) = entry.group() {
                    let batch = group.tasks.iter().filter(|task| task.cadence.is_in_batch());
                    prop_assert_eq!(rows.len(), batch.count());
                }
            }
        }
    }
}
