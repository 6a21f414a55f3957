//! The database is away when a collector of a scheduler succeeds, and comes back while the
//! scheduler goes on: it brings in by itself what is missing, once.

use std::cell::RefCell;
use std::fs;
use std::io::Read;
use std::process::{Command, Stdio};

use jiff::SignedDuration;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use orchestrator::model::{Clock, SystemClock};

use crate::cluster::Cluster;
use crate::fast::{Fast, stop};
use crate::support::{Running, wait_until};

/// Each run of it delivers one record and waits for a word.
const BRING: &str = "#!/bin/sh
echo x >> started; cat go >/dev/null
printf '{\"type\":\"record\",\"collection\":\"c\",\"key\":\"k\",\"data\":{}}\\n' >>\"$ORCHESTRATE_EVENTS\"
";

/// A minute takes a second: there is one run, and no other for a long time.
fn waiting(url: Option<String>) -> Fast {
    let soon = SystemClock.now() + SignedDuration::from_mins(4);
    let schedule = format!(
        "groups: {{g: {{default_time: \"{}\", tasks: [{{command: bring, schedule: daily}}]}}}}\n",
        soon.strftime("%H:%M")
    );
    let fast = Fast::at_rate(60, &schedule, url);
    fast.place.script("bring", BRING);
    mkfifo(&fast.place.path("go"), Mode::S_IRWXU).unwrap();
    fast
}

/// `away` and `back` are what happens to the database.
fn brought_in(fast: &Fast, away: impl FnOnce(), back: impl FnOnce()) {
    let beat = fast.start(&["beat"]);
    wait_until("the collector to start", || fast.place.path("started").exists());
    wait_until("the run to be known", || {
        !fast.rows("select id from runs").is_empty()
    });
    away();
    fs::write(fast.place.path("go"), ".").unwrap();
    fast.wait_for("what it brought is not in the database yet");
    fast.wait_for("is brought in when the database is back");
    let run = fs::read_dir(fast.place.state().join("unrecorded")).unwrap();
    assert!(run.count() > 0, "the run is noted");
    back();
    let delivered = "select '' || count(*) from record_deliveries";
    let ended = "select id from runs where success = true";
    wait_until("the records", || fast.rows(delivered)[0] != "0");
    wait_until("the run", || !fast.rows(ended).is_empty());
    wait_until("the notes to go", || {
        let left = |folder: &str| fs::read_dir(fast.place.state().join(folder)).unwrap().count();
        left("undelivered") == 0
    });
    assert_eq!(
        (fast.rows(ended).len(), fast.rows(delivered)),
        (1, vec!["1".to_owned()])
    );
    assert_eq!(stop(beat), Some(0), "{}", fast.said());
    fast.place.wait_until_gone();
}

#[test]
fn a_server_that_was_away_is_given_what_it_missed() {
    let cluster = Cluster::start();
    let fast = waiting(Some(cluster.database()));
    brought_in(
        &fast,
        || cluster.control(&["-m", "immediate", "stop"]),
        || cluster.control(&["-l", "log", "start"]),
    );
}

#[test]
fn a_file_that_was_locked_is_given_what_it_missed() {
    let fast = waiting(None);
    let lock = RefCell::new(None);
    brought_in(
        &fast,
        || *lock.borrow_mut() = Some(locked(&fast)),
        // It ends, and its lock with it.
        || drop(lock.borrow_mut().take().unwrap().wait_with_output()),
    );
}

/// Somebody who holds the only lock for writing until its standard input ends.
fn locked(fast: &Fast) -> Running {
    let script = "import sqlite3, sys
base = sqlite3.connect(sys.argv[1], isolation_level=None)
base.execute('begin immediate')
print('locked', flush=True)
sys.stdin.read()
";
    let mut command = Command::new("python3");
    command
        .args(["-c", script])
        .arg(fast.place.state().join("orchestrate.db"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut holder = Running::start(&mut command, &format!("lock-{}", std::process::id()));
    let mut said = [0; 7];
    holder.stdout.as_mut().unwrap().read_exact(&mut said).unwrap();
    assert_eq!(&said, b"locked\n");
    holder
}
