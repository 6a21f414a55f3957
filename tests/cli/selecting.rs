//! What `run` and `plan` select: exactly the enabled tasks that are due, in file order.

use serde_json::Value;

use crate::support::Place;

const SCHEDULE: &str = r#"
release: {repository: ./nowhere}
groups:
  github:
    default_time: "04:10"
    tasks:
      - {command: a_daily, schedule: daily}
      - {command: b_monday, schedule: weekly, on: monday}
      - {command: c_tuesday, schedule: weekly, on: tue}
      - {command: d_off, schedule: weekly, on: mon, enabled: false}
      - {command: e_every_15, schedule: interval, minutes: 15}
  reporting:
    default_time: "06:00"
    tasks:
      - {command: f_third, schedule: monthly, on: 3}
      - {command: g_monday, schedule: weekly, day_of_week: " Mon "}
      - {command: h_31st, schedule: monthly, on: "31"}
      - {command: i_release, schedule: on_release}
      - {command: j_every_15, schedule: interval, minutes: 15}
"#;

fn planned(place: &Place, args: &[&str]) -> Vec<String> {
    let mut all = vec!["plan", "--format", "json"];
    all.extend(args);
    let seen = place.run(&all);
    seen.exits(0);
    let plan = seen.json();
    let tasks = plan["tasks"].as_array().unwrap();
    tasks
        .iter()
        .map(|task| task["command"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn weekly_monday_runs_exactly_the_enabled_monday_tasks_in_file_order() {
    let place = Place::new(SCHEDULE);
    let names = "abcdefghij".chars().zip([
        "daily", "monday", "tuesday", "off", "every_15", "third", "monday", "31st", "release", "every_15",
    ]);
    for (letter, name) in names {
        place.script(
            &format!("{letter}_{name}"),
            "#!/bin/sh\necho \"$ORCHESTRATE_COMMAND $ORCHESTRATE_SCHEDULE\" >> ledger\n",
        );
    }
    let seen = place.run(&["run", "--schedule", "weekly", "--day-of-week", "mon"]);
    seen.exits(0);
    assert_eq!(seen.last_line(), "Summary: 2 succeeded, 0 failed, 0 skipped.");
    let ledger = std::fs::read_to_string(place.path("ledger")).unwrap();
    assert_eq!(ledger, "b_monday weekly\ng_monday weekly\n");
}

#[test]
fn every_kind_selects_its_own() {
    let place = Place::new(SCHEDULE);
    let planned = |args: &[&str]| planned(&place, args);
    assert_eq!(planned(&["--schedule", "daily"]), ["a_daily"]);
    assert_eq!(
        planned(&[
            "--schedule",
            "weekly",
            "--day-of-week",
            "Monday",
            "--group",
            "reporting"
        ]),
        ["g_monday"]
    );
    assert_eq!(
        planned(&["--schedule", "monthly", "--day-of-month", "3"]),
        ["f_third"]
    );
    assert_eq!(
        planned(&["--schedule", "interval", "--interval-minutes", "15"]),
        ["e_every_15", "j_every_15"]
    );
    assert_eq!(
        planned(&[
            "--schedule",
            "interval",
            "--interval-minutes",
            "15",
            "--group",
            "github"
        ]),
        ["e_every_15"]
    );
    assert_eq!(
        planned(&["--schedule", "interval", "--interval-minutes", "30"]),
        [""; 0]
    );
    assert_eq!(
        planned(&["--schedule", "on_release", "--release", "new"]),
        ["i_release"]
    );
    assert_eq!(
        planned(&["--schedule", "on_release", "--release", "none"]),
        [""; 0]
    );
    // 2026-11-30 is a Monday and the last day of its month.
    let default = [
        "--schedule",
        "default",
        "--date",
        "2026-11-30",
        "--release",
        "new",
        "--group",
    ];
    assert_eq!(
        planned(&[&default[..], &["github"]].concat()),
        ["a_daily", "b_monday"]
    );
    assert_eq!(
        planned(&[&default[..], &["reporting"]].concat()),
        ["g_monday", "h_31st", "i_release"]
    );
    // A month without the day: its last day takes it, the missing day takes nothing.
    let february = ["--schedule", "monthly", "--date", "2026-02-01", "--day-of-month"];
    assert_eq!(planned(&[&february[..], &["28"]].concat()), ["h_31st"]);
    assert_eq!(planned(&[&february[..], &["31"]].concat()), [""; 0]);
}

#[test]
fn a_date_gives_the_day_of_weekly_and_monthly() {
    let place = Place::new(SCHEDULE);
    let on = |kind, date| planned(&place, &["--schedule", kind, "--date", date]);
    assert_eq!(on("weekly", "2026-11-30"), ["b_monday", "g_monday"]);
    assert_eq!(on("weekly", "2026-12-01"), ["c_tuesday"]);
    assert_eq!(on("monthly", "2026-11-30"), ["h_31st"]);
    assert_eq!(on("monthly", "2026-12-03"), ["f_third"]);
    assert_eq!(on("monthly", "2026-12-30"), [""; 0]);
    let named = [
        "--schedule",
        "weekly",
        "--day-of-week",
        "tue",
        "--date",
        "2026-11-30",
    ];
    assert_eq!(planned(&place, &named), ["c_tuesday"]);
}

#[test]
fn groups_and_collectors_may_be_several_or_all() {
    let place = Place::new(SCHEDULE);
    let planned = |more: &[&str]| {
        let kind = [
            "--schedule",
            "default",
            "--date",
            "2026-11-30",
            "--release",
            "new",
        ];
        planned(&place, &[&kind[..], more].concat())
    };
    let all = ["a_daily", "b_monday", "g_monday", "h_31st", "i_release"];
    assert_eq!(planned(&[]), all);
    // In file order, whatever the order of the words.
    assert_eq!(planned(&["--group", "reporting", "--group", "github"]), all);
    assert_eq!(
        planned(&["--collector", "h_31st", "--collector", "github/a_daily"]),
        ["a_daily", "h_31st"]
    );
    assert_eq!(
        planned(&["--group", "reporting", "--collector", "h_31st"]),
        ["h_31st"]
    );
    // What is not due that day is not run because it was named.
    assert_eq!(planned(&["--collector", "c_tuesday"]), [""; 0]);
}

#[test]
fn a_given_date_is_the_slot_that_the_collector_is_told() {
    let place = Place::new(SCHEDULE);
    place.script("f_third", "#!/bin/sh\necho \"slot $ORCHESTRATE_SLOT\"\n");
    let args = [
        "run",
        "--schedule",
        "monthly",
        "--day-of-month",
        "3",
        "--date",
        "2026-02-03",
    ];
    place
        .run(&args)
        .exits(0)
        .says("[reporting/f_third] slot 2026-02-03T06:00:00Z");
}

#[test]
fn dry_run_is_the_plan_and_starts_nothing() {
    let place = Place::new(SCHEDULE);
    let plan = place.run(&["plan", "--schedule", "daily", "--format", "json"]);
    let dry = place.run(&["run", "--schedule", "daily", "--dry-run", "--format", "json"]);
    assert_eq!(plan.json(), dry.json());
    assert!(!place.state().exists());
    assert_eq!(plan.json()["tasks"][0]["executable"], Value::Null);
    plan.says("warning: there is no collector \"a_daily\"");
}

#[test]
fn a_release_that_nobody_can_tell_is_said_and_not_green() {
    let place = Place::new(SCHEDULE);
    let seen = place.run(&["run", "--schedule", "on_release"]);
    seen.exits(1).says("release unknown: git ls-remote ./nowhere");
    assert_eq!(seen.last_line(), "Summary: 0 succeeded, 0 failed, 1 skipped.");
}

#[test]
fn usage_errors_exit_2_name_the_choices_and_start_nothing() {
    let place = Place::new(SCHEDULE);
    let cases: [(&[&str], &str); 16] = [
        (&[], "--schedule"),
        (
            &["--schedule", "hourly"],
            "daily, weekly, monthly, interval, on_release, cron, default",
        ),
        (&["--schedule", "weekly"], "--day-of-week"),
        (&["--schedule", "weekly", "--day-of-week", "someday"], "monday"),
        (&["--schedule", "monthly"], "--day-of-month"),
        (&["--schedule", "monthly", "--day-of-month", "32"], "1 to 31"),
        (&["--schedule", "monthly", "--day-of-month", "-1"], "1 to 31"),
        (&["--schedule", "interval", "--interval-minutes", "0"], "1 to 180"),
        (
            &["--schedule", "interval", "--interval-minutes", "181"],
            "1 to 180",
        ),
        (
            &["--schedule", "daily", "--group", "githb"],
            "did you mean \"github\"?",
        ),
        (
            &[
                "--schedule",
                "default",
                "--group",
                "github",
                "--group",
                "reportin",
            ],
            "did you mean \"reporting\"?",
        ),
        (
            &["--schedule", "daily", "--collector", "a_dayly"],
            "did you mean a_daily?",
        ),
        (
            &[
                "--schedule",
                "daily",
                "--group",
                "reporting",
                "--collector",
                "a_daily",
            ],
            "no collector \"a_daily\" in the groups that were named",
        ),
        (
            &["--schedule", "daily", "--day-of-week", "mon"],
            "--schedule weekly",
        ),
        (&["--schedule", "daily", "--date", "2026-02-30"], "--date"),
        (&["--schedule", "daily", "--timeout", "90"], "90s"),
    ];
    for (args, expected) in cases {
        let mut all = vec!["run"];
        all.extend(args);
        place.run(&all).exits(2).says(expected);
        assert!(!place.state().exists(), "{args:?} made a state directory");
    }
    place.run(&["frobnicate"]).exits(2);
}
