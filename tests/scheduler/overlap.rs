//! A scheduler and a run by hand of the same entry: one at a time, whoever came first.

use std::fs;
use std::fs::OpenOptions;
use std::io::Write;

use nix::sys::stat::Mode;

use crate::fast::{EVERY_MINUTE, Fast, stop};
use crate::support::{Running, wait_until};

/// Waits at the gate while there is a file `hold`.
const GATED: &str = "#!/bin/sh
if [ -e hold ]; then touch there; read word < gate; exit; fi
echo \"$ORCHESTRATE_SLOT\" >> ran
";

#[test]
fn a_slot_is_skipped_while_its_entry_runs_by_hand_and_the_next_one_runs() {
    let fast = Fast::new(EVERY_MINUTE, None);
    fast.place.script("note", GATED);
    nix::unistd::mkfifo(&fast.place.path("gate"), Mode::S_IRWXU).unwrap();
    let gate = OpenOptions::new()
        .read(true)
        .write(true)
        .open(fast.place.path("gate"))
        .unwrap();
    fs::write(fast.place.path("hold"), "").unwrap();
    let mut by_hand = fast.command(&["-q", "run", "--schedule", "interval", "--interval-minutes", "1"]);
    let by_hand = Running::start(&mut by_hand, &fast.place.marker);
    wait_until("the run by hand", || fast.place.path("there").exists());
    fs::remove_file(fast.place.path("hold")).unwrap();
    let beat = fast.start(&["-q", "beat"]);
    let skipped = "select cause from ledger where state = 'skipped'";
    wait_until("skipped slots", || {
        fast.place.state().join("orchestrate.db").exists() && fast.rows(skipped).len() > 2
    });
    assert!(fast.ran().is_empty(), "it ran beside the run by hand");
    let run = fast.rows("select id from runs where finished_at is null");
    let reason = format!("run {} of another process still went on (overlap: skip)", run[0]);
    assert_eq!(fast.rows(skipped)[0], reason);
    (&gate).write_all(b"\n").unwrap();
    assert_eq!(by_hand.wait_with_output().status.code(), Some(0));
    wait_until("slots of the scheduler", || fast.ran().len() > 3);
    assert_eq!(stop(beat), Some(0), "{}", fast.said());
    fast.place.wait_until_gone();
}
