//! Who is told what while a scheduler runs: a real one, and a real HTTP server.

use std::fs;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use serde_json::Value;

use crate::fast::{EVERY_MINUTE, Fast, stop};
use crate::receiver::{next, server, well};
use crate::support::wait_until;

/// An installation whose settings name the address `ADDRESS`.
fn told(rate: u32, schedule: &str, settings: &str) -> (Fast, Receiver<String>) {
    let (address, told) = server(well);
    let fast = Fast::at_rate(rate, schedule, None);
    let settings = settings.replace("ADDRESS", &address);
    fs::write(fast.place.path("config/orchestrator.yaml"), settings).unwrap();
    (fast, told)
}

/// The next notice of this kind; others may come before it.
fn next_of(told: &Receiver<String>, kind: &str) -> Value {
    loop {
        let (first, notice) = next(told);
        assert_eq!(first, "POST /hook HTTP/1.1");
        if notice["kind"] == kind {
            return notice;
        }
    }
}

#[test]
fn failure_suspicion_and_recovery_are_told_while_it_runs() {
    let schedule = EVERY_MINUTE.replace("minutes: 1", "minutes: 1, expect: {min_records: 1}");
    let (fast, told) = told(
        600,
        &schedule,
        "notify: [{webhook: \"http://ADDRESS/hook\", digest: false}]\n",
    );
    let script = "#!/bin/sh
record='{\"type\":\"record\",\"collection\":\"c\",\"key\":\"k\",\"data\":{}}'
case $(cat mode) in
good) echo \"$record\" >> \"$ORCHESTRATE_EVENTS\";;
bad) exit 7;;
esac
";
    fast.place.script("note", script);
    // Replaced whole: the collector may read it at any moment.
    let mode = |mode: &str| {
        fs::write(fast.place.path("next"), mode).unwrap();
        fs::rename(fast.place.path("next"), fast.place.path("mode")).unwrap();
    };
    mode("bad");
    let beat = fast.start(&["-q", "beat"]);
    let failure = next_of(&told, "failure");
    assert_eq!(
        (&failure["in_a_row"], &failure["command"]),
        (&1.into(), &"note".into())
    );
    assert_eq!(failure["reason"], "exited with code 7");
    assert_eq!(
        next_of(&told, "failure")["in_a_row"],
        2,
        "repeats when their number has doubled"
    );
    mode("good");
    next_of(&told, "recovery");
    mode("poor");
    let suspect = next_of(&told, "suspect");
    assert!(suspect["run"].is_string(), "{suspect}");
    mode("good");
    next_of(&told, "recovery");
    assert_eq!(stop(beat), Some(0), "{}", fast.said());
    fast.place.wait_until_gone();
    let list = fast.place.run(&["notices", "list", "--format", "json"]).json();
    let delivered = |notice: &Value| notice["state"] == "delivered";
    assert!(list.as_array().unwrap().iter().all(delivered), "{list}");
}

#[test]
fn slots_that_nobody_ran_are_told_when_somebody_is_there_again() {
    let settings = "notify: [{webhook: \"http://ADDRESS/hook\", digest: false, on: [missed]}]\n";
    let (fast, told) = told(600, EVERY_MINUTE, settings);
    let beat = fast.start(&["-q", "beat"]);
    wait_until("a slot", || !fast.ran().is_empty());
    assert_eq!(stop(beat), Some(0));
    let stopped = fast.now();
    wait_until("slots to pass", || {
        fast.now() > stopped + SignedDuration::from_mins(10)
    });
    let beat = fast.start(&["-q", "beat"]);
    // On a slow machine slots may have been missed because they overlapped, too.
    let missed = loop {
        let missed = next_of(&told, "missed");
        let reason = missed["reason"].as_str().unwrap();
        if reason.contains("no scheduler ran then; only the last slot is caught up") {
            break missed;
        }
        assert!(reason.contains("overlap: skip"), "{missed}");
    };
    assert_eq!(
        (&missed["run"], &missed["command"]),
        (&Value::Null, &"note".into())
    );
    assert_eq!(stop(beat), Some(0), "{}", fast.said());
    fast.place.wait_until_gone();
}

/// An hour takes a second.
const HOURLY: &str = "
groups:
  g:
    default_time: \"04:10\"
    tasks:
      - {command: note, schedule: interval, minutes: 60}
";

#[test]
fn a_slot_that_begins_late_because_nobody_was_there_is_told() {
    let settings =
        "notify: [{webhook: \"http://ADDRESS/hook\", digest: false, on: [late], late_after: 20m}]\n";
    let (fast, told) = told(3600, HOURLY, settings);
    let beat = fast.start(&["-q", "beat"]);
    wait_until("a slot", || !fast.ran().is_empty());
    assert_eq!(stop(beat), Some(0));
    let minute = || fast.now().as_second() / 60 % 60;
    let hour = |at: Timestamp| at.as_second() / 3600;
    let stopped = hour(fast.now());
    wait_until("half of an hour to pass", || {
        hour(fast.now()) > stopped && (25..35).contains(&minute())
    });
    let beat = fast.start(&["-q", "beat"]);
    let late = next_of(&told, "late");
    let reason = late["reason"].as_str().unwrap();
    assert!(
        reason.ends_with(" late: no scheduler was there to begin it"),
        "{late}"
    );
    assert_eq!(late["command"], "note");
    assert_eq!(stop(beat), Some(0), "{}", fast.said());
    fast.place.wait_until_gone();
}

/// A day takes two seconds. The first run waits for a word until the second day is hours old.
#[test]
fn a_slot_that_waits_for_its_lane_is_told_when_it_begins() {
    let schedule = "
groups:
  g:
    default_time: \"04:10\"
    overlap: queue
    tasks:
      - {command: note, schedule: daily}
";
    let settings =
        "notify: [{webhook: \"http://ADDRESS/hook\", digest: false, on: [late], late_after: 6h}]\n";
    let (fast, told) = told(40_000, schedule, settings);
    let script =
        "#!/bin/sh\necho \"$ORCHESTRATE_SLOT\" >> ran\nif ! [ -e second ]; then touch second; cat go; fi\n";
    fast.place.script("note", script);
    mkfifo(&fast.place.path("go"), Mode::S_IRWXU).unwrap();
    let beat = fast.start(&["-q", "beat"]);
    wait_until("the first day", || fast.ran().len() == 1);
    let first = fast.ran()[0];
    wait_until("the second day to be old", || {
        fast.now() > first + SignedDuration::from_hours(24 + 8)
    });
    fs::write(fast.place.path("go"), ".").unwrap();
    let second = first + SignedDuration::from_hours(24);
    loop {
        let late = next_of(&told, "late");
        let reason = late["reason"].as_str().unwrap();
        // The machine may be so slow that the first one was late as well.
        if reason.starts_with(&format!("slot {second} of group:g: it began ")) {
            assert!(reason.contains(" late: it waited "), "{late}");
            break;
        }
    }
    assert_eq!(stop(beat), Some(0), "{}", fast.said());
    fast.place.wait_until_gone();
}

#[test]
fn a_dead_mans_watch_hears_of_each_success_and_of_no_failure() {
    let (fast, told) = told(600, EVERY_MINUTE, "dead_man: {url: \"http://ADDRESS/alive\"}\n");
    fast.place.script(
        "note",
        "#!/bin/sh\necho \"$ORCHESTRATE_SLOT\" >> ran\n[ -e good ]\n",
    );
    let beat = fast.start(&["-q", "beat"]);
    wait_until("failures", || fast.ran().len() > 3);
    assert!(told.try_recv().is_err(), "it was told of a failure");
    fs::write(fast.place.path("good"), "").unwrap();
    for _ in 0..3 {
        assert_eq!(next(&told).0, "GET /alive HTTP/1.1");
    }
    assert_eq!(stop(beat), Some(0), "{}", fast.said());
    fast.place.wait_until_gone();
}

#[test]
fn a_dead_mans_watch_hears_of_a_scheduler_that_ticks_whatever_runs_do() {
    let settings = "dead_man: {url: \"http://ADDRESS/alive\", after: tick, every: 10s}\n";
    // Nothing is due for hours: it is the scheduler that is alive.
    let (fast, told) = told(1, &HOURLY.replace("60", "180"), settings);
    let beat = fast.start(&["-q", "beat"]);
    assert_eq!(next(&told).0, "GET /alive HTTP/1.1");
    let first = Instant::now();
    assert_eq!(next(&told).0, "GET /alive HTTP/1.1");
    assert!(first.elapsed() > Duration::from_secs(9), "{:?}", first.elapsed());
    assert_eq!(stop(beat), Some(0), "{}", fast.said());
    fast.place.wait_until_gone();
}
