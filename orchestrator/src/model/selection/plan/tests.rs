//! From a question or a slot to what will run.

use jiff::civil::{Weekday, date};
use proptest::prelude::*;

use super::*;
use crate::model::fixtures::{
    WEDNESDAY, any_schedule, ask, commands, example, group, interval, monthly, schedule, task, weekly,
    workflow as fixed_list,
};
use crate::model::{GroupName, Handled, MonthDay, ReleaseSource, TaskName, timetable};

fn planned_commands(plan: &Plan) -> Vec<&str> {
    commands(plan.tasks.iter().map(|planned| &planned.task))
}

#[test]
fn today_is_the_date_in_each_groups_own_zone() {
    let tasks = [
        ("wed", weekly(Weekday::Wednesday)),
        ("thu", weekly(Weekday::Thursday)),
        ("last", monthly(31)),
    ];
    let schedule = schedule([
        group("west", "America/Los_Angeles", "04:10", &tasks),
        group("east", "Pacific/Kiritimati", "04:10", &tasks),
    ]);
    let at = |selection, group: Option<&str>, instant: &str| {
        let query = Query {
            selection,
            groups: group.map(GroupName::new).into_iter().collect(),
            only: None,
            day: Day::At(instant.parse().unwrap()),
        };
        let plan = plan(&schedule, &query, Release::NotChecked).unwrap();
        let tasks: Vec<String> = plan
            .tasks
            .iter()
            .map(|planned| format!("{}/{}", planned.task.group, planned.task.command))
            .collect();
        (plan.date.to_string(), tasks)
    };
    let noon = "2026-11-25T12:00:00Z";
    let batch = |group| at(Selection::Default, Some(group), noon);
    assert_eq!(
        batch("west"),
        ("2026-11-25".to_owned(), vec!["west/wed".to_owned()])
    );
    assert_eq!(
        batch("east"),
        ("2026-11-26".to_owned(), vec!["east/thu".to_owned()])
    );
    let last_of_february = Selection::Monthly(MonthDay::new(28).unwrap());
    // The month, too: in the east it is already March. The plan's one date is then UTC's.
    let turn_of_month = at(last_of_february, None, "2026-02-28T12:00:00Z");
    assert_eq!(
        turn_of_month,
        ("2026-02-28".to_owned(), vec!["west/last".to_owned()])
    );
}

#[test]
fn a_plan_without_groups_has_a_date_all_the_same() {
    let query = Query {
        selection: Selection::Daily,
        groups: Vec::new(),
        only: None,
        day: Day::At("2026-11-25T23:59:59Z".parse().unwrap()),
    };
    let plan = plan(&schedule([]), &query, Release::NotChecked).unwrap();
    assert_eq!((plan.date, plan.tasks.len()), (WEDNESDAY, 0));
}

fn planned(release: Release) -> Vec<(String, Option<Because>)> {
    let query = ask(Selection::Default, Some("reporting"), WEDNESDAY);
    let plan = plan(&example(), &query, release).unwrap();
    assert_eq!(plan.selection, "default");
    let words = |PlannedTask { task, skip, .. }: PlannedTask| (task.command.to_string(), skip);
    plan.tasks.into_iter().map(words).collect()
}

#[test]
fn a_new_release_runs_the_on_release_tasks_in_their_place() {
    let due = ["sync", "export", "payday"].map(|command| (command.to_owned(), None));
    assert_eq!(planned(Release::New), due);
}

#[test]
fn without_a_new_release_the_on_release_tasks_are_not_due() {
    let due = ["export", "payday"].map(|command| (command.to_owned(), None));
    assert_eq!(planned(Release::None), due);
}

#[test]
fn an_unknown_release_skips_the_on_release_tasks_with_the_reason() {
    let skip = |reason: &str| Some(Because::ReleaseUnknown(reason.to_owned()));
    let unknown = planned(Release::Unknown("no git".to_owned()));
    assert_eq!(unknown[0], ("sync".to_owned(), skip("no git")));
    assert_eq!(unknown.len(), 3);
    // A caller that did not ask does not get them run by accident.
    assert_eq!(planned(Release::NotChecked)[0].1, skip("it was not checked"));
}

#[test]
fn a_release_is_looked_for_only_where_a_selected_task_waits_for_one() {
    let schedule = example();
    let awaits = |query| awaits_release(&select(&schedule, &query).unwrap());
    assert!(awaits(ask(Selection::Default, Some("reporting"), WEDNESDAY)));
    assert!(!awaits(ask(Selection::Default, Some("github"), WEDNESDAY)));
    assert!(!awaits(ask(Selection::Daily, None, WEDNESDAY)));
}

#[test]
fn the_fixed_list_has_a_plan_of_its_own() {
    let mut schedule = example();
    let day = Day::Given(WEDNESDAY);
    assert_eq!(plan_workflow(&schedule, day), Err(SelectError::NoWorkflow));
    schedule.workflow = Some(fixed_list(None, &["c", "a"]));
    let plan = plan_workflow(&schedule, day).unwrap();
    assert_eq!(
        (plan.selection.as_str(), plan.date),
        (WORKFLOW_SELECTION, WEDNESDAY)
    );
    assert_eq!(plan.release, Release::NotChecked);
    assert_eq!(planned_commands(&plan), ["c", "a"]);
}

#[test]
fn a_plan_owns_its_tasks_as_they_were() {
    let mut original = task("g", "c", Cadence::Daily);
    original.args = vec!["--format".to_owned(), "json".to_owned()];
    let plan = Plan::new("daily", WEDNESDAY, Release::NotChecked, &[&original]);
    assert_eq!(plan.tasks[0].task, original);
}

#[test]
fn a_slot_is_planned_for_the_date_it_stands_for() {
    let tasks = [
        ("sat", weekly(Weekday::Saturday)),
        ("sun", weekly(Weekday::Sunday)),
    ];
    let schedule = schedule([group("nuuk", "America/Nuuk", "23:30", &tasks)]);
    let entry = &timetable(&schedule)[0];
    // Its clocks already show Sunday.
    let slot = "2026-03-29T01:00:00Z".parse().unwrap();
    let plan = plan_slot(entry, slot, Release::NotChecked).unwrap();
    assert_eq!(
        (plan.selection.as_str(), plan.date),
        ("default", date(2026, 3, 28))
    );
    assert_eq!(planned_commands(&plan), ["sat"]);
}

#[test]
fn every_kind_of_entry_plans_under_its_own_name() {
    let mut schedule = schedule([group(
        "g",
        "UTC",
        "03:00",
        &[("sync", Cadence::OnRelease), ("poll", interval(15))],
    )]);
    schedule.workflow = Some(fixed_list(Some("03:00"), &["all"]));
    let slot = "2026-11-25T03:00:00Z".parse().unwrap();
    let plans: Vec<String> = timetable(&schedule)
        .iter()
        .filter_map(|entry| plan_slot(entry, slot, Release::New))
        .map(|plan| {
            format!(
                "{} {} {}",
                plan.selection,
                plan.date,
                planned_commands(&plan).join(",")
            )
        })
        .collect();
    assert_eq!(
        plans,
        [
            "default 2026-11-25 sync",
            "interval 2026-11-25 poll",
            "workflow 2026-11-25 all"
        ]
    );
}

#[test]
fn an_instant_that_is_no_slot_has_no_plan() {
    let schedule = example();
    let slot = "2026-11-25T04:10:00.5Z".parse().unwrap();
    let plans = |entry| plan_slot(entry, slot, Release::New);
    assert!(timetable(&schedule).iter().all(|entry| plans(entry).is_none()));
}

proptest! {
    #[test]
    fn a_scheduler_runs_what_a_person_would_get_by_asking_for_that_group_and_date(
        schedule in any_schedule(),
        hour in 0i64..20_000,
    ) {
        let after = "2026-01-01T00:00:00Z".parse::<Timestamp>().unwrap() + jiff::SignedDuration::from_hours(hour);
        for entry in timetable(&schedule) {
            let Some(group) = entry.group() else { continue };
            let slot = entry.next_after(after).unwrap();
            let by_slot = plan_slot(&entry, slot, Release::New).unwrap();
            let query = ask(Selection::Default, Some(group.name.as_str()), by_slot.date);
            prop_assert_eq!(by_slot, plan(&schedule, &query, Release::New).unwrap());
        }
    }
}

#[test]
fn a_task_is_run_for_the_releases_that_it_has_not_dealt_with() {
    let source = ReleaseSource::default();
    let handled = |tag: &str, name: &str| Handled {
        tag: tag.to_owned(),
        group: GroupName::new("g"),
        name: TaskName::new(name),
    };
    let releases = Releases {
        source: source.key(),
        found: source.releases(["boost-1.90.0", "boost-1.91.0"]),
        handled: [
            handled("boost-1.90.0", "half"),
            handled("boost-1.90.0", "done"),
            handled("boost-1.91.0", "done"),
        ]
        .into(),
    };
    let plan_for = |commands: &[&str]| {
        let tasks: Vec<Task> = commands
            .iter()
            .map(|command| task("g", command, Cadence::OnRelease))
            .collect();
        let known = Release::Known(releases.clone());
        Plan::new("on_release", WEDNESDAY, known, &tasks.iter().collect::<Vec<_>>())
    };
    let plan = plan_for(&["done", "half", "fresh"]);
    let planned: Vec<_> = plan
        .tasks
        .iter()
        .map(|planned| (planned.task.command.as_str(), planned.releases.join(" ")))
        .collect();
    assert_eq!(
        planned,
        [
            ("half", "boost-1.91.0".to_owned()),
            ("fresh", "boost-1.90.0 boost-1.91.0".to_owned())
        ]
    );
    assert_eq!(plan.release, Release::New);
    let plan = plan_for(&["done"]);
    assert_eq!((plan.tasks.len(), plan.release), (0, Release::None));
}

#[test]
fn what_other_runs_hold_or_dealt_with_is_not_run() {
    let tasks = [
        task("g", "run_a", Cadence::Daily),
        task("h", "run_b", Cadence::OnRelease),
        task("h", "run_c", Cadence::OnRelease),
    ];
    let mut plan = Plan::new(
        "default",
        WEDNESDAY,
        Release::New,
        &tasks.iter().collect::<Vec<_>>(),
    );
    plan.set_overlap_by_hand(None, None);
    for planned in &mut plan.tasks[1..] {
        planned.releases = vec!["1".to_owned(), "2".to_owned()];
        planned.release_source = Some("s".to_owned());
    }
    let run = RunId::new("r");
    plan.hold_back(&[(HoldKey::task(&tasks[0]), run.clone())]);
    let handled = |name: &str, tag: &str| Handled {
        tag: tag.to_owned(),
        group: GroupName::new("h"),
        name: TaskName::new(name),
    };
    let done = [
        handled("run_b", "1"),
        handled("run_b", "2"),
        handled("run_c", "1"),
    ];
    plan.leave_out_handled("another", &done.clone().into());
    assert_eq!(plan.tasks[1].releases.len(), 2);
    plan.leave_out_handled("s", &done.into());
    let skips: Vec<Option<Because>> = plan.tasks.iter().map(|planned| planned.skip.clone()).collect();
    let expected = [Some(Because::Overlap { run }), Some(Because::NoNewRelease), None];
    assert_eq!(skips, expected);
    assert_eq!(plan.tasks[2].releases, ["2"]);
}

#[test]
fn a_plan_goes_beside_others_only_if_all_of_it_may() {
    let tasks = [
        task("g", "run_a", Cadence::Daily),
        task("g", "run_b", Cadence::Daily),
    ];
    let tasks: Vec<_> = tasks.iter().collect();
    let mut plan = Plan::new("default", WEDNESDAY, Release::None, &tasks);
    assert_eq!((plan.overlap_mode(), plan.common_hold()), (Overlap::Queue, None));
    plan.set_overlap_by_hand(None, None);
    assert_eq!((plan.overlap_mode(), plan.common_hold()), (Overlap::Skip, None));
    plan.wait_instead_of_giving_way();
    assert_eq!(plan.overlap_mode(), Overlap::Queue);
    let key = EntryKey::Workflow;
    plan.set_overlap_of_entry(&key, Overlap::Allow);
    plan.wait_instead_of_giving_way();
    assert_eq!(plan.overlap_mode(), Overlap::Allow);
    assert_eq!(plan.common_hold(), Some(&HoldKey::entry(&key)));
    plan.tasks[1].overlap.as_mut().unwrap().mode = Overlap::Queue;
    assert_eq!(plan.overlap_mode(), Overlap::Queue);
}
