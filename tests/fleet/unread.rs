//! Services whose standard error is a pipe that nobody reads: nothing of them waits for it.

use std::fs;

use nix::sys::signal::Signal;

use crate::support::wait_until;
use crate::workers::{Fleet, outcomes, signal};

/// More than the pipe, what waits for it and all queues on the way hold.
const FLOOD: &str = "#!/bin/sh
yes 'a line of a flood that nobody reads' | head -c 8388608
echo \"end $ORCHESTRATE_RUN_ID\" >> \"$LEDGER\"
";

const SCHEDULE: &str = r#"
groups:
  g:
    default_time: "04:10"
    tasks:
      - {command: flood, schedule: daily, args: [one]}
"#;

#[test]
fn a_worker_that_nobody_reads_holds_back_no_collector_and_keeps_its_lease() {
    let fleet = Fleet::new(SCHEDULE, "lease: 2s\n", 1);
    fleet.script("flood", FLOOD);
    // Its pipe is held open by the test, and never read.
    let worker = fleet.start(0, &["worker"]);
    for _ in 0..3 {
        let run = fleet.queue("g");
        let record = fleet.wait_for_end(&run);
        assert_eq!(outcomes(&record), [("succeeded", 1)]);
        let written = record["tasks"][0]["stdout_bytes"].as_u64();
        assert_eq!(written, Some(8_388_608));
    }
    assert_eq!(fleet.ledger().len(), 3, "each of them once");
    let logs = fleet.place(0).state().join("logs");
    let log = fs::read_dir(logs).unwrap().next().unwrap().unwrap().path();
    wait_until("its own log", || {
        fs::read_to_string(&log)
            .unwrap()
            .matches("flood succeeded")
            .count()
            == 3
    });
    signal(&worker, Signal::SIGTERM);
    let ended = worker.wait_with_output();
    assert_eq!(ended.status.code(), Some(0));
    // What was read at last has the beginning, and says that there is more.
    let said = String::from_utf8(ended.stderr).unwrap();
    assert!(said.contains("[g/flood] a line of a flood"), "{said}");
}
