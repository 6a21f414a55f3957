//! Every rule of selection is a test that bears its name.

use jiff::civil::{Weekday, date};
use proptest::prelude::*;

use super::*;
use crate::model::fixtures::{
    any_schedule, commands, group, interval, monthly, schedule, task, weekly, workflow as fixed_list,
};
use crate::model::{
    Because, Day, Minutes, MonthDay, Plan, Planned, Release, WORKFLOW_SELECTION, awaits_release, plan,
    plan_workflow,
};

/// 25 November 2026 is a Wednesday.
const WEDNESDAY: Date = date(2026, 11, 25);

fn example() -> Schedule {
    schedule([
        group(
            "github",
            "UTC",
            "04:10",
            &[
                ("library", Cadence::Daily),
                ("usage", weekly(Weekday::Monday)),
                ("poll", interval(15)),
                ("midweek", weekly(Weekday::Wednesday)),
                ("activity", Cadence::Daily),
            ],
        ),
        group(
            "reporting",
            "UTC",
            "06:00",
            &[
                ("report", monthly(3)),
                ("sync", Cadence::OnRelease),
                ("ping", interval(15)),
                ("hourly", interval(60)),
                ("export", Cadence::Daily),
                ("monday_report", weekly(Weekday::Monday)),
                ("payday", monthly(25)),
            ],
        ),
    ])
}

fn ask(selection: Selection, group: Option<&str>, date: Date) -> Query {
    Query {
        selection,
        group: group.map(GroupName::new),
        day: Day::Given(date),
    }
}

fn selected(selection: Selection, group: Option<&str>, date: Date) -> Vec<String> {
    let schedule = example();
    let tasks = select(&schedule, &ask(selection, group, date)).unwrap();
    commands(tasks).into_iter().map(str::to_owned).collect()
}

fn month_day(day: i64) -> Selection {
    Selection::Monthly(MonthDay::new(day).unwrap())
}

fn every(minutes: i64) -> Selection {
    Selection::Interval(Minutes::new(minutes).unwrap())
}

#[test]
fn daily_selects_the_daily_tasks_of_all_groups_in_file_order() {
    assert_eq!(
        selected(Selection::Daily, None, WEDNESDAY),
        ["library", "activity", "export"]
    );
}

#[test]
fn a_group_narrows_any_selection() {
    assert_eq!(
        selected(Selection::Daily, Some("reporting"), WEDNESDAY),
        ["export"]
    );
    assert_eq!(
        selected(Selection::Weekly(Weekday::Monday), Some("github"), WEDNESDAY),
        ["usage"]
    );
}

#[test]
fn weekly_selects_the_weekday_asked_for_whatever_today_is() {
    assert_eq!(
        selected(Selection::Weekly(Weekday::Monday), None, WEDNESDAY),
        ["usage", "monday_report"]
    );
    assert!(selected(Selection::Weekly(Weekday::Sunday), None, WEDNESDAY).is_empty());
}

#[test]
fn on_release_selects_only_on_release_tasks() {
    assert_eq!(selected(Selection::OnRelease, None, WEDNESDAY), ["sync"]);
}

#[test]
fn interval_without_a_group_selects_that_many_minutes_in_all_groups() {
    assert_eq!(selected(every(15), None, WEDNESDAY), ["poll", "ping"]);
    assert_eq!(selected(every(60), None, WEDNESDAY), ["hourly"]);
    assert!(selected(every(30), None, WEDNESDAY).is_empty());
}

#[test]
fn interval_with_a_group_selects_only_its_tasks() {
    assert_eq!(selected(every(15), Some("reporting"), WEDNESDAY), ["ping"]);
    assert!(selected(every(60), Some("github"), WEDNESDAY).is_empty());
}

#[test]
fn disabled_tasks_are_never_selected() {
    let mut schedule = example();
    schedule.groups[0].tasks[0].enabled = false;
    let query = ask(Selection::Daily, None, WEDNESDAY);
    assert_eq!(
        commands(select(&schedule, &query).unwrap()),
        ["activity", "export"]
    );
}

#[test]
fn default_is_the_batch_of_the_date_in_file_order_whatever_the_kind_and_never_an_interval() {
    assert_eq!(
        selected(Selection::Default, Some("github"), WEDNESDAY),
        ["library", "midweek", "activity"]
    );
    assert_eq!(
        selected(Selection::Default, Some("reporting"), WEDNESDAY),
        ["sync", "export", "payday"]
    );
    assert_eq!(
        selected(Selection::Default, Some("reporting"), date(2026, 8, 3)),
        ["report", "sync", "export", "monday_report"]
    );
}

#[test]
fn default_needs_a_group_and_names_them() {
    let error = select(&example(), &ask(Selection::Default, None, WEDNESDAY)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "--schedule default runs the batch of one group and needs --group; the groups are: github, reporting"
    );
}

#[test]
fn an_unknown_group_names_the_nearest_and_the_choices() {
    let message = |name| {
        select(&example(), &ask(Selection::Daily, Some(name), WEDNESDAY))
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        message("Githb"),
        "there is no group \"Githb\" (did you mean \"github\"?); the groups are: github, reporting"
    );
    assert_eq!(
        message("nightly"),
        "there is no group \"nightly\"; the groups are: github, reporting"
    );
}

#[test]
fn many_groups_are_counted_rather_than_all_named() {
    let groups = (0..10_000).map(|index| group(&format!("group-{index}"), "UTC", "04:10", &[]));
    let schedule = schedule(groups);
    let error = select(&schedule, &ask(Selection::Daily, Some("nowhere"), WEDNESDAY)).unwrap_err();
    assert!(error.to_string().ends_with("group-19 and 9980 more"), "{error}");
    let empty = Schedule {
        groups: Vec::new(),
        workflow: None,
    };
    let error = select(&empty, &ask(Selection::Daily, Some("x"), WEDNESDAY)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is no group \"x\"; the schedule has no groups"
    );
}

fn ends_of_the_month() -> Schedule {
    schedule([group(
        "ends",
        "UTC",
        "00:00",
        &[
            ("m31", monthly(31)),
            ("m28", monthly(28)),
            ("m29", monthly(29)),
            ("m30", monthly(30)),
            ("m27", monthly(27)),
        ],
    )])
}

#[test]
fn monthly_days_that_the_month_lacks_fall_on_its_last_day() {
    let schedule = ends_of_the_month();
    let on = |selection, date| commands(select(&schedule, &ask(selection, Some("ends"), date)).unwrap());
    let feb_2026 = date(2026, 2, 10);
    assert_eq!(on(month_day(28), feb_2026), ["m31", "m28", "m29", "m30"]);
    assert_eq!(on(month_day(27), feb_2026), ["m27"]);
    let feb_2028 = date(2028, 2, 10);
    assert_eq!(on(month_day(28), feb_2028), ["m28"]);
    assert_eq!(on(month_day(29), feb_2028), ["m31", "m29", "m30"]);
    assert_eq!(on(month_day(30), date(2026, 4, 1)), ["m31", "m30"]);
    assert_eq!(on(month_day(31), date(2026, 5, 1)), ["m31"]);
    // The batch of a date obeys the same rule.
    assert_eq!(
        on(Selection::Default, date(2026, 2, 28)),
        ["m31", "m28", "m29", "m30"]
    );
    assert_eq!(on(Selection::Default, date(2028, 2, 28)), ["m28"]);
}

#[test]
fn a_day_of_month_that_the_month_of_the_date_lacks_selects_nothing() {
    let schedule = ends_of_the_month();
    for (day, date) in [
        (31, date(2026, 2, 10)),
        (29, date(2026, 2, 28)),
        (31, date(2026, 4, 30)),
    ] {
        let query = ask(month_day(day), None, date);
        assert_eq!(select(&schedule, &query), Ok(Vec::new()));
    }
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
            group: group.map(GroupName::new),
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
    // The month, too: in the east it is already March. The plan's one date is then UTC's.
    let turn_of_month = at(month_day(28), None, "2026-02-28T12:00:00Z");
    assert_eq!(
        turn_of_month,
        ("2026-02-28".to_owned(), vec!["west/last".to_owned()])
    );
}

#[test]
fn a_plan_without_groups_has_a_date_all_the_same() {
    let query = Query {
        selection: Selection::Daily,
        group: None,
        day: Day::At("2026-11-25T23:59:59Z".parse().unwrap()),
    };
    let plan = plan(&schedule([]), &query, Release::NotChecked).unwrap();
    assert_eq!((plan.date, plan.tasks.len()), (WEDNESDAY, 0));
}

fn planned(release: Release) -> Vec<(String, Option<Because>)> {
    let query = ask(Selection::Default, Some("reporting"), WEDNESDAY);
    let plan = plan(&example(), &query, release).unwrap();
    assert_eq!(plan.selection, "default");
    let words = |Planned { task, skip }: Planned| (task.command.to_string(), skip);
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
fn the_fixed_list_is_its_enabled_commands_in_order() {
    let mut schedule = example();
    let mut list = fixed_list(None, &["c", "a", "b"]);
    list.tasks[1].enabled = false;
    schedule.workflow = Some(list);
    assert_eq!(commands(workflow(&schedule).unwrap()), ["c", "b"]);
    let plan = plan_workflow(&schedule, Day::Given(WEDNESDAY)).unwrap();
    assert_eq!((plan.selection, plan.date), (WORKFLOW_SELECTION, WEDNESDAY));
    assert_eq!(
        commands(plan.tasks.iter().map(|planned| &planned.task)),
        ["c", "b"]
    );
}

#[test]
fn a_missing_or_empty_fixed_list_is_an_error() {
    let mut schedule = example();
    assert_eq!(workflow(&schedule), Err(SelectError::NoWorkflow));
    schedule.workflow = Some(fixed_list(Some("02:00"), &[]));
    assert_eq!(workflow(&schedule), Err(SelectError::EmptyWorkflow));
    let day = Day::Given(WEDNESDAY);
    assert_eq!(plan_workflow(&schedule, day), Err(SelectError::EmptyWorkflow));
}

#[test]
fn a_plan_owns_its_tasks_as_they_were() {
    let mut original = task("g", "c", Cadence::Daily);
    original.args = vec!["--format".to_owned(), "json".to_owned()];
    let plan = Plan::new("daily", WEDNESDAY, Release::NotChecked, &[&original]);
    assert_eq!(plan.tasks[0].task, original);
}

fn any_selection() -> impl Strategy<Value = Selection> {
    prop_oneof![
        Just(Selection::Daily),
        Just(Selection::OnRelease),
        Just(Selection::Default),
        Just(Selection::Weekly(Weekday::Monday)),
        (1i64..=31).prop_map(month_day),
        (1i64..=180).prop_map(every),
    ]
}

proptest! {
    #[test]
    fn any_selection_keeps_file_order_and_leaves_disabled_tasks_out(
        schedule in any_schedule(),
        selection in any_selection(),
        day in 0i64..1000,
    ) {
        let date = date(2026, 1, 1).saturating_add(jiff::Span::new().days(day));
        let one_group = schedule.groups.first().map(|group| group.name.as_str());
        let group = if selection == Selection::Default { one_group } else { None };
        if let Ok(tasks) = select(&schedule, &ask(selection, group, date)) {
            // Commands are numbered in file order.
            prop_assert!(commands(tasks.iter().copied()).is_sorted());
            prop_assert!(tasks.iter().all(|task| task.enabled));
            if selection == Selection::Default {
                prop_assert!(!tasks.iter().any(|task| matches!(task.cadence, Cadence::Interval(_))));
                let dailies = schedule.groups[0].tasks.iter().filter(|task| task.enabled && task.cadence == Cadence::Daily);
                prop_assert!(dailies.into_iter().all(|daily| tasks.contains(&daily)));
            }
        } else {
            prop_assert!(selection == Selection::Default && schedule.groups.is_empty());
        }
    }

    #[test]
    fn over_a_month_every_monthly_task_is_selected_by_exactly_one_day(
        schedule in any_schedule(),
        month in 1i8..=12,
        year in 1900i16..2100,
    ) {
        let of_month = |day| select(&schedule, &ask(month_day(day), None, date(year, month, 1))).unwrap();
        let mut found: Vec<&str> = (1..=31).flat_map(|day| commands(of_month(day))).collect();
        found.sort_unstable();
        let all = schedule.groups.iter().flat_map(|group| &group.tasks);
        let expected = commands(all.filter(|task| task.enabled && matches!(task.cadence, Cadence::Monthly(_))));
        prop_assert_eq!(found, expected);
    }
}
