//! The verbs that look at runs and touch them, from another process than the run's.

use std::fs;
use std::io::{BufRead, BufReader, Write};

use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, mkfifo};
use orchestrator::rundir::{PlanError, RunPlan};
use serde_json::Value;

use crate::support::{Place, Running, outcomes, wait_until};

/// A run whose first collector says `one`, waits for the FIFO `go`, and says `two`.
fn waiting(more: &str) -> Place {
    let place = Place::new(&format!(
        r#"
groups:
  g:
    default_time: "04:10"
    tasks:
      - {{command: fake, schedule: daily, args: [{more} out, one, touch, started, fifo-read, go, out, two]}}
      - {{command: fake, schedule: daily, args: [out, three]}}
"#
    ));
    mkfifo(&place.path("go"), Mode::S_IRWXU).unwrap();
    place
}

fn started(place: &Place) -> Running {
    let child = place.start(&mut place.command(&["run", "--schedule", "daily", "-q"]));
    wait_until("the collector to start", || place.path("started").exists());
    // The database is told beside the run, not before it.
    wait_until("the database to know the run", || {
        let output = place
            .command(&["history", "--outcome", "running"])
            .output()
            .unwrap();
        !String::from_utf8_lossy(&output.stdout).contains("No runs")
    });
    child
}

fn go(place: &Place) {
    fs::OpenOptions::new()
        .write(true)
        .open(place.path("go"))
        .unwrap()
        .write_all(b".")
        .unwrap();
}

#[test]
fn cancel_ends_a_run_politely_and_waits_for_its_end() {
    let place = waiting("");
    let child = started(&place);
    // Not place.run: the other run is still there.
    let output = place.command(&["cancel", "last"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(
        String::from_utf8_lossy(&output.stdout).contains("has ended"),
        "{output:?}"
    );
    place.see(child).exits(1);
    let last = place.last();
    assert_eq!(
        outcomes(&last),
        [
            ("fake".to_owned(), "cancelled".to_owned()),
            ("fake".to_owned(), "skipped".to_owned())
        ]
    );
    assert_eq!(
        last["tasks"][0]["reason"],
        "cancelled by the operator, then killed by SIGTERM"
    );
    let run = last["run"].as_str().unwrap();
    assert!(!place.state().join("runs").join(run).join("control").exists());
    place.run(&["cancel", run]).exits(2).says("does not go on");
}

#[test]
fn cancel_kill_does_not_ask() {
    let place = waiting("ignore, TERM,");
    let child = started(&place);
    let output = place.command(&["cancel", "last", "--kill"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    place.see(child).exits(1);
    assert_eq!(place.last()["tasks"][0]["signal"], "SIGKILL");
}

#[test]
fn logs_follow_a_run_to_its_end() {
    let place = waiting("");
    let run = started(&place);
    let mut follower = place.start(&mut place.command(&["logs", "last", "-f"]));
    let mut lines = BufReader::new(follower.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "[g/fake] one");
    go(&place);
    let rest: Vec<String> = lines.map(Result::unwrap).collect();
    assert_eq!(rest, ["[g/fake] two", "[g/fake#2] three"]);
    assert!(follower.wait().unwrap().success());
    place.see(run).exits(0);
    let past = place.run(&["logs", "last", "--follow", "--tail", "1"]);
    assert_eq!(past.exits(0).stdout, "[g/fake] two\n[g/fake#2] three\n");
}

#[test]
fn logs_stop_following_when_the_orchestrator_is_killed() {
    let place = waiting("");
    let mut run = started(&place);
    let mut follower = place.start(&mut place.command(&["logs", "last", "-f", "--raw"]));
    let mut lines = BufReader::new(follower.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "one");
    kill(Pid::from_raw(run.id().cast_signed()), Signal::SIGKILL).unwrap();
    run.wait().unwrap();
    assert_eq!(lines.count(), 0);
    assert!(follower.wait().unwrap().success());
    place.wait_until_gone();
    place.run(&["health"]).exits(3).says("has lost its process");
    let shown = place.run(&["show", "last"]);
    shown
        .exits(0)
        .says("ended without a record")
        .says("not started: orchestrate (pid ");
    let why = place.run(&["why", "fake#2"]);
    why.exits(0).says("it was skipped: not started: ");
}

const MIXED: &str = r#"
groups:
  g:
    default_time: "04:10"
    stop_on_failure: true
    tasks:
      - {command: fake, schedule: daily, args: [append, ledger, first]}
      - {command: flaky, schedule: daily, args: [second]}
      - {command: fake, schedule: daily, args: [append, ledger, third]}
      - {command: fake, schedule: weekly, on: monday, enabled: false}
"#;

fn mixed() -> Place {
    let place = Place::new(MIXED);
    place.script(
        "flaky",
        "#!/bin/sh\necho \"$1\" >> ledger\ntest -e mended || { echo broken >&2; exit 3; }\n",
    );
    place
}

fn ledger(place: &Place) -> String {
    fs::read_to_string(place.path("ledger"))
        .unwrap_or_default()
        .replace('\n', " ")
}

#[test]
fn retry_failed_runs_what_did_not_succeed() {
    let place = mixed();
    place.run(&["run", "--schedule", "daily"]).exits(1);
    assert_eq!(ledger(&place), "first second ");
    let first = place.last()["run"].as_str().unwrap().to_owned();
    let plan = place
        .run(&["retry", "last", "--failed", "--dry-run", "--format", "json"])
        .json();
    assert_eq!(plan["tasks"].as_array().unwrap().len(), 2);
    fs::write(place.path("mended"), "").unwrap();
    place.run(&["retry", "last", "--failed"]).exits(0);
    assert_eq!(ledger(&place), "first second second third ");
    let last = place.last();
    assert_eq!(last["schedule"], format!("retry {first}"));
    place
        .run(&["retry", "last", "--failed"])
        .exits(2)
        .says("every collector of run")
        .says("without --failed");
    place.run(&["retry", &first]).exits(0);
    assert_eq!(ledger(&place), "first second second third first second third ");
}

#[test]
fn retry_takes_the_part_that_is_named() {
    let place = mixed();
    place.run(&["run", "--schedule", "daily"]).exits(1);
    let run = place.last()["run"].as_str().unwrap().to_owned();
    let planned = |args: &[&str]| {
        let mut all = vec!["retry", "last", "--dry-run", "--format", "json"];
        all.extend(args);
        let plan = place.run(&all).exits(0).json();
        let names = plan["tasks"].as_array().unwrap().iter();
        let names: Vec<String> = names
            .map(|task| task["name"].as_str().unwrap().to_owned())
            .collect();
        names.join(" ")
    };
    assert_eq!(planned(&[]), "fake flaky fake#2");
    assert_eq!(planned(&["--from", "flaky"]), "flaky fake#2");
    assert_eq!(
        planned(&["--collector", "fake#2", "--collector", "g/fake"]),
        "fake fake#2"
    );
    // What narrows narrows together.
    assert_eq!(planned(&["--failed", "--from", "fake#2"]), "fake#2");
    assert_eq!(planned(&["--collector", "fake", "--from", "fake"]), "fake");
    let refused = |args: &[&str], what: &str| {
        let mut all = vec!["retry", run.as_str()];
        all.extend(args);
        place.run(&all).exits(2).says(what);
    };
    refused(
        &["--collector", "fake", "--failed"],
        "--failed with --collector leaves nothing",
    );
    refused(&["--suspect"], "--suspect leaves nothing of run");
    refused(&["--collector", "flakey"], "did you mean flaky?");
    refused(
        &["--from", "nothing-like-it"],
        "it had: g/fake, g/flaky, g/fake#2",
    );
    assert_eq!(ledger(&place), "first second ");
    // With a collector, `last` is the newest run that had it.
    place.run(&["retry", "last", "--collector", "fake#2"]).exits(0);
    place.run(&["retry", "last", "--collector", "flaky"]).exits(1);
    assert_eq!(place.last()["schedule"], format!("retry {run}"));
    assert_eq!(ledger(&place), "first second third second ");
}

#[test]
fn retry_suspect_runs_what_brought_too_little() {
    let place = Place::new(
        r#"
groups:
  g:
    default_time: "04:10"
    tasks:
      - {command: fake, name: empty, schedule: daily, args: [append, ledger, empty], expect: {min_records: 1}}
      - {command: fake, name: broken, schedule: daily, args: [append, ledger, broken, exit, "3"]}
      - {command: fake, name: well, schedule: daily, args: [append, ledger, well]}
"#,
    );
    place.run(&["run", "--schedule", "daily"]).exits(1);
    let run = place.last()["run"].as_str().unwrap().to_owned();
    place.run(&["retry", &run, "--suspect"]).exits(0);
    place.run(&["retry", &run, "--suspect", "--failed"]).exits(1);
    assert_eq!(ledger(&place), "empty broken well empty empty broken ");
}

#[test]
fn why_tells_the_facts() {
    let place = mixed();
    place
        .run(&["why", "flaky"])
        .exits(0)
        .says("g/flaky is due every day at 04:10 UTC.")
        .says("No run of it is recorded.")
        .says("Its next slot is ");
    place.run(&["run", "--schedule", "daily"]).exits(1);
    place
        .run(&["why", "flaky"])
        .exits(0)
        .says("and failed: exited with code 3.");
    let answer = |name: &str| {
        let answers = place.run(&["why", name, "--format", "json"]).json();
        assert_eq!(answers.as_array().unwrap().len(), 1, "{answers}");
        answers[0].clone()
    };
    assert_eq!(answer("fake")["last"]["outcome"], "succeeded");
    assert_eq!(answer("fake#2")["last"]["outcome"], "skipped");
    let disabled = answer("fake#3");
    let text = disabled["text"].as_str().unwrap();
    assert!(text.contains("is disabled in the schedule"), "{text}");
    assert_eq!(disabled["enabled"], false);
    place
        .run(&["why", "flakey"])
        .exits(2)
        .says("there is no collector \"flakey\" in the schedule, and no run of it is recorded")
        .says("did you mean flaky?");
    place
        .run(&["why", "flaky", "--group", "h"])
        .exits(2)
        .says("in group \"h\"");
    place.run(&["run-one", "./collectors/flaky"]).exits(1);
    place
        .run(&["why", "./collectors/flaky"])
        .exits(0)
        .says("is not in the schedule, so nothing runs it by itself.");
}

#[test]
fn history_is_filtered_and_exported() {
    let place = mixed();
    place.run(&["run", "--schedule", "daily"]).exits(1);
    place.run(&["run-one", "fake"]).exits(0);
    let count = |args: &[&str]| {
        let list = place
            .run(&[&["history", "--format", "json"], args].concat())
            .json();
        list.as_array().unwrap().len()
    };
    assert_eq!(count(&[]), 2);
    assert_eq!(count(&["--outcome", "failed"]), 1);
    assert_eq!(count(&["--outcome", "timed-out"]), 0);
    assert_eq!(count(&["--collector", "fake", "--outcome", "succeeded"]), 2);
    assert_eq!(count(&["--since", "1h"]), 2);
    assert_eq!(count(&["--until", "1h"]), 0);
    assert_eq!(count(&["--since", "2026-01-01", "--until", "9999-01-01"]), 2);
    place
        .run(&["history", "--since", "someday"])
        .exits(2)
        .says("2026-11-25");
    let csv = place.run(&["history", "--format", "csv"]).stdout;
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(
        lines[0].starts_with("run,schedule,group,state,started_at,"),
        "{csv}"
    );
    assert!(
        lines[1].contains(",run-one,,finished,") && lines[1].ends_with(",true,0,,0,succeeded"),
        "{csv}"
    );
    place.run(&["history"]).exits(0).says("run-one");
}

#[test]
fn the_database_is_looked_after() {
    let place = mixed();
    place
        .run(&["health"])
        .exits(0)
        .says("There is no database yet: sqlite:");
    place.run(&["db", "status"]).exits(0).says("0001 runs missing");
    place.run(&["db", "migrate"]).exits(0).says("of them new");
    place
        .run(&["db", "migrate"])
        .exits(0)
        .says("steps, 0 of them new");
    place.run(&["db", "status"]).exits(0).says("0001 runs applied");
    for _ in 0..3 {
        place.run(&["run", "--schedule", "daily", "-q"]).exits(1);
    }
    let health = place.run(&["health", "--format", "json"]).json();
    assert_eq!(
        (&health["ok"], &health["running"]),
        (&Value::Bool(true), &serde_json::json!([]))
    );

    // The newest holds every last success and failure, so two may go.
    let prune = ["db", "prune", "--keep", "0", "--format", "json"];
    let would = place.run(&[&prune[..], &["--dry-run"]].concat()).json();
    assert_eq!(
        (&would["seen"], &would["runs"], &would["kept"]),
        (&3.into(), &2.into(), &1.into())
    );
    assert_eq!(fs::read_dir(place.state().join("runs")).unwrap().count(), 3);
    assert_eq!(place.run(&prune).json(), would);
    assert_eq!(fs::read_dir(place.state().join("runs")).unwrap().count(), 1);
    place.run(&["logs", "last", "flaky"]).exits(0).says("broken");
    place.run(&["db", "prune"]).exits(2);

    // A database that is gone is made again of the journals, whichever build left the plan.
    let before = place.last();
    let run = place.state().join("runs").join(before["run"].as_str().unwrap());
    let plan = RunPlan::read(&run).unwrap();
    assert_eq!(plan.run.as_str(), before["run"]);
    assert!(plan.plan.tasks.iter().all(|planned| planned.slot.is_some()));
    let before_versions = r#"{"schedule": "daily", "date": "2026-11-25", "release": "none", "tasks": []}"#;
    fs::write(run.join("plan.json"), before_versions).unwrap();
    assert!(matches!(RunPlan::read(&run), Err(PlanError::Unversioned)));
    for file in fs::read_dir(place.state()).unwrap().flatten() {
        if file.file_name().to_string_lossy().starts_with("orchestrate.db") {
            fs::remove_file(file.path()).unwrap();
        }
    }
    place
        .run(&["history"])
        .exits(3)
        .says("the journals of 1 run are in")
        .says("orchestrate db import-journal --all makes it again of them")
        .says_not("No runs.");
    place
        .run(&["db", "import-journal", "--all"])
        .exits(0)
        .says("1 run brought in");
    assert_eq!(place.last(), before);
}

#[test]
fn help_of_the_words_after_db_ends_with_two_examples() {
    let place = mixed();
    for verb in ["migrate", "status", "prune", "import-journal"] {
        let help = place.run(&["db", verb, "--help"]);
        let examples = help
            .exits(0)
            .stdout
            .lines()
            .skip_while(|line| *line != "Examples:")
            .skip(1);
        assert_eq!(
            examples
                .filter(|line| line.starts_with("  orchestrate db "))
                .count(),
            2,
            "{verb}"
        );
    }
}
