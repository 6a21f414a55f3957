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

/// A run by hand that is given to the queue; how it minds others is to follow.
const QUEUE: [&str; 7] = [
    "run",
    "--schedule",
    "daily",
    "--group",
    "g",
    "--queue",
    "--overlap",
];

/// What a run by hand means by `--overlap` it means in the queue as well.
#[test]
fn a_run_gives_way_waits_or_goes_beside_another_one_as_it_was_told() {
    let fleet = Fleet::new(BATCH, "", 1);
    let worker = fleet.start(0, &["worker", "--name", "w", "--concurrency", "2"]);
    fleet.close_gate("a");
    let first = fleet.queue("g");
    fleet.wait_for("start a 1");
    let with = |mode| [&QUEUE[..], &[mode]].concat();
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

/// What workers have is in the way of a run by hand on another machine, as `overlap:` says.
#[test]
fn a_run_by_hand_minds_what_workers_have() {
    let fleet = Fleet::new(BATCH, "", 2);
    let worker = fleet.start(0, &["worker", "--name", "w"]);
    fleet.close_gate("a");
    let first = fleet.queue("g");
    fleet.wait_for("start a 1");
    let run = |more: &[&str]| {
        fleet.start(
            1,
            &[&["run", "--schedule", "daily", "--group", "g"], more].concat(),
        )
    };
    let held = fleet.place(1).see(run(&[]));
    held.exits(1).says(&first);
    assert_eq!(fleet.ledger(), ["start a 1"]);
    let beside = run(&["--overlap", "allow"]);
    let starts = || fleet.ledger().iter().filter(|line| *line == "start a 1").count();
    wait_until("the one beside it", || starts() == 2);
    // The others end; what waits for both begins then.
    let waits = run(&["--overlap", "queue"]);
    let says = format!("waits for run {first}, which still goes on, on worker w");
    let log = || {
        let logs = std::fs::read_dir(fleet.place(1).state().join("logs")).unwrap();
        let texts = logs.map(|log| std::fs::read_to_string(log.unwrap().path()).unwrap());
        texts.collect::<String>()
    };
    wait_until("it to wait for the run by hand", || {
        log().contains("waits for run")
    });
    assert_eq!(starts(), 2);
    fleet.open_gate("a");
    // One after the other: what the second leaves is looked for when both have ended.
    assert_eq!(beside.wait_with_output().status.code(), Some(0));
    fleet.place(1).see(waits).exits(0);
    assert_eq!(starts(), 3);
    fleet.wait_for_end(&first);

    // Alone with the worker.
    fleet.close_gate("a");
    let second = fleet.queue("g");
    wait_until("the second one", || starts() == 4);
    let waits = run(&["--overlap", "queue"]);
    let says = says.replace(&first, &second);
    wait_until("it to wait for the worker", || log().contains(&says));
    fleet.open_gate("a");
    fleet.place(1).see(waits).exits(0);
    assert_eq!(starts(), 5);
    fleet.end(0, worker);
}

/// A group that may go on beside itself does in the queue, whoever gives it there.
#[test]
fn a_group_that_may_overlap_does_in_the_queue() {
    let schedule = BATCH.replace("    tasks:", "    overlap: allow\n    tasks:");
    let fleet = Fleet::new(&schedule, "", 1);
    let worker = fleet.start(0, &["worker", "--name", "w", "--concurrency", "2"]);
    fleet.close_gate("a");
    let (first, second) = (fleet.queue("g"), fleet.queue("g"));
    wait_until("both of them", || {
        fleet.ledger().iter().filter(|line| *line == "start a 1").count() == 2
    });
    let third = fleet
        .run(0, &[&QUEUE[..], &["queue"]].concat())
        .exits(0)
        .stdout
        .trim()
        .to_owned();
    let skip = fleet.run(0, &[&QUEUE[..], &["skip"]].concat());
    skip.exits(1).says("g is held back: ");
    fleet.open_gate("a");
    for run in [&first, &second, &third] {
        assert_eq!(outcomes(&fleet.wait_for_end(run)), [("succeeded", 1); 3]);
    }
    fleet.end(0, worker);
}

const TWO_GROUPS: &str = r#"
groups:
  g:
    default_time: "04:10"
    tasks:
      - {command: step, name: a, schedule: daily, args: [a]}
  h:
    default_time: "04:10"
    tasks:
      - {command: step, name: x, schedule: daily, args: [x]}
"#;

/// One that lacks an executable leaves the run to whoever has it; what nobody has is not started.
#[test]
fn a_worker_that_lacks_an_executable_leaves_the_run_to_others_unless_nobody_has_it() {
    let fleet = Fleet::new(TWO_GROUPS, "", 2);
    let collectors = fleet.place(1).path("collectors");
    std::fs::remove_file(&collectors).unwrap();
    std::fs::create_dir(&collectors).unwrap();
    fleet.close_gate("x");
    let rich = fleet.start(0, &["worker", "--name", "rich"]);
    let busy = fleet.queue("h");
    fleet.wait_for("start x 1");
    let poor = fleet.start(1, &["worker", "--name", "poor"]);
    let run = fleet.queue("g");
    let why = "nothing can be executed there for its collector step";
    wait_until("the worker to say what it leaves", || {
        let workers = fleet.workers();
        workers[0]["leaves"] == json!([{"run": run, "why": why}])
    });
    let workers = fleet.workers();
    assert_eq!(workers[0]["lacks_commands"], json!(["step"]), "{workers}");
    assert_eq!(workers[1]["lacks_commands"], json!([]), "{workers}");
    let waits = "the only worker that may have it is busy";
    assert_eq!(fleet.show(&run)["waits"], json!(waits));
    fleet.open_gate("x");
    assert_eq!(outcomes(&fleet.wait_for_end(&run)), [("succeeded", 1)]);
    fleet.wait_for_end(&busy);
    let worker_of = |run: &str| fleet.psql(&format!("select worker from queued_runs where run_id = '{run}'"));
    assert_eq!(worker_of(&run), "rich");

    // Nobody has it: it does not wait for ever, and the record says what is wrong.
    std::fs::remove_file(fleet.place(0).path("collectors/step")).unwrap();
    let record = fleet.wait_for_end(&fleet.queue("g"));
    assert_eq!(record["tasks"][0]["outcome"], "not_started");
    let reason = record["tasks"][0]["reason"].as_str().unwrap();
    assert!(
        reason.starts_with("there is no collector \"step\" in collectors"),
        "{reason}"
    );
    for (machine, worker) in [(0, rich), (1, poor)] {
        fleet.end(machine, worker);
    }
}

/// A workspace is the worker's; where a collector keeps something in it, `check` says what that means.
#[test]
fn check_warns_of_workspaces_that_only_one_of_several_workers_has() {
    let fleet = Fleet::new(BATCH, "", 2);
    let warnings = || {
        let found = fleet.run(0, &["check", "--format", "json"]).exits(0).json();
        let found = found.as_array().unwrap().iter();
        let of_it = found.filter(|problem| problem["code"] == "W402-workspaces-apart");
        of_it
            .map(|problem| problem["message"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    fleet.run(0, &["db", "migrate"]).exits(0);
    let workers = [0, 1].map(|machine| fleet.start(machine, &["worker"]));
    wait_until("both of them", || fleet.workers().as_array().unwrap().len() == 2);
    assert_eq!(warnings(), [""; 0], "nothing is kept");
    let workspace = fleet.place(0).state().join("workspaces/step");
    std::fs::create_dir_all(&workspace).unwrap();
    std::fs::write(workspace.join("mirror"), "").unwrap();
    assert_eq!(
        warnings(),
        [
            "in group g, a, b, c keep something in a workspace, which only the worker has that ran them: \
          2 workers may have its runs"
        ]
    );
    for (machine, worker) in workers.into_iter().enumerate() {
        fleet.end(machine, worker);
        assert_eq!(warnings().len(), 0, "{} may have them", 1 - machine);
    }
    let to_queue = "execute: queue\n";
    std::fs::write(fleet.place(0).path("config/orchestrator.yaml"), to_queue).unwrap();
    assert!(warnings()[0].ends_with("any worker may have its runs"));
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
