//! Schedulers and their terminals: one that closes ends none of them, whatever `nohup` did.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use nix::sys::signal::Signal;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use crate::fast::{EVERY_MINUTE, Fast, signal, stop};
use crate::pty::open_terminal;
use crate::support::{MARKER, ORCHESTRATE, Running, wait_until};

/// One task that waits for a word, one that notes its slots.
const TWO: &str = "
groups:
  g:
    default_time: \"04:10\"
    tasks:
      - {command: fake, schedule: interval, minutes: 1, args: [touch, started, fifo-read, go, touch, ended]}
      - {command: note, schedule: interval, minutes: 2}
";

/// Through the words before it on a command line.
fn command(fast: &Fast, prefix: &[&str], args: &[&str]) -> Command {
    let mut command = Command::new(prefix[0]);
    command
        .args(&prefix[1..])
        .arg(ORCHESTRATE)
        .args(args)
        .current_dir(fast.place.dir.path())
        .env("TERM", "xterm")
        .env("ORCHESTRATE_TIME_LAPSE", &fast.lapse)
        .env(MARKER, &fast.place.marker);
    command
}

fn outlives_its_terminal(args: &[&str], prefix: &[&str]) {
    let fast = Fast::new(TWO, None);
    mkfifo(&fast.place.path("go"), Mode::S_IRWXU).unwrap();
    let (master, slave) = open_terminal();
    let terminal = || Stdio::from(slave.try_clone().unwrap());
    let mut command = command(&fast, prefix, args);
    command.stdin(terminal()).stdout(terminal()).stderr(terminal());
    let child = Running::start(&mut command, &fast.place.marker);
    drop((command, slave));
    wait_until("the collector to run", || fast.place.path("started").exists());
    drop(master);
    // It is the terminal that went, and no signal of ours.
    let mut go = fs::OpenOptions::new()
        .write(true)
        .open(fast.place.path("go"))
        .unwrap();
    go.write_all(b".").unwrap();
    drop(go);
    wait_until("the collector to end well", || fast.place.path("ended").exists());
    let ran = fast.ran().len();
    wait_until("slots after that", || fast.ran().len() > ran + 3);
    assert_eq!(
        stop(child),
        Some(if fast.rows(CANCELLED).is_empty() { 0 } else { 143 })
    );
    fast.place.wait_until_gone();
}

const CANCELLED: &str = "select outcome from tasks where outcome = 'cancelled'";

#[test]
fn a_terminal_that_closes_ends_no_scheduler() {
    let drain = ["--drain-timeout", "10ms"];
    outlives_its_terminal(&[&["beat"][..], &drain].concat(), &["setsid", "--ctty"]);
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    outlives_its_terminal(&[&serve[..], &drain].concat(), &["setsid", "--ctty"]);
    let nohup = ["setsid", "--ctty", "sh", "-c", "trap '' HUP; exec \"$@\"", "sh"];
    outlives_its_terminal(&[&["beat"][..], &drain].concat(), &nohup);
}

#[test]
fn signals_that_were_ignored_from_the_start_stay_ignored_but_a_hangup_is_a_reload() {
    for verb in ["beat", "serve"] {
        let fast = Fast::new(EVERY_MINUTE, None);
        let ignoring = ["sh", "-c", "trap '' HUP INT TERM QUIT; exec \"$@\"", "sh"];
        let mut args = vec![verb, "--log-level", "debug"];
        if verb == "serve" {
            args.extend(["--listen", "127.0.0.1:0"]);
        }
        let said = fs::File::create(fast.place.path("said")).unwrap();
        let mut command = command(&fast, &ignoring, &args);
        command.stdout(Stdio::null()).stderr(said);
        let mut child = Running::start(&mut command, &fast.place.marker);
        fast.wait_for("this scheduler leads");
        for ignored in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGQUIT] {
            signal(&child, ignored);
        }
        signal(&child, Signal::SIGHUP);
        fast.wait_for("nothing differs");
        let ran = fast.ran().len();
        wait_until("slots after that", || fast.ran().len() > ran + 3);
        assert!(child.try_wait().unwrap().is_none(), "{}", fast.said());
        child.kill().unwrap();
        child.wait().unwrap();
        fast.place.wait_until_gone();
    }
}

#[test]
fn a_hangup_before_it_leads_ends_it_as_little() {
    let fast = Fast::new(EVERY_MINUTE, None);
    // The schedule is read when it is written: until then it starts.
    let schedule = fast.place.path("schedule");
    mkfifo(&schedule, Mode::S_IRWXU).unwrap();
    let beat = fast.start(&["beat", "--schedule-file", "schedule"]);
    // Whoever opens it for reading is there, and hears signals.
    let mut writer = fs::OpenOptions::new().write(true).open(&schedule).unwrap();
    signal(&beat, Signal::SIGHUP);
    writer.write_all(EVERY_MINUTE.as_bytes()).unwrap();
    drop(writer);
    fast.wait_for("this scheduler leads");
    assert_eq!(stop(beat), Some(0), "{}", fast.said());
    fast.place.wait_until_gone();
}

#[test]
fn the_exit_code_names_the_signal_that_ended_the_runs() {
    let fast = Fast::new(TWO, None);
    mkfifo(&fast.place.path("go"), Mode::S_IRWXU).unwrap();
    let beat = fast.start(&["beat"]);
    wait_until("the collector to run", || fast.place.path("started").exists());
    signal(&beat, Signal::SIGTERM);
    fast.wait_for("may finish within");
    signal(&beat, Signal::SIGINT);
    fast.ends(beat, 130);
    let reasons = fast.rows("select reason from tasks where outcome = 'cancelled'");
    assert!(
        reasons.iter().all(|reason| reason.contains("SIGINT")) && !reasons.is_empty(),
        "{reasons:?}"
    );
    fast.place.wait_until_gone();
}
