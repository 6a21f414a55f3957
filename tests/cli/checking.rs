//! `check-collector`: what it finds in good and in bad collectors.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::support::{Place, wait_until};

fn findings(place: &Place, args: &[&str], code: i32) -> Vec<(String, String)> {
    let mut all = vec!["check-collector", "--format", "json"];
    all.extend(args);
    let seen = place.run(&all);
    let found = seen.exits(code).json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    found
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| (text(&finding["check"]), text(&finding["verdict"])))
        .collect()
}

fn verdicts(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter()
        .map(|(check, verdict)| ((*check).to_owned(), (*verdict).to_owned()))
        .collect()
}

/// However it ends, nothing of the trial is left.
#[test]
fn a_check_that_is_ended_leaves_nothing_behind() {
    for (signal, code) in [
        (Signal::SIGINT, 130),
        (Signal::SIGTERM, 143),
        (Signal::SIGHUP, 129),
    ] {
        let place = Place::new("");
        place.script("hangs", "#!/bin/sh\ntouch started\nexec sleep 1000\n");
        std::fs::create_dir(place.path("tmp")).unwrap();
        let mut command = place.command(&["check-collector", "hangs"]);
        let child = place.start(command.env("TMPDIR", place.path("tmp")));
        wait_until("the collector to start", || place.path("started").exists());
        let pid = Pid::from_raw(i32::try_from(child.id()).unwrap());
        kill(pid, signal).unwrap();
        place.see(child).exits(code);
        assert_eq!(std::fs::read_dir(place.path("tmp")).unwrap().count(), 0);
    }
}

#[test]
fn a_good_collector_has_nothing_to_fear() {
    let place = Place::new("");
    place.script("good", "#!/bin/sh\necho hello\nexec sleep 0.2\n");
    let expected = [
        ("executable", "ok"),
        ("exit code", "ok"),
        ("children", "ok"),
        ("output", "ok"),
        ("events", "ok"),
        ("SIGTERM", "ok"),
    ];
    assert_eq!(findings(&place, &["good"], 0), verdicts(&expected));
    assert!(!place.state().exists(), "it leaves no trace");
}

#[test]
fn a_bad_one_is_told_everything_at_once() {
    let place = Place::new("");
    let args = [
        "fake",
        "--timeout",
        "500ms",
        "--",
        "ignore",
        "TERM",
        "spawn-session",
        "hang",
    ];
    let expected = [
        ("executable", "ok"),
        ("exit code", "error"),
        ("children", "error"),
        ("output", "warning"),
        // It did not succeed, and there is nothing to look at.
        ("events", "skipped"),
        ("SIGTERM", "error"),
    ];
    assert_eq!(findings(&place, &args, 1), verdicts(&expected));
}

/// All of them, each with its line, and never exit code 0.
#[test]
fn every_bad_line_of_an_events_file_is_an_error() {
    let place = Place::new("");
    let lines = [
        "nonsense",
        r#"{"type":"record","collection":"c","key":"k","data":{}}"#,
        r#"{"type":"record","collection":"c d","key":"k","data":{}}"#,
        r#"{"type":"nosuch"}"#,
        "[1]",
        r#"{"type":"note"}"#,
    ];
    let script = format!(
        "#!/bin/sh\ncat >> \"$ORCHESTRATE_EVENTS\" <<'END'\n{}\nEND\n",
        lines.join("\n")
    );
    place.script("bad", &script);
    let expected = [
        ("executable", "ok"),
        ("exit code", "ok"),
        ("children", "ok"),
        ("output", "ok"),
        ("events", "error"),
        ("events", "error"),
        ("events", "error"),
        ("events", "error"),
        ("events", "error"),
        ("SIGTERM", "skipped"),
    ];
    assert_eq!(findings(&place, &["bad"], 1), verdicts(&expected));
    let seen = place.run(&["check-collector", "bad"]);
    for line in ["line 1: ", "line 3: ", "line 4: ", "line 5: ", "line 6: "] {
        seen.says(line);
    }
    seen.says_not("line 2: ");
    let many = "#!/bin/sh\nseq 1 40 >> \"$ORCHESTRATE_EVENTS\"\n";
    place.script("many", many);
    place.run(&["check-collector", "many"]).exits(1).says("line 40: ");
}

#[test]
fn what_is_said_is_meant() {
    let place = Place::new("");
    let said = |script: &str, code: i32| {
        place.script("x", script);
        findings(&place, &["x"], code)
    };
    let has = |found: &[(String, String)], check: &str, verdict: &str| {
        let wanted = (check.to_owned(), verdict.to_owned());
        assert!(found.contains(&wanted), "no {wanted:?} in {found:?}");
    };
    // In the contract, but no success.
    let found = said("#!/bin/sh\necho no network >&2\nexit 69\n", 1);
    has(&found, "exit code", "failed");
    has(&found, "events", "skipped");
    let found = said("#!/bin/sh\necho hello\nexit 3\n", 1);
    has(&found, "exit code", "error");
    // It ended before it could be asked to.
    let found = said("#!/bin/sh\nexit 0\n", 0);
    has(&found, "SIGTERM", "skipped");
    has(&found, "output", "warning");
    let failure = r#"{"type":"failure","message":"no"}"#;
    let found = said(
        &format!("#!/bin/sh\necho '{failure}' >> \"$ORCHESTRATE_EVENTS\"\n"),
        1,
    );
    has(&found, "exit code", "ok");
    has(&found, "events", "error");
}

#[test]
fn what_cannot_be_executed_is_said_with_a_hint() {
    let place = Place::new("");
    assert_eq!(
        findings(&place, &["nowhere"], 1),
        verdicts(&[("executable", "error")])
    );
    place.script("windows", "#!/bin/sh\r\necho hello\r\n");
    place
        .run(&["check-collector", "windows"])
        .exits(1)
        .says("Windows line ending");
}
