//! Two tasks of a group with one command are two to everybody, as in the file of the original
//! project: one succeeds every night and the other one fails. On both databases.

use std::fs;

use serde_json::{Value, json};

use crate::cluster::cluster;
use crate::support::{Place, Seen};

const SCHEDULE: &str = r#"
release: {command: versions}
groups:
  g:
    default_time: "04:10"
    tasks:
      - {command: job, schedule: daily, args: [well]}
      - {command: job, schedule: daily, args: [fails]}
      - {command: sync, schedule: on_release, args: [well]}
      - {command: sync, schedule: on_release, args: [fails]}
"#;

const NIGHTS: usize = 3;

fn place() -> Place {
    let place = Place::new(SCHEDULE);
    for command in ["job", "sync"] {
        place.script(command, "#!/bin/sh\n[ \"$1\" = well ]\n");
    }
    place.script("page", "#!/bin/sh\n");
    place.script("versions", "#!/bin/sh\necho 1.0\n");
    fs::write(
        place.path("config/orchestrator.yaml"),
        "notify: [{name: pager, command: [page]}]\n",
    )
    .unwrap();
    place
}

/// `job well, job#2 failed`: the names of a document's tasks, with what `key` says of each.
fn of_each(tasks: &Value, key: &str) -> Vec<(String, Value)> {
    let tasks = tasks.as_array().unwrap().iter();
    let name = |task: &Value| task["name"].as_str().unwrap().to_owned();
    tasks.map(|task| (name(task), task[key].clone())).collect()
}

fn each<const N: usize>(expected: [(&str, Value); N]) -> Vec<(String, Value)> {
    let owned = |(name, value): (&str, Value)| (name.to_owned(), value);
    expected.into_iter().map(owned).collect()
}

fn are_two(place: &Place, run: &dyn Fn(&[&str]) -> Seen) {
    run(&["check"])
        .exits(0)
        .says("W009-unnamed-twin")
        .says("has no name of its own");
    for night in 1..=NIGHTS {
        run(&[
            "run",
            "--schedule",
            "default",
            "--group",
            "g",
            "--junit",
            "junit.xml",
        ])
        .exits(1);
        let last = run(&["show", "--format", "json"]).json();
        // The one that failed sees its release again, and its twin does not.
        let mut expected = vec![
            ("job", "succeeded"),
            ("job#2", "failed"),
            ("sync", "succeeded"),
            ("sync#2", "failed"),
        ];
        expected.retain(|(name, _)| night == 1 || *name != "sync");
        let expected: Vec<_> = expected
            .into_iter()
            .map(|(name, outcome)| (name.to_owned(), json!(outcome)))
            .collect();
        assert_eq!(of_each(&last["tasks"], "outcome"), expected, "night {night}");
    }
    let junit = fs::read_to_string(place.path("junit.xml")).unwrap();
    for name in ["job", "job#2", "sync#2"] {
        assert_eq!(
            junit.matches(&format!("testcase name=\"{name}\"")).count(),
            1,
            "{junit}"
        );
    }
    // Nobody is well again, and each failure is counted for itself.
    let notices = run(&["notices", "list", "--format", "json"]).exits(0).json();
    let mut told: Vec<String> = notices
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let word = |key: &str| one[key].as_str().unwrap().to_owned();
            format!("{} {} {}", word("name"), word("kind"), one["in_a_row"])
        })
        .collect();
    told.sort();
    assert_eq!(
        told,
        [
            "job#2 failure 1",
            "job#2 failure 2",
            "sync#2 failure 1",
            "sync#2 failure 2"
        ]
    );
    let status = run(&["status", "--format", "json"]).exits(0).json();
    assert_eq!(
        of_each(&status["tasks"], "failed_in_row"),
        each([
            ("job", json!(0)),
            ("job#2", json!(NIGHTS)),
            ("sync", json!(0)),
            ("sync#2", json!(NIGHTS)),
        ])
    );
    let succeeded: Vec<bool> = of_each(&status["tasks"], "last_success")
        .iter()
        .map(|(_, at)| at.is_string())
        .collect();
    assert_eq!(succeeded, [true, false, true, false]);
    for (name, outcome) in [("job", "succeeded"), ("job#2", "failed")] {
        let why = run(&["why", name, "--format", "json"]).exits(0).json();
        assert_eq!(
            (&why[0]["name"], &why[0]["last"]["outcome"]),
            (&json!(name), &json!(outcome))
        );
        let counted = run(&["history", "--collector", name, "--stats", "--format", "json"]).json();
        assert_eq!(counted["outcomes"][outcome], NIGHTS, "{counted}");
    }
    run(&["next"]).exits(0).says("job#2");
    run(&["plan", "--schedule", "daily"]).exits(0).says("job#2");
}

#[test]
fn twins_are_two_to_everybody_sqlite() {
    let place = place();
    are_two(&place, &|args| place.run(args));
}

#[test]
fn twins_are_two_to_everybody_postgres() {
    let (place, url) = (place(), cluster().database());
    are_two(&place, &|args| {
        place.run(&[args, &["--database-url", &url]].concat())
    });
}
