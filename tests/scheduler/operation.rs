//! Operating a scheduler: reload, pause, end, and what it answers over HTTP.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;

use nix::sys::signal::Signal;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use serde_json::Value;

use crate::fast::{EVERY_MINUTE, Fast, signal, stop};
use crate::support::{Running, wait_until};

#[test]
fn a_changed_file_is_read_and_a_bad_one_changes_nothing() {
    let fast = Fast::new(EVERY_MINUTE, None);
    let beat = fast.start(&["beat"]);
    fast.wait_for("enabled tasks in the timetable: 1; the next slot is interval:1 at 20");
    fast.wait_for("this scheduler leads");
    fast.place
        .schedule(&EVERY_MINUTE.replace("minutes: 1", "minutes: 2"));
    fast.wait_for("moved g/note: every minute -> every 2 minutes");
    wait_until("a slot of the new timetable", || {
        fast.rows("select entry from slots where entry = 'interval:2'")
            .len()
            > 1
    });

    fast.place
        .schedule("groups: {g: {default_time: \"04:10\", tasks: [{command: note}]}}");
    fast.wait_for("the timetable stays as it was");
    let fired = fast.ran().len();
    wait_until("the old timetable to go on", || fast.ran().len() > fired + 1);
    // The next heartbeat tells it to others.
    wait_until("health to know", || {
        let health = fast.command(&["health"]).output().unwrap();
        String::from_utf8_lossy(&health.stdout).contains("keeps the timetable that it had")
    });

    fast.place.schedule(EVERY_MINUTE);
    fast.wait_for("moved g/note: every 2 minutes -> every minute");
    assert_eq!(stop(beat), Some(0));
    assert!(fast.said().contains("this scheduler has ended"));
    fast.place.wait_until_gone();
    let health = fast.command(&["health"]).output().unwrap();
    assert!(health.status.success(), "{health:?}");
    let health = fast.command(&["health", "--beat"]).output().unwrap();
    assert_eq!(health.status.code(), Some(3), "{health:?}");
}

/// What is read at the start only says so when it changes.
#[test]
fn changed_settings_are_said_to_need_a_restart() {
    let fast = Fast::new(EVERY_MINUTE, None);
    let beat = fast.start(&["beat"]);
    fast.wait_for("this scheduler leads");
    fs::write(fast.place.path(".env"), "TOKEN=a secret\n").unwrap();
    fast.wait_for(".env has changed: a scheduler reads it when it starts");
    assert_eq!(stop(beat), Some(0));
    fast.place.wait_until_gone();
}

#[test]
fn a_hangup_reads_the_file_again() {
    let fast = Fast::new(EVERY_MINUTE, None);
    let beat = fast.start(&["beat", "--log-level", "debug"]);
    fast.wait_for("this scheduler leads");
    signal(&beat, Signal::SIGHUP);
    fast.wait_for("nothing differs");
    assert_eq!(stop(beat), Some(0));
    fast.place.wait_until_gone();
}

#[test]
fn a_paused_group_is_skipped_with_a_row_also_after_a_restart() {
    let fast = Fast::new(EVERY_MINUTE, None);
    let beat = fast.start(&["-q", "beat"]);
    wait_until("the first slot", || !fast.ran().is_empty());
    let output = fast.command(&["pause", "nobody"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(fast.command(&["pause", "g"]).output().unwrap().status.success());
    let skipped =
        "select '' || l.slot from ledger l where state = 'skipped' and cause like 'group g is paused%'";
    wait_until("a slot that is skipped", || !fast.rows(skipped).is_empty());
    assert_eq!(stop(beat), Some(0));

    let (count, fired) = (fast.rows(skipped).len(), fast.ran().len());
    let beat = fast.start(&["-q", "beat"]);
    wait_until("more of them", || fast.rows(skipped).len() > count + 1);
    assert_eq!(fast.ran().len(), fired, "nothing ran meanwhile");
    let why = fast.command(&["why", "note"]).output().unwrap();
    assert!(String::from_utf8_lossy(&why.stdout).contains("paused"), "{why:?}");

    assert!(fast.command(&["resume", "g"]).output().unwrap().status.success());
    wait_until("slots that run", || fast.ran().len() > fired + 1);
    assert_eq!(stop(beat), Some(0));
    fast.place.wait_until_gone();
    fast.is_whole(&fast.ran());
}

/// A collector that says that it runs, and waits for a word.
const WAITS: &str = "
groups:
  g:
    default_time: \"04:10\"
    tasks:
      - {command: fake, schedule: interval, minutes: 1, args: [touch, started, fifo-read, go]}
";

fn waiting() -> (Fast, Running) {
    let fast = Fast::new(WAITS, None);
    mkfifo(&fast.place.path("go"), Mode::S_IRWXU).unwrap();
    let beat = fast.start(&["beat"]);
    wait_until("the collector to run", || fast.place.path("started").exists());
    (fast, beat)
}

#[test]
fn the_end_lets_runs_finish() {
    let (fast, beat) = waiting();
    // Slots come while it runs, and do not wait: `overlap: skip`.
    let overlapped = "select cause from ledger where state = 'skipped' and cause like '%overlap: skip%'";
    wait_until("a slot that overlaps", || !fast.rows(overlapped).is_empty());
    signal(&beat, Signal::SIGTERM);
    fast.wait_for("may finish within");
    let mut go = fs::OpenOptions::new()
        .write(true)
        .open(fast.place.path("go"))
        .unwrap();
    go.write_all(b".").unwrap();
    drop(go);
    fast.ends(beat, 0);
    let outcomes = fast.rows("select outcome from tasks");
    assert_eq!(outcomes, ["succeeded"]);
    assert_eq!(
        fast.rows("select schedule_file from beats"),
        [""; 0],
        "it said goodbye"
    );
}

#[test]
fn a_second_signal_cancels_through_the_ladder() {
    let (fast, beat) = waiting();
    signal(&beat, Signal::SIGTERM);
    fast.wait_for("may finish within");
    signal(&beat, Signal::SIGTERM);
    fast.ends(beat, 143);
    assert_eq!(fast.rows("select outcome from tasks"), ["cancelled"]);
}

#[test]
fn when_the_time_to_finish_is_over_runs_are_cancelled() {
    let fast = Fast::new(WAITS, None);
    mkfifo(&fast.place.path("go"), Mode::S_IRWXU).unwrap();
    let beat = fast.start(&["beat", "--drain-timeout", "10ms"]);
    wait_until("the collector to run", || fast.place.path("started").exists());
    assert_eq!(stop(beat), Some(143), "{}", fast.said());
    fast.place.wait_until_gone();
    assert_eq!(fast.rows("select outcome from tasks"), ["cancelled"]);
}

/// Status, headers and body.
pub(crate) fn ask(port: u16, request: &str) -> (u16, String, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    write!(stream, "{request}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head[9..12].parse().unwrap(), head.to_lowercase(), body.to_owned())
}

/// Where it listens.
pub(crate) fn port(fast: &Fast) -> u16 {
    fast.wait_for("listening on http://127.0.0.1:");
    let said = fast.said();
    let (_, port) = said.split_once("listening on http://127.0.0.1:").unwrap();
    port.lines().next().unwrap().parse().unwrap()
}

pub(crate) fn get(port: u16, path: &str) -> (u16, String, String) {
    ask(port, &format!("GET {path} HTTP/1.1\r\nHost: localhost:{port}"))
}

#[test]
fn serve_answers_its_own_machine_and_changes_nothing() {
    let fast = Fast::new(EVERY_MINUTE, None);
    let serve = fast.start(&["serve", "--listen", "127.0.0.1:0"]);
    let port = port(&fast);
    wait_until("some slots", || {
        fast.rows("select id from runs where success = 1").len() > 2
    });

    let (status, head, body) = get(port, "/healthz");
    let health: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        (status, &health["ok"], &health["leading"]),
        (200, &true.into(), &true.into())
    );
    assert!(!head.contains("access-control"), "{head}");
    assert!(head.contains("x-content-type-options: nosniff"), "{head}");

    let (_, head, metrics) = get(port, "/metrics");
    assert!(head.contains("content-type: text/plain; version=0.0.4"), "{head}");
    for line in [
        "orchestrate_runs_total{outcome=\"succeeded\"}",
        "orchestrate_task_last_success_timestamp_seconds{group=\"g\",name=\"note\",command=\"note\"}",
        "orchestrate_schedule_lag_seconds_bucket{le=\"+Inf\"}",
        "orchestrate_task_duration_seconds_count{group=\"g\",name=\"note\",command=\"note\"}",
        "orchestrate_scheduler_leading 1",
    ] {
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }

    let (_, _, runs) = get(port, "/api/v1/runs?limit=2&group=g");
    let runs: Value = serde_json::from_str(&runs).unwrap();
    assert_eq!(runs["items"].as_array().unwrap().len(), 2);
    let id = runs["items"][1]["run"].as_str().unwrap();
    let run: Value = serde_json::from_str(&get(port, &format!("/api/v1/runs/{id}")).2).unwrap();
    assert_eq!(run["tasks"][0]["command"], "note");
    let next: Value = serde_json::from_str(&get(port, "/api/v1/next?count=2").2).unwrap();
    assert_eq!(
        (
            next["items"].as_array().unwrap().len(),
            &next["items"][0]["minutes"]
        ),
        (2, &1.into())
    );
    assert!(
        next["items"][0]["tasks"][0]["last"]["outcome"].is_string(),
        "{next}"
    );
    let schedule: Value = serde_json::from_str(&get(port, "/api/v1/schedule").2).unwrap();
    assert_eq!(schedule["groups"][0]["tasks"][0]["when"], "every minute");

    assert_eq!(get(port, "/api/v1/runs/nothing").0, 404);
    assert_eq!(get(port, "/api/v1/runs?colour=red").0, 400);
    assert_eq!(get(port, "/nothing").0, 404);
    assert_eq!(
        ask(
            port,
            &format!("GET /healthz HTTP/1.1\r\nHost: evil.example:{port}")
        )
        .0,
        421
    );
    assert_eq!(
        ask(
            port,
            &format!("POST /api/v1/runs HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nSec-Fetch-Site: same-origin")
        )
        .0,
        405
    );
    assert_eq!(
        ask(
            port,
            "GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil.example"
        )
        .0,
        400
    );

    // A port that is taken is said before anything starts; so is an address for others.
    let taken = fast
        .command(&["serve", "--listen", &format!("127.0.0.1:{port}")])
        .output()
        .unwrap();
    assert_eq!(taken.status.code(), Some(3), "{taken:?}");
    let open = fast
        .command(&["serve", "--listen", "0.0.0.0:0"])
        .output()
        .unwrap();
    assert_eq!(open.status.code(), Some(2), "{open:?}");
    assert_eq!(stop(serve), Some(0), "{}", fast.said());
    fast.place.wait_until_gone();
}

#[test]
fn a_diff_tells_what_a_reload_would() {
    let fast = Fast::new(EVERY_MINUTE, None);
    fs::write(
        fast.place.path("new.yaml"),
        EVERY_MINUTE
            .replace("minutes: 1", "minutes: 5")
            .replace("04:10", "05:10"),
    )
    .unwrap();
    let seen = fast.place.run(&["plan", "--diff", "new.yaml"]);
    assert_eq!(
        seen.exits(0).stdout,
        "moved g: at 04:10 UTC -> at 05:10 UTC\nmoved g/note: every minute -> every 5 minutes\n"
    );
    let same = fast
        .place
        .run(&["plan", "--diff", "config/boost_collector_schedule.yaml"]);
    assert_eq!(same.exits(0).stdout, "Nothing differs.\n");
    let json = fast
        .place
        .run(&["plan", "--diff", "new.yaml", "--format", "json"])
        .json();
    assert_eq!(
        (&json[0]["kind"], &json[0]["what"]),
        (&"moved".into(), &"g".into())
    );
    fast.place
        .run(&["plan"])
        .exits(2)
        .says("--schedule KIND is missing");
    fast.place.run(&["plan", "--diff", "nothing.yaml"]).exits(2);
}

#[test]
fn secrets_are_not_answered_whether_they_run_or_are_to_come() {
    let secret = "hush-hush";
    let schedule = EVERY_MINUTE.replace("note, ", &format!("note, args: [\"--token={secret}\"], "));
    let fast = Fast::new(&schedule, None);
    fs::write(fast.place.path("config/orchestrator.yaml"), "secrets: [TOKEN]\n").unwrap();
    fast.place.script(
        "note",
        "#!/bin/sh\n[ \"$1\" = \"--token=$TOKEN\" ] && echo \"$ORCHESTRATE_SLOT\" >> ran\n",
    );
    let serve = fast.start_with(&["serve", "--listen", "127.0.0.1:0"], &[("TOKEN", secret)]);
    let port = port(&fast);
    wait_until("some slots", || {
        fast.rows("select id from runs where success = 1").len() > 2
    });
    let id = fast.rows("select id from runs where success = 1").remove(0);
    // Read again, the file has none either.
    fast.place.schedule(&schedule.replace("minutes: 1", "minutes: 2"));
    fast.wait_for("moved g/note: every minute -> every 2 minutes");
    for path in [
        "/api/v1/schedule",
        "/api/v1/next?count=2",
        "/api/v1/runs?limit=5",
        &format!("/api/v1/runs/{id}"),
    ] {
        let (status, _, body) = get(port, path);
        assert_eq!(status, 200, "{path}");
        assert!(!body.contains(secret), "{path}: {body}");
        assert!(
            path.contains("limit=5") || body.contains("--token={secret:TOKEN}"),
            "{path}: {body}"
        );
    }
    assert_eq!(stop(serve), Some(0), "{}", fast.said());
    fast.place.wait_until_gone();
    assert!(!fast.said().contains(secret));
}
