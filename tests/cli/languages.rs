//! Collectors in every language: the examples of the page that people copy them from, and those
//! that `new collector` makes.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use serde_json::{Value, json};

use crate::records::{export, place};
use crate::support::Place;

/// The example in a language, from the page that people copy it from.
fn example(language: &str) -> &'static str {
    let page = include_str!("../../docs/writing-collectors.md");
    let (_, from) = page.split_once(&format!("```{language}\n")).unwrap();
    let (text, _) = from.split_once("```").unwrap();
    assert!(
        text.lines().count() <= 8,
        "eight lines, not {}",
        text.lines().count()
    );
    text
}

fn in_language(language: &str, install: impl FnOnce(&Place, &str)) {
    let place = place("      - {command: weather, schedule: daily}\n");
    install(&place, example(language));
    let seen = place.run(&["run", "--schedule", "daily", "--format", "json"]);
    let events = seen.exits(0).json_lines();
    let progress = events.iter().rfind(|event| event["event"] == "progress").unwrap();
    assert_eq!(
        (&progress["current"], &progress["total"], &progress["message"]),
        (&json!(2), &json!(2), &json!("Bergen"))
    );
    let task = &events.last().unwrap()["tasks"][0];
    assert_eq!(task["records"], json!({"new": 2, "changed": 0, "unchanged": 0}));
    let found: Vec<_> = export(&place, "weather")
        .iter()
        .map(|record| (record["key"].clone(), record["data"]["degrees"].clone()))
        .collect();
    assert_eq!(found, [(json!("Bergen"), json!(14)), (json!("Oslo"), json!(7))]);
    let checked = place.run(&["check-collector", "weather", "--format", "json"]);
    let verdicts: Vec<_> = checked
        .exits(0)
        .json()
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["verdict"].clone())
        .collect();
    assert!(
        verdicts
            .iter()
            .all(|verdict| *verdict == "ok" || *verdict == "skipped"),
        "{checked:#?}"
    );
    let seen = place.run(&["run-one", "weather", "--", "--fail"]);
    seen.exits(1).says("no answer");
    let failed = &place.last()["tasks"][0];
    assert_eq!(failed["category"], "temporary");
    assert_eq!(failed["reason"], "exited with code 75 (temporary): no answer");
    assert_eq!(failed["records"], Value::Null);
    assert_eq!(export(&place, "weather").len(), 2);
}

#[test]
fn a_collector_in_python() {
    in_language("python", |place, text| place.script("weather", text));
}

#[test]
fn a_collector_in_sh() {
    in_language("sh", |place, text| place.script("weather", text));
}

#[test]
fn a_collector_in_rust() {
    in_language("rust", |place, text| {
        let source = place.path("weather.rs");
        fs::write(&source, text).unwrap();
        let compiled = Command::new("rustc")
            .arg("--edition=2024")
            .arg(&source)
            .arg("-o")
            .arg(place.path("collectors/weather"))
            .status()
            .unwrap();
        assert!(compiled.success());
    });
}

#[test]
fn a_collector_in_javascript() {
    if Command::new("node").arg("--version").output().is_err() {
        eprintln!("SKIPPED: there is no node; the JavaScript example was not run");
        return;
    }
    in_language("javascript", |place, text| place.script("weather", text));
}

#[test]
fn a_new_collector_works_and_so_does_its_test() {
    for (language, test) in [
        ("python", "python3 collectors/test_run_new.py"),
        ("sh", "sh collectors/test_run_new.sh"),
    ] {
        let place = place("      - {command: run_new, schedule: daily, args: [--path, collectors]}\n");
        place
            .run(&["new", "collector", "run_new", "--lang", language])
            .exits(0)
            .says("- command: run_new");
        place
            .run(&["new", "collector", "run_new", "--lang", language])
            .exits(2)
            .says("is there already");
        let mode = fs::metadata(place.path("collectors/run_new"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(
            mode & 0o111,
            0o111 & !0o022 | mode & 0o011,
            "{language}: {mode:o}"
        );
        let tested = Command::new("sh")
            .args(["-c", test])
            .current_dir(place.dir.path())
            .output()
            .unwrap();
        assert!(tested.status.success(), "{language}: {tested:?}");
        place
            .run(&["run", "--schedule", "daily"])
            .exits(0)
            .says("new, 0 changed");
        assert!(
            export(&place, "new")
                .iter()
                .any(|record| record["key"] == "run_new"),
            "{language}"
        );
    }
    let place = place("");
    place
        .run(&["new", "collector", "../x", "--lang", "sh"])
        .exits(2)
        .says("is no name for a collector");
}

#[test]
fn a_new_collector_in_rust_compiles_and_works() {
    let place = place("      - {command: run_new, schedule: daily, args: [--path, collectors]}\n");
    place
        .run(&["new", "collector", "run_new", "--lang", "rust"])
        .exits(0);
    let mut test = Command::new("cargo");
    test.args([
        "test",
        "--quiet",
        "--offline",
        "--manifest-path",
        "collectors/run_new/Cargo.toml",
    ]);
    let tested = test.current_dir(place.dir.path()).output().unwrap();
    assert!(tested.status.success(), "{tested:?}");
    let mut run = place.command(&["run", "--schedule", "daily"]);
    for name in ["CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN"] {
        if let Some(value) = std::env::var_os(name) {
            run.env(name, value);
        }
    }
    run.env("HOME", std::env::var_os("HOME").unwrap());
    place.see(place.start(&mut run)).exits(0).says("2 new, 0 changed");
}
