//! What people see on a terminal: a line an end, collectors' colours and progress bars, nothing
//! wider than the screen. And what programs read instead.

use std::fs::File;
use std::io::Read;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::pty::open_terminal;
use crate::support::{MARKER, ORCHESTRATE, Place, Running, wait_until};

const NOISY: &str = "#!/bin/sh\n\
    printf '10%%\\r20%%\\r100%% done\\n'\n\
    printf '\\033[31mred\\033[0m \\033[2Jx\\n'\n";

fn place() -> Place {
    let place = Place::new(
        r#"
groups:
  github:
    default_time: "04:10"
    tasks:
      - {command: noisy, schedule: daily}
      - {command: run_a_collector_with_a_name_that_is_rather_long, schedule: daily}
"#,
    );
    place.script("noisy", NOISY);
    place.script(
        "run_a_collector_with_a_name_that_is_rather_long",
        "#!/bin/sh\necho 'the host cannot be reached' >&2\nexit 75\n",
    );
    place
}

/// Everything that a verb shows on a terminal so wide, to its end.
fn screen(place: &Place, columns: u16, args: &[&str], variables: &[(&str, &str)]) -> String {
    let (master, slave) = open_terminal();
    let terminal = || Stdio::from(slave.try_clone().unwrap());
    let mut command = Command::new("setsid");
    command
        .args(["--ctty", "sh", "-c"])
        .arg(format!("stty cols {columns} rows 40; exec \"$@\""))
        .args(["sh", ORCHESTRATE])
        .args(args)
        .current_dir(place.dir.path())
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("HOME", place.dir.path())
        .env("TERM", "xterm")
        .env("TZ", "Europe/Berlin")
        .env(MARKER, &place.marker)
        .envs(variables.iter().copied())
        .stdin(terminal())
        .stdout(terminal())
        .stderr(terminal());
    let mut child = Running::start(&mut command, &place.marker);
    // Somebody must hold the other end while it is read, or nothing is left to read.
    let reader = std::thread::spawn(move || {
        let mut master = File::from(std::os::fd::OwnedFd::from(master));
        let mut seen = Vec::new();
        let mut chunk = [0; 4096];
        // The end of a terminal is an error (EIO).
        while let Ok(count @ 1..) = master.read(&mut chunk) {
            seen.extend_from_slice(&chunk[..count]);
        }
        String::from_utf8_lossy(&seen).into_owned()
    });
    wait_until("the verb to end", || child.try_wait().unwrap().is_some());
    drop(command);
    drop(slave);
    reader.join().unwrap().replace("\r\n", "\n")
}

/// Whether it does, or is not ours to cut: a line to copy, what a collector wrote, the whole cause
/// of a failure.
fn fits(line: &str, columns: u16) -> bool {
    let start = line.trim_start();
    let not_ours = ["orchestrate ", "log: ", "| ", "["];
    let is_whole_cause = start.starts_with("github/") && start.contains(": exited with");
    line.chars().count() <= usize::from(columns)
        || is_whole_cause
        || not_ours.iter().any(|word| start.starts_with(word))
}

#[test]
fn a_run_on_a_terminal_is_a_line_an_end() {
    let place = place();
    let seen = screen(&place, 80, &["run", "--schedule", "daily"], &[("NO_COLOR", "1")]);
    let ends: Vec<&str> = seen.lines().filter(|line| line.contains("/2  github/")).collect();
    assert_eq!(ends.len(), 2, "{seen}");
    assert!(ends[0].trim_start().starts_with("succeeded  "), "{seen}");
    assert!(ends[0].contains("1/2  github/noisy"), "{seen}");
    assert!(ends[1].trim_start().starts_with("failed  "), "{seen}");
    for noise in ["exit_code=", "duration=", "log=\"", " INFO ", "ERROR"] {
        assert!(!seen.contains(noise), "{noise}: {seen}");
    }
    for line in seen.lines() {
        assert!(fits(line, 80), "{line:?} in {seen}");
    }
    // The log of the service has it with its fields.
    let logs = std::fs::read_dir(place.state().join("logs")).unwrap();
    let logs: String = logs
        .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap())
        .collect();
    assert!(logs.contains("exit_code=75"), "{logs}");
}

#[test]
fn verbs_that_look_fit_the_terminal_and_say_its_zone() {
    let place = place();
    place.run(&["run", "--schedule", "daily"]).exits(1);
    for columns in [80, 120, 200] {
        for args in [
            &["show"][..],
            &["history"],
            &["history", "--group", "github"],
            &["history", "--collector", "noisy"],
            &["next"],
            &["why", "noisy"],
            &["status"],
            &["records", "list"],
        ] {
            let seen = screen(&place, columns, args, &[("NO_COLOR", "1")]);
            for line in seen.lines() {
                assert!(fits(line, columns), "{args:?} at {columns}: {line:?} in {seen}");
            }
        }
    }
    let seen = screen(&place, 80, &["show"], &[("NO_COLOR", "1")]);
    assert!(seen.contains(" CET") || seen.contains(" CEST"), "{seen}");
    let piped = place.run(&["show"]).stdout;
    assert!(piped.contains("Z: ended "), "{piped}");
}

#[test]
fn colours_pass_on_a_terminal_and_progress_bars_are_what_they_were_at_their_end() {
    let place = place();
    let seen = screen(&place, 120, &["run", "--schedule", "daily"], &[]);
    assert!(seen.contains("\x1b[31mred\x1b[0m"), "{seen:?}");
    assert!(!seen.contains("\x1b[2J"), "{seen:?}");
    assert!(seen.contains("100% done"), "{seen:?}");
    assert!(!seen.contains("10%\r"), "{seen:?}");
    let logs = place.run(&["logs", "noisy"]);
    assert_eq!(
        logs.exits(0).stdout,
        "[github/noisy] 100% done\n[github/noisy] red \\u{1b}[2Jx\n"
    );
    let raw = place.run(&["logs", "noisy", "--raw"]).stdout;
    assert_eq!(raw, "10%\r20%\r100% done\n\x1b[31mred\x1b[0m \x1b[2Jx\n");
}

#[test]
fn with_json_every_line_of_standard_error_is_an_object() {
    let place = place();
    let seen = place.run(&["run", "--schedule", "daily", "--log-format", "json"]);
    let lines: Vec<Value> = seen
        .exits(1)
        .stderr
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    let of_collector: Vec<&Value> = lines.iter().filter(|line| line["stream"] == "stderr").collect();
    assert_eq!(of_collector.len(), 1, "{lines:#?}");
    assert_eq!(of_collector[0]["message"], "the host cannot be reached");
    assert!(lines.iter().all(|line| line["level"].is_string()), "{lines:#?}");
    let refused = place.run(&["show", "nosuch", "--log-format", "json"]);
    for line in refused.exits(2).stderr.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        assert!(line["message"].is_string(), "{line}");
    }
}
