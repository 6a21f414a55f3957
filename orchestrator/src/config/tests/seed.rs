//! The format of the original project loads as it is.

use jiff::civil::{Time, Weekday};

use crate::config::parse_schedule;
use crate::model::{Cadence, Minutes, MonthDay, Schedule};

fn load(yaml: &str) -> Schedule {
    match parse_schedule("schedule.yaml", yaml.as_bytes()) {
        Ok((schedule, _)) => schedule,
        Err(diagnostics) => panic!("{diagnostics:#?}"),
    }
}

#[test]
fn the_documented_example() {
    let schedule = load(include_str!("../../../../tests/fixtures/schedules/original.yaml"));
    let lines: Vec<String> = schedule
        .groups
        .iter()
        .flat_map(|group| &group.tasks)
        .map(|task| {
            format!(
                "{} {} {:?} {:?}",
                task.group, task.command, task.cadence, task.args
            )
        })
        .collect();
    assert_eq!(
        lines,
        [
            "github run_boost_library_tracker Daily []",
            "github run_boost_usage_tracker Weekly(Monday) []",
            "reporting run_monthly_report Monthly(MonthDay(3)) []",
            "reporting run_on_release_sync OnRelease []",
            "reporting run_export Daily [\"--format\", \"json\"]",
        ]
    );
    assert_eq!(
        schedule.groups[0].default_time,
        Some(Time::new(4, 10, 0, 0).unwrap())
    );
    assert_eq!(
        schedule.groups[1].default_time,
        Some(Time::new(6, 0, 0, 0).unwrap())
    );
}

#[test]
fn every_way_of_writing_a_day() {
    let schedule = load(include_str!(
        "../../../../tests/fixtures/schedules/spellings.yaml"
    ));
    let cadences: Vec<Cadence> = schedule.groups[0]
        .tasks
        .iter()
        .map(|task| task.cadence.clone())
        .collect();
    let day = |day| Cadence::Monthly(MonthDay::new(day).unwrap());
    let expected = [
        Cadence::Weekly(Weekday::Monday),
        Cadence::Weekly(Weekday::Tuesday),
        Cadence::Weekly(Weekday::Wednesday),
        Cadence::Weekly(Weekday::Sunday),
        day(15),
        day(31),
        day(3),
        Cadence::Interval(Minutes::new(180).unwrap()),
    ];
    assert_eq!(cadences, expected);
    assert!(!schedule.groups[0].tasks[1].enabled);
    assert!(schedule.groups[1].tasks.is_empty() && schedule.groups[2].tasks.is_empty());
}

#[test]
fn anchors_and_aliases_stand_for_what_they_name() {
    let yaml = "
x-shared:
  args: &args [&n \"0755\", *n]
  day: &day 3
groups:
  g:
    default_time: &time \"04:10\"
    tasks:
      - {command: a, schedule: monthly, on: *day, args: *args}
  h:
    default_time: *time
    tasks: []
";
    let schedule = load(yaml);
    let task = &schedule.groups[0].tasks[0];
    assert_eq!(task.args, ["0755", "0755"]);
    assert_eq!(task.cadence, Cadence::Monthly(MonthDay::new(3).unwrap()));
    assert_eq!(schedule.groups[1].default_time, schedule.groups[0].default_time);
}
