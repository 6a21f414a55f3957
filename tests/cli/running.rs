//! How a run goes: order, stopping, retrying, limits of time, and what is left to read.

use std::fs;

use crate::support::{Place, outcomes};

const THREE: &str = r#"
groups:
  g:
    default_time: "04:10"
    tasks:
      - {command: fake, schedule: daily, args: [append, ledger, first]}
      - {command: fails, schedule: daily}
      - {command: fake, schedule: daily, args: [append, ledger, third]}
workflow:
  commands:
    - {command: fake, args: [append, ledger, fixed-1]}
    - fails
    - {command: fake, args: [append, ledger, fixed-2]}
"#;

fn three() -> Place {
    let place = Place::new(THREE);
    place.script("fails.sh", "#!/bin/sh\necho the cause >&2\nexit 3\n");
    place
}

fn ledger(place: &Place) -> String {
    fs::read_to_string(place.path("ledger")).unwrap_or_default()
}

#[test]
fn a_failure_does_not_stop_the_rest() {
    let place = three();
    let seen = place.run(&["run", "--schedule", "daily"]);
    seen.exits(1)
        .says("exited with code 3")
        .says("| the cause")
        .says("[g/fails] the cause");
    assert_eq!(seen.last_line(), "Summary: 2 succeeded, 1 failed, 0 skipped.");
    assert_eq!(ledger(&place), "first\nthird\n");
}

#[test]
fn stop_on_failure_skips_the_rest_and_names_the_cause_at_warn() {
    let place = three();
    let seen = place.run(&["run", "--schedule", "daily", "--stop-on-failure"]);
    seen.exits(1);
    assert_eq!(seen.last_line(), "Summary: 1 succeeded, 1 failed, 1 skipped.");
    let told = seen
        .stderr
        .lines()
        .find(|line| line.contains("skipped:"))
        .unwrap();
    assert!(
        told.contains("WARN") && told.contains("stopped after fails exited with code 3"),
        "{told}"
    );
    assert_eq!(
        place.last()["tasks"][2]["reason"],
        "stopped after fails exited with code 3"
    );
    assert_eq!(ledger(&place), "first\n");
}

#[test]
fn run_all_runs_the_fixed_list() {
    let place = three();
    let seen = place.run(&["run-all"]);
    seen.exits(1);
    assert_eq!(seen.last_line(), "Summary: 2 succeeded, 1 failed, 0 skipped.");
    assert_eq!(ledger(&place), "fixed-1\nfixed-2\n");
    place
        .run(&["run-all", "--stop-on-failure"])
        .exits(1)
        .says("Summary: 1 succeeded, 1 failed, 1 skipped.");
    let plan = place.run(&["run-all", "--dry-run", "--format", "json"]).json();
    assert_eq!(plan["tasks"].as_array().unwrap().len(), 3);
}

#[test]
fn run_one_takes_the_settings_of_the_schedule_and_needs_no_schedule() {
    let place = Place::new(
        r#"
groups:
  g:
    default_time: "04:10"
    tasks:
      - {command: says, schedule: daily, args: [scheduled], env: {GREETING: hello}, enabled: false}
"#,
    );
    place.script("says", "#!/bin/sh\necho \"$GREETING $* $ORCHESTRATE_GROUP\"\n");
    place
        .run(&["run-one", "says"])
        .exits(0)
        .says("[g/says] hello scheduled g");
    place
        .run(&["run-one", "says", "--", "--by", "hand"])
        .exits(0)
        .says("[g/says] hello --by hand g");
    place
        .run(&["run-one", "says", "--group", "other"])
        .exits(2)
        .says("group \"other\" has no collector");
    fs::remove_file(place.path("config/boost_collector_schedule.yaml")).unwrap();
    place
        .run(&["run-one", "says", "--", "x"])
        .exits(0)
        .says("[by-hand/says]  x by-hand");
    place
        .run(&["run-one", "./collectors/says", "--", "y"])
        .exits(0)
        .says(" y by-hand");
}

#[test]
fn a_temporary_failure_is_retried_and_each_attempt_has_its_log() {
    let place = Place::new(
        r#"
groups:
  g:
    default_time: "04:10"
    tasks:
      - {command: flaky, schedule: daily, retry: {limit: 2, delay: 10ms}}
      - {command: strict, schedule: daily, retry: {limit: 2, delay: 10ms}}
"#,
    );
    place.script(
        "flaky",
        "#!/bin/sh\necho \"attempt $ORCHESTRATE_ATTEMPT\"\n[ \"$ORCHESTRATE_ATTEMPT\" = 3 ] || exit 75\n",
    );
    place.script("strict", "#!/bin/sh\necho once >> ledger\nexit 78\n");
    let seen = place.run(&["run", "--schedule", "daily"]);
    seen.exits(1).says("attempt 2 follows");
    let summary = place.last();
    assert_eq!(summary["tasks"][0]["attempts"], 3);
    assert_eq!(summary["tasks"][0]["outcome"], "succeeded");
    assert_eq!(
        summary["tasks"][0]["attempt_list"][0]["reason"],
        "exited with code 75 (temporary)"
    );
    assert_eq!(
        summary["tasks"][1]["attempts"], 1,
        "wrong settings do not get better"
    );
    assert_eq!(ledger(&place), "once\n");
    for attempt in summary["tasks"][0]["attempt_list"].as_array().unwrap() {
        let log = fs::read_to_string(place.state().join(attempt["log"].as_str().unwrap())).unwrap();
        assert!(log.contains(&format!("attempt {}", attempt["number"])), "{log}");
    }
}

#[test]
fn limits_of_time_say_which_one_it_was() {
    let place = Place::new(
        r#"
groups:
  g:
    default_time: "04:10"
    tasks:
      - {command: fake, schedule: daily, args: [out, alive, hang], idle_timeout: 300ms}
      - {command: fake, schedule: daily, args: [ignore, TERM, out, stubborn, hang], timeout: 300ms, grace: 200ms}
"#,
    );
    place.run(&["run", "--schedule", "daily"]).exits(1);
    let summary = place.last();
    assert_eq!(
        summary["tasks"][0]["reason"],
        "no output for 300ms, then killed by SIGTERM"
    );
    assert_eq!(
        summary["tasks"][1]["reason"],
        "timed out after 300ms, then killed by SIGKILL"
    );
    assert_eq!(summary["tasks"][1]["category"], "timeout");
    let seen = place.run(&["run", "--schedule", "daily", "--timeout", "200ms"]);
    seen.exits(1).says("timed out after 200ms");
}

#[test]
fn collectors_are_told_where_they_stand() {
    let place = Place::new(
        r#"
defaults: {timeout: 1h}
groups:
  g:
    default_time: "04:10"
    tasks:
      - {command: env, schedule: daily, env: {FROM: task}}
"#,
    );
    place.script("env", "#!/bin/sh\nenv\n");
    fs::write(
        place.path(".env"),
        "TOKEN=from-dotenv\nFROM=dotenv\nTEST_SET=dotenv\n",
    )
    .unwrap();
    let mut command = place.command(&["run", "--schedule", "daily", "-q"]);
    command
        .env("DATABASE_URL", "sqlite:own.db")
        .env("ORCHESTRATE_SECRET", "x")
        .env("TEST_SET", "process");
    place.see(place.start(&mut command)).exits(0);
    let mut logs = place.command(&["logs", "last", "--raw"]);
    logs.env("DATABASE_URL", "sqlite:own.db");
    let seen = place.see(place.start(&mut logs));
    let get = |name: &str| {
        seen.stdout
            .lines()
            .find_map(|line| line.strip_prefix(&format!("{name}=")))
    };
    assert_eq!(get("ORCHESTRATE_GROUP"), Some("g"));
    assert_eq!(get("ORCHESTRATE_COMMAND"), Some("env"));
    assert_eq!(get("ORCHESTRATE_SCHEDULE"), Some("daily"));
    assert_eq!(get("ORCHESTRATE_ATTEMPT"), Some("1"));
    assert_eq!(get("PYTHONUNBUFFERED"), Some("1"));
    assert_eq!(get("TOKEN"), Some("from-dotenv"), ".env reaches the collectors");
    assert_eq!(
        get("TEST_SET"),
        Some("process"),
        ".env never overrides what is set"
    );
    assert_eq!(get("FROM"), Some("task"));
    assert_eq!(get("DATABASE_URL"), None, "ours is not theirs");
    assert_eq!(get("ORCHESTRATE_SECRET"), None);
    let workspace = fs::canonicalize(place.state().join("workspaces/env")).unwrap();
    assert_eq!(
        fs::canonicalize(get("ORCHESTRATE_WORKSPACE").unwrap()).unwrap(),
        workspace
    );
    let instant = |name: &str| get(name).unwrap().parse::<jiff::Timestamp>().unwrap();
    let limit = instant("ORCHESTRATE_DEADLINE").duration_since(instant("ORCHESTRATE_SLOT"));
    assert!(limit.as_secs() >= 3600, "{limit}");
}

#[test]
fn summaries_are_written_where_they_were_asked_for() {
    let place = three();
    fs::write(place.path("step.md"), "before\n").unwrap();
    let mut command = place.command(&[
        "run",
        "--schedule",
        "daily",
        "--junit",
        "junit.xml",
        "--summary-file",
        "summary.json",
    ]);
    command.env("GITHUB_STEP_SUMMARY", place.path("step.md"));
    place.see(place.start(&mut command)).exits(1);
    let summary: serde_json::Value =
        serde_json::from_slice(&fs::read(place.path("summary.json")).unwrap()).unwrap();
    assert_eq!(outcomes(&summary), outcomes(&place.last()));
    let junit = fs::read_to_string(place.path("junit.xml")).unwrap();
    assert!(
        junit.contains("tests=\"3\"") && junit.contains("failures=\"1\""),
        "{junit}"
    );
    let step = fs::read_to_string(place.path("step.md")).unwrap();
    assert!(
        step.starts_with("before\n### ❌ orchestrate daily: 2 succeeded, 1 failed, 0 skipped"),
        "{step}"
    );
    let elsewhere = ["run", "--schedule", "daily", "--junit", "none/junit.xml"];
    place.run(&elsewhere).exits(1);
    assert!(
        place.path("none/junit.xml").exists(),
        "missing directories are made"
    );
    let before = place.last()["run"].clone();
    place
        .run(&["run", "--schedule", "daily", "--junit", "step.md/junit.xml"])
        .exits(3)
        .says("step.md/junit.xml");
    assert_eq!(place.last()["run"], before, "nothing was started");
}

#[test]
fn history_show_and_logs_tell_of_past_runs() {
    let place = three();
    place.run(&["history"]).exits(0).says("No runs.");
    place
        .run(&["show", "last"])
        .exits(0)
        .says("There is no database yet");
    place.run(&["db", "migrate"]).exits(0);
    place.run(&["show", "last"]).exits(2).says("there is no run yet");
    place.run(&["run", "--schedule", "daily"]).exits(1);
    place.run(&["run-all"]).exits(1);
    let history = place.run(&["history", "--format", "json"]).json();
    assert_eq!(history[0]["schedule"], "run-all", "newest first");
    assert_eq!(
        (&history[1]["failed"], &history[1]["exit_code"]),
        (&1.into(), &1.into())
    );
    assert_eq!(
        (&history[0]["result"], &history[1]["result"]),
        (&"failed".into(), &"failed".into())
    );
    let of_group = place.run(&["history", "--group", "g", "--format", "json"]).json();
    let outcomes: Vec<_> = of_group
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["outcome"])
        .collect();
    assert_eq!(outcomes, ["succeeded", "failed", "succeeded"], "each its own");
    place
        .run(&["history", "--group", "gg"])
        .exits(2)
        .says("there is no group \"gg\"")
        .says("did you mean g?");
    let of_one = place.run(&["history", "--collector", "fails", "-n", "1", "--format", "json"]);
    let of_one = &of_one.exits(0).json()[0];
    let keys = [
        "run",
        "slot",
        "group",
        "command",
        "name",
        "state",
        "outcome",
        "cause",
        "started_at",
        "duration_ms",
        "records",
    ];
    for key in keys {
        assert!(of_one.get(key).is_some(), "{key}: {of_one}");
    }
    assert_eq!(
        (&of_one["state"], &of_one["slot"]),
        (&"ran".into(), &serde_json::Value::Null)
    );
    assert_eq!(of_one["cause"], "exited with code 3: the cause");
    place
        .run(&["history", "--collector", "fail"])
        .exits(2)
        .says("there is no collector \"fail\"")
        .says("did you mean fails?");
    let first = history[1]["run"].as_str().unwrap();
    place
        .run(&["show", &first[..first.len() - 1]])
        .exits(0)
        .says("exited with code 3")
        .says("the cause");
    place.run(&["show", "2"]).exits(2).says("several runs");
    place
        .run(&["show", "nope"])
        .exits(2)
        .says("there is no run \"nope\"");
    assert_eq!(
        place.run(&["logs", first, "fails", "--stream", "stderr"]).stdout,
        "[g/fails] the cause\n"
    );
    assert_eq!(
        place.run(&["logs", first, "fails", "--stream", "stdout"]).stdout,
        ""
    );
    place
        .run(&["logs", first, "other"])
        .exits(2)
        .says("it had: fake, fails, fake");
    place.run(&["next"]).exits(0).says("fails (failed)");
}

/// Different schedules at the same time do not disturb each other.
#[test]
fn two_runs_at_once_share_one_state_directory() {
    let place = three();
    let children: Vec<_> = (0..4)
        .map(|_| place.start(&mut place.command(&["run", "--schedule", "daily", "-q", "--overlap", "allow"])))
        .collect();
    for child in children {
        let output = child.wait_with_output();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
    }
    assert_eq!(ledger(&place).lines().count(), 8);
    assert_eq!(
        place
            .run(&["history", "--format", "json"])
            .json()
            .as_array()
            .unwrap()
            .len(),
        4
    );
}

/// With `fallback`, whatever is no executable goes to another program, as Django's
/// management commands do.
#[test]
fn a_fallback_program_takes_what_is_no_executable() {
    let place = Place::new(
        r#"
groups:
  g:
    default_time: "04:10"
    tasks:
      - {command: run_anything, schedule: daily, args: [--format, json]}
      - {command: fake, schedule: daily, args: [out, own]}
"#,
    );
    place.with_management_commands();
    let seen = place.run(&["run", "--schedule", "daily"]);
    seen.exits(0)
        .says("[g/run_anything] managed run_anything --format json")
        .says("[g/fake] own");
}
