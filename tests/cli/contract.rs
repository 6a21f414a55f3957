//! What scripts outside rely on: JSON shapes, exit codes, help.

use serde_json::{Value, json};

use crate::support::Place;

const SCHEDULE: &str = r#"
groups:
  g:
    default_time: "04:10"
    timezone: Europe/Berlin
    tasks:
      - {command: fake, schedule: daily, args: [out, hello]}
      - {command: fake, schedule: interval, minutes: 15, args: [exit, "4"]}
workflow:
  default_time: "05:00"
  commands: [fake]
"#;

/// The keys of an object, sorted.
fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[track_caller]
fn has(value: &Value, wanted: &[&str]) {
    for key in wanted {
        assert!(keys(value).contains(key), "no {key} in {value}");
    }
}

#[test]
fn plan() {
    let place = Place::new(SCHEDULE);
    let plan = place
        .run(&[
            "plan",
            "--schedule",
            "daily",
            "--date",
            "2026-11-23",
            "--format",
            "json",
        ])
        .json();
    assert_eq!(
        plan,
        json!({"schedule": "daily", "date": "2026-11-23", "release": "not_checked", "tasks": [
            {"group": "g", "name": "fake", "command": "fake", "args": ["out", "hello"], "schedule": "daily",
             "executable": "collectors/fake"}
        ]})
    );
}

#[test]
fn next() {
    let place = Place::new(SCHEDULE);
    let next = place.run(&["next", "--format", "json"]).json();
    let kinds: Vec<&str> = next
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["kind"].as_str().unwrap())
        .collect();
    let mut sorted = kinds.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, ["group", "interval", "workflow"]);
    for entry in next.as_array().unwrap() {
        has(entry, &["kind", "next", "tasks"]);
        let at: jiff::Timestamp = entry["next"].as_str().unwrap().parse().unwrap();
        match entry["kind"].as_str().unwrap() {
            "group" => {
                assert_eq!((&entry["group"], &entry["at"]), (&json!("g"), &json!("04:10")));
                assert_eq!(entry["timezone"], "Europe/Berlin");
                // 04:10 in Berlin is 02:10 or 03:10 in UTC.
                assert!(matches!(at.as_second() % 86_400, 7_800 | 11_400), "{at}");
            }
            "interval" => {
                assert_eq!(entry["minutes"], 15);
                assert_eq!(at.as_second() % 900, 0);
            }
            _ => assert_eq!(
                (&entry["at"], &entry["timezone"]),
                (&json!("05:00"), &json!("UTC"))
            ),
        }
    }
    let many = place.run(&["next", "--hours", "24", "--format", "json"]).json();
    assert_eq!(many.as_array().unwrap().len(), 96 + 2);
    let few = place.run(&["next", "--count", "3", "--format", "json"]).json();
    assert_eq!(few.as_array().unwrap().len(), 3);
}

/// A spreadsheet evaluates what begins with a sign; a group may be called so.
#[test]
fn history_as_csv_has_no_formulas() {
    let place = Place::new(&SCHEDULE.replace("  g:", "  \"=1+1\":"));
    place
        .run(&["run", "--schedule", "default", "--group", "=1+1"])
        .exits(0);
    let csv = place.run(&["history", "--format", "csv"]).stdout;
    let row = csv.lines().nth(1).unwrap();
    assert!(row.contains(",default,\"'=1+1\",finished,"), "{row}");
}

#[test]
fn run_events_and_summary() {
    let place = Place::new(SCHEDULE);
    let seen = place.run(&["run", "--schedule", "daily", "--format", "json"]);
    let events = seen.exits(0).json_lines();
    let names: Vec<&str> = events
        .iter()
        .map(|event| event["event"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "run_started",
            "task_started",
            "output",
            "task_finished",
            "run_finished"
        ]
    );
    assert_eq!(events[2]["line"], "hello");
    assert_eq!(
        (&events[2]["group"], &events[2]["stream"]),
        (&json!("g"), &json!("stdout"))
    );
    let summary = &events[4];
    has(
        summary,
        &["run", "schedule", "started_at", "finished_at", "success", "tasks"],
    );
    let counts = ["succeeded", "failed", "skipped", "exit_code"].map(|key| summary[key].as_u64().unwrap());
    assert_eq!(counts, [1, 0, 0, 0]);
    has(
        &summary["tasks"][0],
        &[
            "group",
            "command",
            "args",
            "outcome",
            "exit_code",
            "signal",
            "reason",
            "category",
            "attempts",
            "duration_ms",
            "max_rss_bytes",
            "cpu_ms",
            "stdout_bytes",
            "stderr_bytes",
            "truncated",
            "leaked",
            "records",
            "log",
        ],
    );
    assert_eq!(summary["tasks"][0]["stdout_bytes"], 6);
    let shown = place.last();
    for key in [
        "run",
        "schedule",
        "succeeded",
        "failed",
        "skipped",
        "success",
        "exit_code",
    ] {
        assert_eq!(shown[key], summary[key], "{key}");
    }
    for key in keys(&summary["tasks"][0]) {
        assert_eq!(shown["tasks"][0][key], summary["tasks"][0][key], "{key}");
    }
}

#[test]
fn a_skipped_task_is_an_event_of_its_own() {
    let place = Place::new(
        r#"
groups:
  g:
    default_time: "04:10"
    tasks:
      - {command: fake, schedule: daily, args: [exit, "3"]}
      - {command: fake, schedule: daily}
"#,
    );
    let seen = place.run(&[
        "run",
        "--schedule",
        "daily",
        "--stop-on-failure",
        "--format",
        "json",
    ]);
    let skipped: Value = seen
        .exits(1)
        .json_lines()
        .into_iter()
        .find(|event| event["event"] == "task_skipped")
        .unwrap();
    assert_eq!(skipped["reason"], "stopped after fake exited with code 3");
    assert_eq!(
        (&skipped["exit_code"], &skipped["log"]),
        (&Value::Null, &Value::Null)
    );
}

#[test]
fn help_of_every_verb_ends_with_two_examples() {
    let place = Place::new(SCHEDULE);
    let help = place.run(&["--help"]);
    help.exits(0).says("Exit codes:").says("143");
    let verbs = help
        .stdout
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty());
    let verbs: Vec<&str> = verbs.filter_map(|line| line.split_whitespace().next()).collect();
    assert!(verbs.contains(&"run") && verbs.contains(&"check"), "{verbs:?}");
    for verb in verbs.into_iter().filter(|verb| *verb != "help") {
        let help = place.run(&[verb, "--help"]);
        let examples: Vec<&str> = help
            .exits(0)
            .stdout
            .lines()
            .skip_while(|line| *line != "Examples:")
            .skip(1)
            .collect();
        assert_eq!(examples.len(), 2, "{verb}: {help:#?}");
        assert!(
            examples.iter().all(|line| line.starts_with("  orchestrate ")),
            "{verb}: {examples:?}"
        );
    }
    let alone = place.run(&[]);
    alone.exits(2).says("Operate").says("orchestrate init");
    assert_eq!(alone.stdout, "");
    let version = place.run(&["--version"]);
    version.exits(0);
    let told = version
        .stdout
        .trim()
        .strip_prefix(concat!("orchestrate ", env!("CARGO_PKG_VERSION")));
    let words: Vec<&str> = told.unwrap().split_whitespace().collect();
    // A commit and its date, or nothing where git knew none.
    assert!(matches!(words[..], [] | [_, _]), "{}", version.stdout);
}

#[test]
fn generated_texts() {
    let place = Place::new(SCHEDULE);
    for shell in ["bash", "zsh", "fish"] {
        place.run(&["completions", shell]).exits(0).says("orchestrate");
    }
    let man = place.run(&["man"]);
    man.exits(0)
        .says(".TH \"ORCHESTRATE\" 1")
        .says("orchestrate\\-run\\-one");
    let schema = place.run(&["schema"]).exits(0).json();
    assert!(
        schema["$schema"].as_str().unwrap().contains("json-schema.org"),
        "{schema}"
    );
}
