//! Schedules for the tests of this folder.

use std::time::Duration;

use jiff::civil::{Date, Time, Weekday, date};
use jiff::tz::TimeZone;
use proptest::prelude::*;

use crate::model::{
    Cadence, CatchUp, CommandName, CronExpression, Day, FleetTerms, Group, GroupName, Minutes, MonthDay,
    Overlap, Policy, Query, ReleaseSource, Schedule, Selection, Task, TaskName, WEEKDAYS, WORKFLOW_GROUP,
    Workflow,
};

/// 25 November 2026 is a Wednesday.
pub(crate) const WEDNESDAY: Date = date(2026, 11, 25);

pub(crate) fn task(group: &str, command: &str, cadence: Cadence) -> Task {
    Task {
        group: GroupName::new(group),
        name: TaskName::new(command),
        command: CommandName::new(command),
        args: Vec::new(),
        cadence,
        enabled: true,
        policy: Policy::default(),
    }
}

pub(crate) fn weekly(weekday: Weekday) -> Cadence {
    Cadence::Weekly(weekday)
}

pub(crate) fn monthly(day: i64) -> Cadence {
    Cadence::Monthly(MonthDay::new(day).unwrap())
}

pub(crate) fn interval(minutes: i64) -> Cadence {
    Cadence::Interval(Minutes::new(minutes).unwrap())
}

pub(crate) fn cron(expression: &str) -> Cadence {
    Cadence::Cron(CronExpression::parse(expression).unwrap())
}

/// A group in `zone` whose batch runs at `at`; all its tasks are enabled.
pub(crate) fn group(name: &str, zone: &str, at: &str, tasks: &[(&str, Cadence)]) -> Group {
    Group {
        name: GroupName::new(name),
        default_time: Some(at.parse().unwrap()),
        timezone: TimeZone::get(zone).unwrap(),
        stop_on_failure: false,
        catch_up: CatchUp::default(),
        overlap: Overlap::default(),
        jitter: Duration::ZERO,
        fleet: FleetTerms::default(),
        tasks: tasks
            .iter()
            .map(|(command, cadence)| task(name, command, cadence.clone()))
            .collect(),
    }
}

pub(crate) fn schedule(groups: impl IntoIterator<Item = Group>) -> Schedule {
    Schedule {
        groups: groups.into_iter().collect(),
        workflow: None,
        release: ReleaseSource::default(),
    }
}

pub(crate) fn workflow(default_time: Option<&str>, commands: &[&str]) -> Workflow {
    Workflow {
        default_time: default_time.map(|at| at.parse().unwrap()),
        tasks: commands
            .iter()
            .map(|command| task(WORKFLOW_GROUP, command, Cadence::Daily))
            .collect(),
    }
}

/// What a test compares: the commands in order.
pub(crate) fn commands<'a>(tasks: impl IntoIterator<Item = &'a Task>) -> Vec<&'a str> {
    tasks.into_iter().map(|task| task.command.as_str()).collect()
}

/// The schedule of the selection tests: two groups, every kind of task.
pub(crate) fn example() -> Schedule {
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

pub(crate) fn ask(selection: Selection, group: Option<&str>, date: Date) -> Query {
    Query {
        selection,
        groups: group.map(GroupName::new).into_iter().collect(),
        only: None,
        day: Day::Given(date),
    }
}

pub(crate) fn any_cadence() -> impl Strategy<Value = Cadence> {
    prop_oneof![
        Just(Cadence::Daily),
        Just(Cadence::OnRelease),
        prop::sample::select(&WEEKDAYS[..]).prop_map(|(_, weekday)| weekly(weekday)),
        (1i64..=31).prop_map(monthly),
        prop_oneof![Just(15), Just(60), 1i64..=180].prop_map(interval),
        prop::sample::select(&["*/20 * * * *", "30 2 * * mon-fri", "0 0 1 * sun"][..]).prop_map(cron),
    ]
}

pub(crate) fn any_time() -> impl Strategy<Value = Time> {
    (0i8..24, 0i8..60).prop_map(|(hour, minute)| Time::constant(hour, minute, 0, 0))
}

/// Up to five groups of up to eight tasks; commands are numbered in file order.
pub(crate) fn any_schedule() -> impl Strategy<Value = Schedule> {
    const ZONES: [&str; 4] = [
        "UTC",
        "Europe/Berlin",
        "Pacific/Kiritimati",
        "America/Los_Angeles",
    ];
    let tasks = prop::collection::vec((any_cadence(), any::<bool>()), 0..8);
    let groups = prop::collection::vec((prop::sample::select(&ZONES[..]), any_time(), tasks), 0..5);
    (groups, any::<bool>()).prop_map(|(groups, with_workflow)| {
        let mut count = 0;
        let mut number = || {
            count += 1;
            format!("{count:03}")
        };
        let groups = groups.into_iter().enumerate().map(|(index, (zone, at, tasks))| {
            let name = format!("g{index}");
            let mut group = group(&name, zone, &at.to_string(), &[]);
            group.tasks = tasks
                .into_iter()
                .map(|(cadence, enabled)| Task {
                    enabled,
                    ..task(&name, &number(), cadence)
                })
                .collect();
            group
        });
        Schedule {
            groups: groups.collect(),
            workflow: with_workflow.then(|| workflow(Some("02:00"), &["w1", "w2"])),
            release: ReleaseSource::default(),
        }
    })
}
