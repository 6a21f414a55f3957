//! Ctrl-C, SIGTERM and kill -9: what ends, how, and what the record says.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::{Place, Running, outcomes, wait_until};

const TWO: &str = r#"
groups:
  g:
    default_time: "04:10"
    tasks:
      - {command: fake, schedule: daily, args: [ARGS]}
      - {command: fake, schedule: daily, args: [append, ledger, second]}
"#;

fn place(args: &str) -> Place {
    Place::new(&TWO.replace("ARGS", args))
}

fn send(child: &Running, signal: Signal) {
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), signal).unwrap();
}

/// Starts a run and waits until its first collector has made the file `started`.
fn started(place: &Place) -> Running {
    let child = place.start(&mut place.command(&["run", "--schedule", "daily"]));
    wait_until("the collector to start", || place.path("started").exists());
    child
}

#[test]
fn the_first_interrupt_ends_politely_and_the_summary_is_still_written() {
    let place = place("trap, TERM, '0', touch, started, hang");
    let child = started(&place);
    send(&child, Signal::SIGINT);
    let seen = place.see(child);
    seen.exits(130)
        .says("a second Ctrl-C kills it")
        .says("Summary: 0 succeeded, 1 failed, 1 skipped.");
    let summary = place.last();
    assert_eq!(
        outcomes(&summary),
        [
            ("fake".to_owned(), "cancelled".to_owned()),
            ("fake".to_owned(), "skipped".to_owned())
        ]
    );
    assert_eq!(
        summary["tasks"][0]["reason"],
        "interrupted (SIGINT), then exited with code 0"
    );
    assert_eq!(summary["exit_code"], 130);
    assert!(
        !place.path("ledger").exists(),
        "nothing starts after the interrupt"
    );
}

#[test]
fn the_second_interrupt_kills() {
    let place = place("ignore, TERM, touch, started, hang");
    let child = started(&place);
    send(&child, Signal::SIGINT);
    send(&child, Signal::SIGINT);
    let seen = place.see(child);
    seen.exits(130);
    assert_eq!(place.last()["tasks"][0]["signal"], "SIGKILL");
}

#[test]
fn sigterm_exits_143() {
    let place = place("touch, started, hang");
    let child = started(&place);
    send(&child, Signal::SIGTERM);
    place.see(child).exits(143);
    assert_eq!(place.last()["tasks"][0]["signal"], "SIGTERM");
}

#[test]
fn kill_9_of_orchestrate_leaves_no_process() {
    let place = place("spawn-session, spawn-bg, touch, started, hang");
    let mut child = started(&place);
    send(&child, Signal::SIGKILL);
    child.wait().unwrap();
    place.wait_until_gone();
    assert!(!place.path("ledger").exists());
}

/// Whoever ends a run while the next attempt is waited for ends it as at any other moment.
#[test]
fn an_end_while_another_attempt_is_waited_for_is_recorded() {
    let schedule = r#"
groups:
  g:
    default_time: "04:10"
    tasks:
      - {command: busy, schedule: daily, retry: {limit: 1, delay: 1h}}
      - {command: fake, schedule: daily, args: [append, ledger, second]}
"#;
    // An operator who cancels ends no process by a signal.
    for (by_verb, code) in [(false, 143), (true, 1)] {
        let place = Place::new(schedule);
        place.script("busy", "#!/bin/sh\nexit 75\n");
        let child = place.start(&mut place.command(&["run", "--schedule", "daily", "--log-format", "json"]));
        // The journal has it before anything follows from it.
        wait_until("the wait for another attempt", || {
            let runs = place.state().join("runs");
            let journals = std::fs::read_dir(runs).into_iter().flatten().flatten();
            journals.into_iter().any(|run| {
                let text = std::fs::read_to_string(run.path().join("journal.jsonl"));
                text.is_ok_and(|text| text.contains("\"task_retry\""))
            })
        });
        if by_verb {
            // The journal is ahead of the database, in which `last` is looked for.
            wait_until("the run to be known", || {
                let cancelled = place.command(&["cancel", "last"]).output().unwrap();
                cancelled.status.success()
            });
        } else {
            send(&child, Signal::SIGTERM);
        }
        let seen = place.see(child);
        seen.exits(code).says_not("cannot be written");
        let summary = place.last();
        assert_eq!(outcomes(&summary)[0].1, "failed");
        assert_eq!(summary["tasks"][0]["attempts"], 1);
        place.run(&["history"]).exits(0).says_not("lost");
        place.run(&["health"]).exits(0);
    }
}
