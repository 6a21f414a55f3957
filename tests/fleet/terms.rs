//! Which worker a run is for, what becomes of it when that is lost, and what is said of a run that
//! waits.

use serde_json::json;

use crate::support::wait_until;
use crate::workers::{BATCH, Fleet, outcomes};

const LABELLED: &str = r#"
groups:
  g:
    default_time: "04:10"
    runs_on: [gpu]
    lease: 30s
    on_lost: fail
    tasks:
      - {command: step, name: a, schedule: daily, args: [a]}
"#;

#[test]
fn a_run_waits_for_a_worker_with_its_labels_and_everybody_says_so() {
    let fleet = Fleet::new(LABELLED, "", 2);
    let plain = fleet.start(1, &["worker", "--name", "plain"]);
    let run = fleet.queue("g");
    assert_eq!(
        fleet.psql("select lease_ms, on_lost, labels from queued_runs"),
        r#"30000|fail|["gpu"]"#
    );
    let why = "it runs on gpu";
    wait_until("the worker to say what it leaves", || {
        let workers = fleet.workers();
        workers[0]["leaves"] == json!([{"run": run, "why": why}])
    });
    fleet.run(0, &["workers"]).exits(0).says(why);
    let waits = format!("no worker that is there may have it: {why}");
    let listed = fleet.run(0, &["history", "--format", "json"]).exits(0).json();
    assert_eq!(listed[0]["run"], json!(run), "{listed}");
    assert_eq!(listed[0]["state"], "queued");
    assert_eq!(listed[0]["waits"], json!(waits));
    fleet.run(0, &["history"]).exits(0).says("queued");
    let shown = fleet.show(&run);
    assert_eq!(
        (&shown["state"], &shown["waits"]),
        (&json!("queued"), &json!(waits))
    );
    fleet.run(0, &["show", &run]).exits(0).says(why);
    let status = fleet.run(0, &["status", "--format", "json"]).exits(0).json();
    let problems = status["problems"].as_array().unwrap();
    let stuck = problems.iter().find(|problem| problem["code"] == "no_worker");
    assert_eq!(
        stuck.unwrap()["message"],
        json!(format!("run {run} waits: {waits}")),
        "{status}"
    );
    let able = fleet.start(0, &["worker", "--name", "able", "--labels", "gpu,eu"]);
    fleet.wait_for_end(&run);
    assert_eq!(fleet.psql("select worker from queued_runs"), "able");
    for (machine, worker) in [(1, plain), (0, able)] {
        fleet.end(machine, worker);
    }
}

#[test]
fn a_run_whose_group_does_not_want_it_is_not_resumed() {
    let schedule = LABELLED
        .replace("lease: 30s", "lease: 2s")
        .replace("    runs_on: [gpu]\n", "");
    let fleet = Fleet::new(&schedule, "", 2);
    fleet.close_gate("a");
    let mut first = fleet.start(0, &["worker", "--name", "first"]);
    let run = fleet.queue("g");
    fleet.wait_for("start a 1");
    first.kill().unwrap();
    first.wait().unwrap();
    let second = fleet.start(1, &["worker", "--name", "second"]);
    let record = fleet.wait_for_end(&run);
    assert_eq!(record["lost"], "its worker was lost, and `on_lost` is `fail`");
    assert_eq!(outcomes(&record), [("lost", 1)]);
    assert_eq!(fleet.ledger(), ["start a 1"]);
    fleet.end(1, second);
}

#[test]
fn a_run_is_tried_again_through_the_queue_from_another_machine() {
    let fleet = Fleet::new(BATCH, "", 2);
    let worker = fleet.start(1, &["worker", "--name", "w"]);
    let run = fleet.queue("g");
    fleet.wait_for_end(&run);
    let seen = fleet.run(0, &["retry", &run, "--collector", "b", "--queue", "--wait"]);
    seen.exits(0);
    let again = seen.stdout.trim();
    assert_ne!(again, run);
    let record = fleet.show(again);
    assert_eq!(record["schedule"], json!(format!("retry {run}")));
    assert_eq!(outcomes(&record), [("succeeded", 1)]);
    assert_eq!(
        fleet.ledger().iter().filter(|line| *line == "start b 1").count(),
        2
    );
    fleet.end(1, worker);
}

/// What a run by hand means by `--overlap` it means in the queue as well.
#[test]
fn a_run_gives_way_waits_or_goes_beside_another_one_as_it_was_told() {
    let fleet = Fleet::new(BATCH, "", 1);
    let worker = fleet.start(0, &["worker", "--name", "w", "--concurrency", "2"]);
    fleet.close_gate("a");
    let first = fleet.queue("g");
    fleet.wait_for("start a 1");
    let queue = [
        "run",
        "--schedule",
        "daily",
        "--group",
        "g",
        "--queue",
        "--overlap",
    ];
    let with = |mode| [&queue[..], &[mode]].concat();
    let seen = fleet.run(0, &with("skip"));
    let held = format!("g is held back: run {first} of it waits or goes on");
    seen.exits(1).says(&held);
    assert_eq!(seen.stdout, "");
    let waits = fleet.run(0, &with("queue")).exits(0).stdout.trim().to_owned();
    let shown = fleet.show(&waits);
    assert_eq!(shown["waits"], json!(format!("run {first} goes on, on worker w")));
    let beside = fleet.run(0, &with("allow")).exits(0).stdout.trim().to_owned();
    wait_until("both of them", || {
        fleet.ledger().iter().filter(|line| *line == "start a 1").count() == 2
    });
    assert_eq!(
        fleet.psql("select count(*) from queued_runs where state = 'running'"),
        "2"
    );
    fleet.open_gate("a");
    for run in [&first, &beside, &waits] {
        assert_eq!(outcomes(&fleet.wait_for_end(run)), [("succeeded", 1); 3]);
    }
    fleet.end(0, worker);
}

/// Every machine is to have the same collectors; where it has not, the record says so.
#[test]
fn a_worker_with_another_executable_says_so_in_the_record() {
    let fleet = Fleet::new(BATCH, "", 2);
    let other = fleet.place(1);
    let collectors = other.path("collectors");
    let step = std::fs::read_to_string(collectors.join("step")).unwrap();
    std::fs::remove_file(&collectors).unwrap();
    std::fs::create_dir(&collectors).unwrap();
    other.script("step", &format!("{step}# another one\n"));
    let worker = fleet.start(1, &["worker", "--name", "w"]);
    let run = fleet.queue("g");
    let record = fleet.wait_for_end(&run);
    assert_eq!(outcomes(&record), [("succeeded", 1); 3]);
    let warning = record["tasks"][0]["warnings"][0].as_str().unwrap();
    assert!(
        warning.starts_with("the executable on this machine is another one than the plan was made with"),
        "{warning}"
    );
    fleet.end(1, worker);
    let same = fleet.start(0, &["worker", "--name", "same"]);
    let record = fleet.wait_for_end(&fleet.queue("g"));
    assert_eq!(record["tasks"][0]["warnings"], json!(null), "{record}");
    fleet.end(0, same);
}
