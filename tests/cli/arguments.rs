//! What a run knows about itself, in the arguments of its collectors.

use serde_json::json;

use crate::support::Place;

const SCHEDULE: &str = r#"
groups:
  g:
    default_time: "04:10"
    timezone: Pacific/Kiritimati
    tasks:
      - command: say
        schedule: daily
        args: ["{slot}", "--on={slot_date}", "{run_id}", "{{slot}}", "{x}", "{{}}"]
"#;
const SAY: &str = "#!/bin/sh\nprintf '%s\\n' \"$@\" > said\n";
const ON: [&str; 4] = ["--schedule", "daily", "--date", "2026-11-26"];

#[test]
fn they_are_put_in_once_recorded_as_they_ran_and_kept_by_a_retry() {
    let place = Place::new(SCHEDULE);
    place.script("say", SAY);
    place.run(&[&["run"], &ON[..]].concat()).exits(0);
    let summary = place.last();
    let run = summary["run"].as_str().unwrap().to_owned();
    // The 26th begins in Kiritimati while it is the 25th in UTC.
    let given = [
        "2026-11-25T14:10:00Z",
        "--on=2026-11-26",
        &run,
        "{slot}",
        "{x}",
        "{{}}",
    ];
    let said = || std::fs::read_to_string(place.path("said")).unwrap();
    assert_eq!(said().lines().collect::<Vec<_>>(), given);
    assert_eq!(summary["tasks"][0]["args"], json!(given));

    place.run(&["retry", &run]).exits(0);
    assert_eq!(said().lines().collect::<Vec<_>>(), given);
    assert_eq!(place.last()["tasks"][0]["args"], json!(given));
}

#[test]
fn a_plan_shows_both_forms() {
    let place = Place::new(SCHEDULE);
    place.script("say", SAY);
    let plan = place.run(&[&["plan", "--format", "json"], &ON[..]].concat());
    plan.exits(0);
    let dry = place.run(&[&["run", "--dry-run", "--format", "json"], &ON[..]].concat());
    assert_eq!(plan.stdout, dry.stdout);
    let task = &plan.json()["tasks"][0];
    assert_eq!(task["args"][3], "{{slot}}");
    let filled = [
        "2026-11-25T14:10:00Z",
        "--on=2026-11-26",
        "{run_id}",
        "{slot}",
        "{x}",
        "{{}}",
    ];
    assert_eq!(task["filled_args"], json!(filled));
    let text = place.run(&[&["plan"], &ON[..]].concat());
    assert!(text.stdout.contains("--on=2026-11-26"), "{}", text.stdout);
}

#[test]
fn what_is_typed_is_meant_as_it_is() {
    let place = Place::new(SCHEDULE);
    place.script("say", SAY);
    place
        .run(&["run-one", "say", "--", "{slot}", "{{slot}}"])
        .exits(0);
    assert_eq!(
        std::fs::read_to_string(place.path("said")).unwrap(),
        "{slot}\n{{slot}}\n"
    );
}

#[test]
fn an_empty_name_is_none_and_makes_no_run() {
    let place = Place::new(SCHEDULE);
    for name in ["", "  "] {
        place
            .run(&["run-one", name])
            .exits(2)
            .says("the name of a collector is missing");
    }
    assert!(!place.state().join("runs").exists());
}

/// What is no level is a name to the library, and everything else falls silent.
#[test]
fn a_misspelt_level_is_refused_with_the_nearest() {
    let place = Place::new(SCHEDULE);
    place.script("say", SAY);
    let run = ["run", "--schedule", "daily", "--log-level"];
    place
        .run(&[&run[..], &["inof"]].concat())
        .exits(2)
        .says("--log-level cannot be \"inof\"")
        .says("did you mean info?");
    place
        .run(&[&run[..], &["debug,loud"]].concat())
        .exits(2)
        .says("\"loud\"");
    let mut command = place.command(&["history"]);
    let seen = place.see(place.start(command.env("ORCHESTRATE_LOG_LEVEL", "wran")));
    seen.exits(2)
        .says("ORCHESTRATE_LOG_LEVEL cannot be \"wran\"")
        .says("did you mean warn?");
    assert!(!place.state().join("runs").exists());
    for level in ["INFO", "off", "warn,orchestrator::report=info", "sqlx=warn,info"] {
        place.run(&[&run[..], &[level]].concat()).exits(0);
    }
}
