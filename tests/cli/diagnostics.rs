//! Bad input: every problem at once, with its place, and nothing is started.

use std::fs;

use serde_json::Value;

use crate::support::Place;

/// The example of the original project, with its spellings.
const SEED: &str = include_str!("../fixtures/schedules/original.yaml");

#[test]
fn a_schedule_of_the_original_project_loads_unchanged() {
    let place = Place::new(SEED);
    place.run(&["check", "--schedule-only"]).exits(0);
    let seen = place.run(&["plan", "--schedule", "daily", "--format", "json"]);
    let plan = seen.exits(0).json();
    assert!(plan["tasks"].as_array().unwrap().len() >= 2, "{plan}");
}

#[test]
fn every_problem_is_told_at_once_with_its_place_and_nothing_starts() {
    let place = Place::new(
        "groups:\n  github:\n    default_time: 4:10\n    tasks:\n      - command: fake\n        schedule: dayly\n        enabld: true\n      - schedule: weekly\n        on: mon\n",
    );
    for verb in [
        &["check"][..],
        &["run", "--schedule", "daily"],
        &["plan", "--schedule", "daily"],
        &["next"],
        &["run-all"],
    ] {
        let seen = place.run(verb);
        seen.exits(2)
            .says("04:10")
            .says("daily")
            .says("enabled")
            .says("command");
        seen.says("config/boost_collector_schedule.yaml:3:");
    }
    assert!(!place.state().join("runs").exists());
    let problems = place.run(&["check", "--schedule-only", "--format", "json"]);
    let problems: Vec<Value> = problems.exits(2).json().as_array().unwrap().clone();
    let places: Vec<(u64, u64)> = problems
        .iter()
        .map(|problem| {
            (
                problem["line"].as_u64().unwrap(),
                problem["column"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(places, [(3, 19), (6, 19), (7, 9), (8, 9)], "{problems:#?}");
    for problem in &problems {
        assert_eq!(problem["severity"], "error");
        assert_eq!(problem["file"], "config/boost_collector_schedule.yaml");
        assert!(problem["code"].as_str().unwrap().starts_with('E') && problem["message"].is_string());
        assert!(problem.as_object().unwrap().contains_key("hint"));
    }
}

#[test]
fn a_missing_schedule_names_the_ways_to_name_another() {
    let place = Place::new("");
    fs::remove_file(place.path("config/boost_collector_schedule.yaml")).unwrap();
    let seen = place.run(&["run", "--schedule", "daily"]);
    seen.exits(2)
        .says("config/boost_collector_schedule.yaml")
        .says("--schedule-file");
    place
        .run(&["check", "--schedule-file", "none.yaml"])
        .exits(2)
        .says("none.yaml");
    place
        .run(&["check", "--config", "none.yaml"])
        .exits(2)
        .says("none.yaml");
}

#[test]
fn check_finds_what_would_keep_a_run_from_going_well() {
    let place = Place::new(
        r#"
groups:
  g:
    default_time: "04:10"
    tasks:
      - {command: fake, schedule: daily}
      - {command: nowhere, schedule: daily}
      - {command: later, schedule: daily, enabled: false}
"#,
    );
    let seen = place.run(&["check"]);
    seen.exits(3)
        .says("error[E301-collector-not-found]: there is no collector \"nowhere\"")
        .says("warning[E301");
    place.run(&["check", "--schedule-only"]).exits(0);
    let problems = place.run(&["check", "--format", "json"]).exits(3).json();
    let severities: Vec<&str> = problems
        .as_array()
        .unwrap()
        .iter()
        .map(|problem| problem["severity"].as_str().unwrap())
        .collect();
    assert_eq!(severities, ["error", "warning"]);
}

#[test]
fn a_state_directory_that_cannot_be_written_is_code_3_and_nothing_starts() {
    let place = Place::new(
        r#"
groups:
  g: {default_time: "04:10", tasks: [{command: fake, schedule: daily, args: [append, ledger, ran]}]}
"#,
    );
    // Even root cannot make a directory below a file.
    fs::write(place.path("file"), "").unwrap();
    for verb in [&["run", "--schedule", "daily"][..], &["check"], &["history"]] {
        let seen = place.run(&[verb, &["--state-dir", "file/state"]].concat());
        seen.exits(3).says("file/state").says("--state-dir");
    }
    place
        .run(&[
            "run",
            "--schedule",
            "daily",
            "--database-url",
            "postgres://me:secret@127.0.0.1:1/db",
        ])
        .exits(3)
        .says("postgres://me@127.0.0.1:1/db")
        .says_not("secret");
    fs::write(
        place.path("broken.db"),
        "this is no database, but long enough to be looked at".repeat(50),
    )
    .unwrap();
    place
        .run(&["run", "--schedule", "daily", "--database-url", "sqlite:broken.db"])
        .exits(3)
        .says("broken.db");
    assert!(!place.path("ledger").exists());
}

#[test]
fn settings_come_from_flag_then_environment_then_file_then_default() {
    let place = Place::new("groups: {g: {default_time: \"04:10\", tasks: []}}\n");
    let schedule = |name: &str| {
        let text = format!("groups: {{{name}: {{default_time: \"04:10\", tasks: []}}}}\n");
        fs::write(place.path(format!("{name}.yaml")), text).unwrap();
    };
    ["flag", "env", "dotenv", "file"].into_iter().for_each(schedule);
    let known = |command: &mut std::process::Command| {
        let seen = place.see(place.start(command.args(["--group", "none"])));
        seen.exits(2);
        seen.stderr.rsplit(": ").next().unwrap().trim().to_owned()
    };
    let plan = || place.command(&["plan", "--schedule", "daily"]);
    assert_eq!(known(&mut plan()), "g");
    fs::write(
        place.path("config/orchestrator.yaml"),
        "schedule_file: file.yaml\n",
    )
    .unwrap();
    assert_eq!(known(&mut plan()), "file");
    fs::write(place.path(".env"), "BOOST_COLLECTOR_SCHEDULE_YAML=dotenv.yaml\n").unwrap();
    assert_eq!(known(&mut plan()), "dotenv");
    assert_eq!(
        known(plan().env("BOOST_COLLECTOR_SCHEDULE_YAML", "env.yaml")),
        "env"
    );
    let mut flag = plan();
    flag.env("BOOST_COLLECTOR_SCHEDULE_YAML", "env.yaml")
        .args(["--schedule-file", "flag.yaml"]);
    assert_eq!(known(&mut flag), "flag");
}

/// A mistake beside a password shows where it is, and not the password.
#[test]
fn no_problem_of_a_file_shows_a_secret() {
    let place = Place::new("groups: {}\n");
    let settings = "database_url: postgres://me:hunter2@db/x
notify:
  - {mail: [\"a@b.c\"], from: a@b.c, server: \"smtp://me:hunter2@mx\"}
  - {webhook: hooks.example/T0/hunter2, name: w}
  - {webhook: \"https://hooks.example/T0/hunter2\", frmat: slack}
  - mail: [a@b.c]
    from: a@b.c
    server: smtp://mx:25?tls=foo
    password: hunter2
  - mail: [a@b.c]
    from: a@b.c
    server: smtp://mx
    token: |
      hunter2
dead_man: {url: \"htps://h/hunter2\"}
log_level: postgres://me:hunter2@db/x
";
    fs::write(place.path("config/orchestrator.yaml"), settings).unwrap();
    for format in [&["check"][..], &["check", "--format", "json"]] {
        place
            .run(format)
            .exits(2)
            .says_not("hunter2")
            .says("`server` has `tls=foo`, which is no way to use TLS")
            .says("frmat");
    }
    let shown = place.run(&["check"]).stderr;
    let line = shown
        .lines()
        .position(|line| line.contains("smtp://me:"))
        .unwrap();
    let (text, carets) = (
        shown.lines().nth(line).unwrap(),
        shown.lines().nth(line + 1).unwrap(),
    );
    assert!(text.contains("smtp://me:*******@mx"), "{text}");
    assert_eq!(text.find("\"smtp"), carets.find('^'), "{text}\n{carets}");

    fs::write(place.path("config/orchestrator.yaml"), "{}\n").unwrap();
    place.schedule(
        "groups:
  g:
    default_time: \"04:10\"
    tasks:
      - {command: x, schedule: dayly, args: [\"--password\", \"hunter2\"]}
      - {command: y, schedule: daily, env: {API_TOKEN: hunter2}, timeot: 1s}
      - {command: z, schedule: \"https://hunter2@h\"}
",
    );
    for format in [
        &["check"][..],
        &["check", "--format", "json"],
        &["run", "--schedule", "daily"],
    ] {
        place.run(format).exits(2).says_not("hunter2").says("timeot");
    }
}
