//! `check-collector`: what it finds in good and in bad collectors.

use serde_json::Value;

use crate::support::Place;

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
        ("events", "ok"),
        ("SIGTERM", "error"),
    ];
    assert_eq!(findings(&place, &args, 1), verdicts(&expected));
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
