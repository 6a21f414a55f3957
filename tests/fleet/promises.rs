//! What docs/fleet.md promises and no other file here proves.

use std::fs;
use std::sync::mpsc::Receiver;
use std::time::Instant;

use nix::sys::signal::Signal;
use serde_json::json;

use crate::receiver::{next, server, well};
use crate::support::wait_until;
use crate::workers::{BATCH, Fleet, outcomes, signal};

/// One task that is not ended by SIGTERM, and would be given an hour to end.
const STUBBORN: &str = r#"
groups:
  g:
    default_time: "04:10"
    tasks:
      - {command: stubborn, name: a, schedule: daily, args: [a], grace: 1h}
"#;

const IGNORES: &str = r#"#!/bin/sh
trap '' TERM
echo "start $1 $ORCHESTRATE_ATTEMPT $$" >> "$LEDGER"
while [ -e "$GATES/$1" ]; do sleep 0.02; done
echo "end $1 $ORCHESTRATE_ATTEMPT $$" >> "$LEDGER"
"#;

/// The schedule is read where the scheduler is; a worker that is idle costs the database little.
#[test]
fn a_worker_needs_no_schedule_and_holds_two_connections_when_it_is_idle() {
    let fleet = Fleet::new(BATCH, "", 2);
    fs::remove_file(fleet.place(1).path("config/boost_collector_schedule.yaml")).unwrap();
    let worker = fleet.start(1, &["worker", "--name", "w", "--concurrency", "4"]);
    let run = fleet.queue("g");
    assert_eq!(outcomes(&fleet.wait_for_end(&run)), [("succeeded", 1); 3]);
    let connections = "select count(*) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()";
    wait_until("two connections at most", || {
        fleet.psql(connections).parse::<u32>().unwrap() <= 2
    });
    assert_eq!(fleet.workers()[0]["state"], "working");
    fleet.end(1, worker);
}

#[test]
fn two_installations_share_a_database_and_nothing_else() {
    let fleet = Fleet::new(BATCH, "", 2);
    let settings = "database_schema: other\n";
    fs::write(fleet.place(1).path("config/orchestrator.yaml"), settings).unwrap();
    let queue = ["run", "--schedule", "daily", "--group", "g", "--queue"];
    let ours = fleet.queue("g");
    let theirs = fleet.run(1, &queue).exits(0).stdout.trim().to_owned();
    let worker = fleet.start(1, &["worker", "--name", "w"]);
    let ended = format!("select state from other.queued_runs where run_id = '{theirs}'");
    wait_until("the end of theirs", || fleet.psql(&ended) == "ended");
    // It has looked since: what is ours was not for it.
    assert_eq!(
        fleet.psql("select run_id || ' ' || state from queued_runs"),
        format!("{ours} queued")
    );
    assert_eq!(
        fleet.psql("select queue_name from pgmq.meta order by queue_name"),
        "orchestrate_orchestrate\norchestrate_other"
    );
    assert_eq!(fleet.workers(), json!([]));
    fleet.end(1, worker);
}

#[test]
fn a_drain_that_takes_too_long_cancels() {
    let fleet = Fleet::new(BATCH, "", 1);
    fleet.close_gate("a");
    let worker = fleet.start(0, &["worker", "--drain-timeout", "100ms"]);
    let run = fleet.queue("g");
    fleet.wait_for("start a 1");
    signal(&worker, Signal::SIGTERM);
    fleet.place(0).see(worker).exits(143);
    let record = fleet.show(&run);
    assert_eq!(
        outcomes(&record),
        [("cancelled", 1), ("skipped", 0), ("skipped", 0)]
    );
}

#[test]
fn a_third_signal_kills_what_does_not_end() {
    let fleet = Fleet::new(STUBBORN, "", 1);
    fleet.script("stubborn", IGNORES);
    fleet.close_gate("a");
    let worker = fleet.start(0, &["worker"]);
    let run = fleet.queue("g");
    fleet.wait_for("start a 1");
    let collector = fleet.pid_of("start a 1");
    signal(&worker, Signal::SIGTERM);
    wait_until("the worker to drain", || {
        fleet.workers()[0]["state"] == "draining"
    });
    signal(&worker, Signal::SIGTERM);
    // It was asked to end, and goes on.
    let log = || {
        let logs = fs::read_dir(fleet.place(0).state().join("logs")).unwrap();
        let texts = logs.map(|log| fs::read_to_string(log.unwrap().path()).unwrap());
        texts.collect::<String>()
    };
    wait_until("that it is cancelled", || log().contains("cancelled: 1 run"));
    assert!(fleet.is_there(collector));
    signal(&worker, Signal::SIGTERM);
    fleet.place(0).see(worker).exits(143);
    assert!(!fleet.is_there(collector));
    assert_eq!(outcomes(&fleet.show(&run)), [("cancelled", 1)]);
    assert_eq!(fleet.ledger(), ["start a 1"]);
}

#[test]
fn whoever_waits_for_a_run_may_let_it_go_on_alone() {
    let fleet = Fleet::new(STUBBORN, "", 1);
    fleet.script("stubborn", IGNORES);
    fleet.close_gate("a");
    let worker = fleet.start(0, &["worker"]);
    let waiting = fleet.start(0, &["run", "--schedule", "daily", "--queue", "--wait"]);
    fleet.wait_for("start a 1");
    signal(&waiting, Signal::SIGINT);
    let cancelled = "select count(*) from queued_runs where cancelled_at is not null";
    wait_until("its run to be cancelled", || fleet.psql(cancelled) == "1");
    signal(&waiting, Signal::SIGINT);
    let waited = waiting.wait_with_output();
    assert_eq!(waited.status.code(), Some(130));
    let told = String::from_utf8(waited.stderr).unwrap();
    assert!(told.contains("what runs goes on without us"), "{told}");
    assert!(fleet.is_there(fleet.pid_of("start a 1")));
    fleet.open_gate("a");
    let run = fleet.psql("select run_id from queued_runs");
    fleet.wait_for_end(&run);
    assert_eq!(fleet.ledger(), ["start a 1", "end a 1"]);
    fleet.end(0, worker);
}

/// Somebody started workers and forgot to tell the scheduler.
#[test]
fn a_scheduler_that_runs_everything_itself_beside_workers_says_so() {
    let fleet = Fleet::new(BATCH, "", 2);
    fleet.run(0, &["db", "migrate"]).exits(0);
    let worker = fleet.start(1, &["worker", "--name", "w"]);
    wait_until("the worker", || fleet.workers()[0]["state"] == "working");
    let health = || fleet.run(0, &["health", "--format", "json"]).exits(0).json();
    let beats = |args: &[&str]| {
        let beat = fleet.start(0, args);
        wait_until("the scheduler", || {
            !health()["schedulers"].as_array().unwrap().is_empty()
        });
        let said = health()["warnings"].to_string();
        signal(&beat, Signal::SIGTERM);
        let ended = beat.wait_with_output();
        assert_eq!(ended.status.code(), Some(0));
        (String::from_utf8(ended.stderr).unwrap(), said)
    };
    let words = "while workers wait for them (w)";
    let (told, warned) = beats(&["beat"]);
    assert!(told.contains(words) && warned.contains(words), "{told}\n{warned}");
    let (told, warned) = beats(&["beat", "--execute", "queue"]);
    assert!(
        !told.contains(words) && !warned.contains(words),
        "{told}\n{warned}"
    );
    fleet.end(1, worker);
}

/// A run that failed on a worker, and who is told of it.
fn failed_on_a_worker() -> (Fleet, Receiver<String>, String) {
    let (address, told) = server(well);
    let settings = format!("notify: [{{webhook: \"http://{address}/hook\", digest: false}}]\n");
    let fleet = Fleet::new(BATCH, &settings, 2);
    fleet.script("step", "#!/bin/sh\nexit 7\n");
    let worker = fleet.start(1, &["worker"]);
    let run = fleet.queue("g");
    fleet.wait_for_end(&run);
    signal(&worker, Signal::SIGTERM);
    fleet.place(1).see(worker).exits(0);
    assert!(told.try_recv().is_err(), "the worker tells nobody");
    (fleet, told, run)
}

fn is_told(told: &Receiver<String>, run: &str) {
    let (first, notice) = next(told);
    assert_eq!(first, "POST /hook HTTP/1.1");
    assert_eq!(
        (&notice["kind"], &notice["run"], &notice["reason"]),
        (&json!("failure"), &json!(run), &json!("exited with code 7"))
    );
}

#[test]
fn of_what_ended_on_a_worker_somebody_else_tells() {
    let (fleet, told, run) = failed_on_a_worker();
    fleet.run(0, &["notices", "deliver"]).exits(0);
    is_told(&told, &run);
}

/// Within a minute of its start, as of a run's end.
#[test]
#[ignore = "takes a minute: scripts/test-fleet"]
fn a_scheduler_tells_of_runs_that_ended_on_workers() {
    let (fleet, told, run) = failed_on_a_worker();
    let beat = fleet.start(0, &["beat", "--execute", "queue"]);
    let begun = Instant::now();
    is_told(&told, &run);
    println!(
        "told {:.0} s after the start of the scheduler",
        begun.elapsed().as_secs_f64()
    );
    signal(&beat, Signal::SIGTERM);
    assert_eq!(beat.wait_with_output().status.code(), Some(0));
}
