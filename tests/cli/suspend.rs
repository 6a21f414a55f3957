//! Ctrl-Z and `fg` under a shell with job control, on a terminal of its own.

use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, mkfifo};

use crate::pty::open_terminal;
use crate::support::{MARKER, ORCHESTRATE, Place, Running, wait_until};

const SCHEDULE: &str = "
groups:
  g:
    default_time: '04:10'
    tasks:
      - {command: waits, schedule: daily, timeout: 1h, idle_timeout: 1h}
";

/// Says who it and its supervisor are, and waits.
const WAITS: &str = "#!/bin/sh\necho $$ $PPID > pids.new\nmv pids.new pids\nread word < gate\ntouch ended\n";

/// A shell whose job stops goes on behind it. It stays to the end: with it the terminal would go.
const SHELL: &str = "set -m
\"$ORCHESTRATE\" run --schedule daily
echo $? > stopped.new
mv stopped.new stopped
read word < foreground
fg
echo $? > done.new
mv done.new done
read word < foreground
";

fn place() -> Place {
    let place = Place::new(SCHEDULE);
    place.script("waits", WAITS);
    for fifo in ["gate", "foreground"] {
        mkfifo(&place.path(fifo), Mode::S_IRWXU).unwrap();
    }
    place
}

/// The letter of a process (proc_pid_stat(5)): `T` is stopped.
fn state(pid: i32) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}

/// The numbers in a file, which is there at once with all of them.
fn numbers(place: &Place, name: &str) -> Vec<i32> {
    let text = fs::read_to_string(place.path(name)).unwrap();
    text.split_whitespace()
        .map(|word| word.parse().unwrap())
        .collect()
}

/// Both ends, so that nobody waits for the other one.
fn tell(place: &Place, fifo: &str) {
    let mut fifo = OpenOptions::new()
        .read(true)
        .write(true)
        .open(place.path(fifo))
        .unwrap();
    fifo.write_all(b"\n").unwrap();
    // It is open until somebody has read it.
    std::mem::forget(fifo);
}

/// The process that executes the run.
fn orchestrate(place: &Place) -> i32 {
    let is_ours = |pid: &i32| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).into_owned();
        line.starts_with(ORCHESTRATE) && line.contains("\0run\0")
    };
    let pids = crate::support::marked(&place.marker);
    pids.into_iter().map(Pid::as_raw).find(is_ours).unwrap()
}

#[test]
fn ctrl_z_stops_collector_and_orchestrate_and_fg_lets_both_go_on() {
    let place = place();
    fs::write(place.path("shell"), SHELL).unwrap();
    let (master, slave) = open_terminal();
    let terminal = || Stdio::from(slave.try_clone().unwrap());
    let mut command = Command::new("setsid");
    command
        .args(["--ctty", "sh", "shell"])
        .current_dir(place.dir.path())
        .env("TERM", "xterm")
        .env("ORCHESTRATE", ORCHESTRATE)
        .env(MARKER, &place.marker)
        .stdin(terminal())
        .stdout(terminal())
        .stderr(terminal());
    let mut shell = Running::start(&mut command, &place.marker);
    drop(slave);
    // What is shown is nobody's business here; a terminal that nobody reads fills up.
    let reader: OwnedFd = master.as_fd().try_clone_to_owned().unwrap();
    std::thread::spawn(move || {
        let mut reader = fs::File::from(reader);
        let mut buffer = [0; 4096];
        while reader.read(&mut buffer).is_ok_and(|count| count > 0) {}
    });
    wait_until("the collector to start", || place.path("pids").exists());
    let [collector, supervisor] = numbers(&place, "pids")[..] else {
        panic!("two numbers")
    };
    let orchestrate = orchestrate(&place);
    let mut keyboard = fs::File::from(master.as_fd().try_clone_to_owned().unwrap());
    for round in 0..2 {
        // Ctrl-Z, to which the terminal's driver makes a signal.
        keyboard.write_all(&[0x1a]).unwrap();
        wait_until("orchestrate to stop", || state(orchestrate) == Some('T'));
        // Its signal was sent before.
        wait_until("the collector to stop", || state(collector) == Some('T'));
        assert_ne!(state(supervisor), Some('T'));
        if round == 0 {
            wait_until("the shell to see it", || place.path("stopped").exists());
            assert_eq!(numbers(&place, "stopped"), [128 + Signal::SIGSTOP as i32]);
            tell(&place, "foreground");
            wait_until("both to go on", || {
                state(orchestrate) != Some('T') && state(collector) != Some('T')
            });
        } else {
            // The shell waits for it and takes the second stop for an end of its wait.
            kill(Pid::from_raw(orchestrate), Signal::SIGCONT).unwrap();
            wait_until("both to go on", || {
                state(orchestrate) != Some('T') && state(collector) != Some('T')
            });
        }
    }
    assert!(!place.path("ended").exists());
    tell(&place, "gate");
    wait_until("orchestrate to end", || {
        state(orchestrate).is_none_or(|state| state == 'Z')
    });
    tell(&place, "foreground");
    wait_until("the shell to end", || shell.try_wait().unwrap().is_some());
    place.wait_until_gone();
    assert_eq!(place.last()["exit_code"], 0);
    assert_eq!(place.last()["tasks"][0]["outcome"], "succeeded");
}

#[test]
fn a_stop_that_nobody_can_see_leaves_the_collector_alone() {
    let place = place();
    let child = place.start(&mut place.command(&["run", "--schedule", "daily"]));
    let orchestrate = Pid::from_raw(i32::try_from(child.id()).unwrap());
    wait_until("the collector to start", || place.path("pids").exists());
    kill(orchestrate, Signal::SIGSTOP).unwrap();
    wait_until("orchestrate to stop", || state(orchestrate.as_raw()) == Some('T'));
    let collector = numbers(&place, "pids")[0];
    assert_ne!(state(collector), Some('T'));
    tell(&place, "gate");
    wait_until("the collector to go on", || place.path("ended").exists());
    kill(orchestrate, Signal::SIGCONT).unwrap();
    place.see(child).exits(0);
}

/// Where no shell would let it go on, Ctrl-Z stops nothing.
#[test]
fn without_job_control_it_does_not_stop() {
    let place = place();
    let mut command = Command::new("setsid");
    command
        .args([ORCHESTRATE, "run", "--schedule", "daily"])
        .current_dir(place.dir.path())
        .env(MARKER, &place.marker);
    let child = place.start(&mut command);
    wait_until("the collector to start", || place.path("pids").exists());
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), Signal::SIGTSTP).unwrap();
    tell(&place, "gate");
    place.see(child).exits(0);
}
