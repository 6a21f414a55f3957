//! Every rule of selection is a test that bears its name.

use jiff::civil::{Weekday, date};
use proptest::prelude::*;

use super::*;
use crate::model::fixtures::{
    WEDNESDAY, any_schedule, ask, commands, example, group, monthly, schedule, workflow as fixed_list,
};
use crate::model::{Minutes, MonthDay, ReleaseSource};

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
fn several_groups_and_single_tasks_keep_the_order_of_the_file() {
    let named = |groups: &[&str], tasks: Option<&[(&str, &str)]>| {
        let query = Query {
            groups: groups.iter().copied().map(GroupName::new).collect(),
            only: tasks.map(|tasks| {
                let key = |&(group, name): &(&str, &str)| (GroupName::new(group), TaskName::new(name));
                tasks.iter().map(key).collect()
            }),
            ..ask(Selection::Default, None, WEDNESDAY)
        };
        let schedule = example();
        let tasks = select(&schedule, &query).unwrap();
        let names: Vec<String> = tasks.iter().map(|task| task.name.to_string()).collect();
        names.join(" ")
    };
    let all = named(&[], None);
    assert_eq!(all, named(&["reporting", "github"], None));
    assert!(all.ends_with("sync export payday"), "{all}");
    assert_eq!(named(&["reporting"], None), "sync export payday");
    let two: &[(&str, &str)] = &[("reporting", "export"), ("reporting", "sync")];
    assert_eq!(named(&[], Some(two)), "sync export");
    // In another group it is another task, and one that is not due is not run.
    assert_eq!(
        named(&[], Some(&[("github", "export"), ("reporting", "report")])),
        ""
    );
    assert_eq!(named(&[], Some(&[])), "");
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
        release: ReleaseSource::default(),
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
fn the_fixed_list_is_its_enabled_commands_in_order() {
    let mut schedule = example();
    let mut list = fixed_list(None, &["c", "a", "b"]);
    list.tasks[1].enabled = false;
    schedule.workflow = Some(list);
    assert_eq!(commands(workflow(&schedule).unwrap()), ["c", "b"]);
}

#[test]
fn a_missing_or_empty_fixed_list_is_an_error() {
    let mut schedule = example();
    assert_eq!(workflow(&schedule), Err(SelectError::NoWorkflow));
    schedule.workflow = Some(fixed_list(Some("02:00"), &[]));
    assert_eq!(workflow(&schedule), Err(SelectError::EmptyWorkflow));
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
        let tasks = select(&schedule, &ask(selection.clone(), None, date)).unwrap();
        // Commands are numbered in file order.
        prop_assert!(commands(tasks.iter().copied()).is_sorted());
        prop_assert!(tasks.iter().all(|task| task.enabled));
        if selection == Selection::Default {
            prop_assert!(!tasks.iter().any(|task| !task.cadence.is_in_batch()));
            let mut dailies = schedule.group_tasks().filter(|task| task.enabled && task.cadence == Cadence::Daily);
            prop_assert!(dailies.all(|daily| tasks.contains(&daily)));
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
        let all = schedule.group_tasks();
        let expected = commands(all.filter(|task| task.enabled && matches!(task.cadence, Cadence::Monthly(_))));
        prop_assert_eq!(found, expected);
    }
}
