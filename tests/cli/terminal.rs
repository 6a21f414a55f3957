//! Terminals that are closed, disks that are full behind standard output and error, signals
//! that were ignored from the start: nothing of this may end a collector or decide an exit code.

use std::fs::{self, File, OpenOptions};
use std::process::{Command, Stdio};

use nix::pty::PtyMaster;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::pty::open_terminal;
use crate::support::{MARKER, ORCHESTRATE, Place, Running, wait_until};

const WAITS: &str = "#!/bin/sh\necho before\ntouch started\n\
    while ! [ -e go ]; do sleep 0.02; done\necho after\ntouch ended\n";

/// A place with a collector that waits for the file `go`.
fn place() -> Place {
    let place =
        Place::new("groups: {g: {default_time: '04:10', tasks: [{command: waits, schedule: daily}]}}");
    place.script("waits", WAITS);
    place
}

/// `run` as the leader of a session on a terminal of its own, whose other end is returned.
/// `prefix` are the words before it on its command line.
fn run_on_terminal(place: &Place, prefix: &[&str]) -> (Running, PtyMaster) {
    let (master, slave) = open_terminal();
    let terminal = || Stdio::from(slave.try_clone().unwrap());
    let mut command = Command::new("setsid");
    command
        .arg("--ctty")
        .args(prefix)
        .args([ORCHESTRATE, "run", "--schedule", "daily"])
        .current_dir(place.dir.path())
        .env("TERM", "xterm")
        .env(MARKER, &place.marker)
        .stdin(terminal())
        .stdout(terminal())
        .stderr(terminal());
    let child = Running::start(&mut command, &place.marker);
    wait_until("the collector to start", || place.path("started").exists());
    (child, master)
}

/// What it exits with; a run that does not end is a failure and no hang.
fn exit_code(child: &mut Running) -> Option<i32> {
    wait_until("the run to end", || child.try_wait().unwrap().is_some());
    child.wait().unwrap().code()
}

#[test]
fn a_terminal_that_closes_ends_the_run_politely() {
    let place = place();
    let (mut child, terminal) = run_on_terminal(&place, &[]);
    drop(terminal);
    assert_eq!(exit_code(&mut child), Some(129));
    place.wait_until_gone();
    let summary = place.last();
    assert_eq!(summary["exit_code"], 129);
    let reason = summary["tasks"][0]["reason"].as_str().unwrap();
    assert!(reason.starts_with("the terminal was closed (SIGHUP)"), "{reason}");
}

#[test]
fn nohup_survives_its_terminal() {
    let place = place();
    let (mut child, terminal) = run_on_terminal(&place, &["sh", "-c", "trap '' HUP; exec \"$@\"", "sh"]);
    drop(terminal);
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), Signal::SIGHUP).unwrap();
    fs::write(place.path("go"), "").unwrap();
    assert_eq!(exit_code(&mut child), Some(0));
    assert!(place.path("ended").exists());
    assert_eq!(place.last()["exit_code"], 0);
}

#[test]
fn signals_that_were_ignored_from_the_start_stay_ignored() {
    let place = place();
    let mut command = Command::new("sh");
    command
        .args(["-c", "trap '' HUP INT TERM QUIT; exec \"$@\"", "sh", ORCHESTRATE])
        .args(["run", "--schedule", "daily"])
        .current_dir(place.dir.path())
        .env(MARKER, &place.marker);
    let child = place.start(&mut command);
    wait_until("the collector to start", || place.path("started").exists());
    for signal in [Signal::SIGHUP, Signal::SIGINT, Signal::SIGTERM, Signal::SIGQUIT] {
        kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), signal).unwrap();
    }
    fs::write(place.path("go"), "").unwrap();
    place.see(child).exits(0);
    assert!(place.path("ended").exists());
}

#[test]
fn a_hangup_is_named_in_record_and_exit_code() {
    let place = place();
    let child = place.start(&mut place.command(&["run", "--schedule", "daily"]));
    wait_until("the collector to start", || place.path("started").exists());
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), Signal::SIGHUP).unwrap();
    place.see(child).exits(129);
    assert_eq!(place.last()["exit_code"], 129);
}

fn full() -> File {
    OpenOptions::new().write(true).open("/dev/full").unwrap()
}

/// What it exits with when every byte that it writes to `outputs` is refused.
fn code_on_full_disk(place: &Place, args: &[&str], outputs: &[&str]) -> Option<i32> {
    let mut command = place.command(args);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    for output in outputs {
        match *output {
            "stdout" => command.stdout(full()),
            _ => command.stderr(full()),
        };
    }
    command.status().unwrap().code()
}

#[test]
fn a_full_disk_behind_the_output_decides_no_exit_code() {
    let place = place();
    fs::write(place.path("go"), "").unwrap();
    let run = ["run", "--schedule", "daily"];
    for outputs in [&["stderr"][..], &["stdout"], &["stdout", "stderr"]] {
        assert_eq!(code_on_full_disk(&place, &run, outputs), Some(0), "{outputs:?}");
    }
    let verbose = ["-v", "run", "--schedule", "daily"];
    assert_eq!(code_on_full_disk(&place, &verbose, &["stderr"]), Some(0));
}

#[test]
fn json_that_is_not_whole_is_no_success() {
    let place = place();
    fs::write(place.path("go"), "").unwrap();
    for args in [
        &["run", "--schedule", "daily", "--format", "json"][..],
        &["history", "--format", "json"],
        &["show", "last", "--format", "json"],
        &["plan", "--schedule", "daily", "--format", "json"],
        &["next", "--format", "json"],
        &["check", "--format", "json"],
        &["schema"],
        &["schema", "events"],
        &["completions", "bash"],
        &["man"],
        &["--help"],
        &["run", "--help"],
        &["--version"],
        &["records", "list", "--format", "json"],
        &["status", "--format", "json"],
        &["logs", "last"],
    ] {
        assert_eq!(code_on_full_disk(&place, args, &[]), Some(0), "{args:?}");
        let code = code_on_full_disk(&place, args, &["stdout", "stderr"]);
        assert_eq!(code, Some(3), "{args:?}");
    }
}

#[test]
fn no_verb_panics_where_nothing_can_be_written() {
    let place = place();
    fs::write(place.path("go"), "").unwrap();
    place.run(&["run", "--schedule", "daily"]).exits(0);
    for line in [
        "",
        "--help",
        "--version",
        "run --help",
        "run --schedule nosuch",
        "run",
        "nosuch",
        "plan --schedule daily",
        "next",
        "why waits",
        "check",
        "check-collector waits",
        "history",
        "show last",
        "logs last",
        "cancel last",
        "retry last",
        "pause g",
        "resume g",
        "release list",
        "records list",
        "notices list",
        "db status",
        "health",
        "schema",
        "completions bash",
        "man",
        "new collector x --lang sh",
        "run-one waits",
        "run-one nosuch",
    ] {
        let args: Vec<&str> = line.split_whitespace().collect();
        let code = code_on_full_disk(&place, &args, &["stdout", "stderr"]);
        assert!(code.is_some_and(|code| code <= 3), "{line}: {code:?}");
    }
}
