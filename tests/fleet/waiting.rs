//! What is said of a run that no worker has taken: everywhere where people look for it.

use serde_json::{Value, json};

use crate::support::wait_until;
use crate::workers::{BATCH, Fleet};

/// The tasks of an answer, each with its state and its cause.
fn states(rows: &Value) -> Vec<(&str, &str, &str)> {
    let text = |row: &'_ Value, key: &str| row[key].as_str().map(str::to_owned);
    assert!(rows.as_array().is_some(), "{rows}");
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| {
        assert_eq!(text(row, "outcome"), None);
        let text = |key: &str| row[key].as_str().unwrap_or_default();
        (text("name"), text("state"), text("cause"))
    })
    .collect()
}

#[test]
fn what_no_worker_has_taken_waits_wherever_people_look() {
    let fleet = Fleet::new(BATCH, "", 1);
    let run = fleet.queue("g");
    let json = |args: &[&str]| {
        let args = [args, &["--format", "json"]].concat();
        fleet.run(0, &args).exits(0).json()
    };
    let status = json(&["status"]);
    for (place, name) in ["a", "b", "c"].into_iter().enumerate() {
        let task = &status["tasks"][place];
        assert_eq!((&task["name"], &task["state"]), (&json!(name), &json!("waiting")));
        assert_eq!((&task["run"], &task["attention"]), (&json!(run), &json!(false)));
        let cause = task["cause"].as_str().unwrap();
        assert!(cause.starts_with("in the queue for "), "{cause}");
        assert!(cause.ends_with(": there is no worker"), "{cause}");
    }
    assert_eq!(status["problems"][0]["code"], "no_worker", "{status}");
    let why = "in the queue: there is no worker";
    let of_group = json(&["history", "--group", "g"]);
    assert_eq!(
        states(&of_group),
        [
            ("a", "waiting", why),
            ("b", "waiting", why),
            ("c", "waiting", why)
        ]
    );
    let of_one = json(&["history", "--collector", "b"]);
    assert_eq!(states(&of_one), [("b", "waiting", why)]);
    assert_eq!(
        (&of_one[0]["run"], &of_one[0]["slot"]),
        (&json!(run), &Value::Null)
    );
    let failed = json(&["history", "--collector", "b", "--outcome", "failed"]);
    assert_eq!(failed, json!([]));
    let sentence = "No worker has taken it; it is to run g/a, g/b, g/c.";
    for word in [&run, "last"] {
        let shown = fleet.run(0, &["show", word]);
        let words: Vec<&str> = shown.exits(0).stdout.split_whitespace().collect();
        assert!(words.join(" ").ends_with(sentence), "{words:?}");
    }
    let shown = json(&["show", "--collector", "c"]);
    assert_eq!((&shown["state"], &shown["run"]), (&json!("queued"), &json!(run)));
    for args in [
        &["logs", &run][..],
        &["logs", "b"],
        &["logs", &run, "b"],
        &["logs", "--group", "g"],
    ] {
        let logs = fleet.run(0, args);
        let nothing = format!("run {run} has written nothing: no worker has taken it, in the queue for ");
        logs.exits(0).says(&nothing).says("there is no worker");
        assert_eq!(logs.stdout, "");
    }
    let why = fleet.run(0, &["why", "b"]);
    let words: Vec<&str> = why.exits(0).stdout.split_whitespace().collect();
    let queued = format!("Run {run} of it is in the queue for ");
    assert!(words.join(" ").contains(&queued), "{words:?}");
    why.says("there is no worker.");
    let unknown = fleet.run(0, &["logs", &run, "nobody"]);
    unknown.exits(2);
}

#[test]
fn whoever_follows_a_run_of_the_queue_waits_for_its_worker() {
    let fleet = Fleet::new(BATCH, "", 1);
    fleet.script("step", "#!/bin/sh\necho \"hello of $1\"\n");
    let run = fleet.queue("g");
    let follower = fleet.start(0, &["logs", "-f", &run, "b"]);
    let listens = "select count(*) from pg_stat_activity where datname = current_database()
        and query ilike 'listen%logs%'";
    wait_until("the follower to listen", || fleet.psql(listens) != "0");
    let worker = fleet.start(0, &["worker"]);
    fleet.wait_for_end(&run);
    let followed = follower.wait_with_output();
    let (out, told) = (followed.stdout, followed.stderr);
    let (out, told) = (String::from_utf8(out).unwrap(), String::from_utf8(told).unwrap());
    assert_eq!(followed.status.code(), Some(0), "{told}");
    assert!(told.contains("no worker has taken it"), "{told}");
    assert!(out.contains("hello of b") && !out.contains("hello of a"), "{out}");
    fleet.end(0, worker);
    // It is in the record by now, and nothing of it waits.
    let rows = fleet.run(0, &["history", "--group", "g", "--format", "json"]);
    assert_eq!(rows.exits(0).json().as_array().unwrap().len(), 3);
    rows.says_not("in the queue");
}

#[test]
fn a_run_that_is_cancelled_before_anybody_has_it_ends_for_whoever_follows_it() {
    let fleet = Fleet::new(BATCH, "", 1);
    let run = fleet.queue("g");
    let follower = fleet.start(0, &["logs", "-f", &run]);
    let listens = "select count(*) from pg_stat_activity where datname = current_database()
        and query ilike 'listen%logs%'";
    wait_until("the follower to listen", || fleet.psql(listens) != "0");
    let cancelled = fleet.run(0, &["cancel", &run]);
    cancelled.exits(0).says("the one that takes it starts nothing");
    let worker = fleet.start(0, &["worker"]);
    let followed = follower.wait_with_output();
    assert_eq!(followed.status.code(), Some(0));
    assert!(fleet.ledger().is_empty());
    fleet.end(0, worker);
}
