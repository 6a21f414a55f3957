//! Who reads what, noted without being told, and what runs changed.

use std::fs;

use serde_json::{Value, json};

use crate::records::place;
use crate::support::Place;

/// `usage` reads what `library` writes, and stands before it.
const TASKS: &str =
    "      - {command: usage, schedule: daily}\n      - {command: library, schedule: daily}\n";

fn with(tasks: &str) -> Place {
    let place = place(tasks);
    place.script(
        "library",
        "#!/bin/sh\nfor key in $(cat keys); do printf '{\"type\":\"record\",\"collection\":\"lib\",\"key\":\"%s\",\"data\":{\"n\":%s}}\\n' \"$key\" \"$(cat n)\" >>\"$ORCHESTRATE_EVENTS\"; done\n",
    );
    place.script(
        "usage",
        "#!/bin/sh\n\"$ORCHESTRATE\" records export lib >/dev/null\n[ ! -e broken ]\n",
    );
    brings(&place, "a b c", 1);
    place
}

fn brings(place: &Place, keys: &str, n: u8) {
    fs::write(place.path("keys"), keys).unwrap();
    fs::write(place.path("n"), n.to_string()).unwrap();
}

fn users(list: &Value, role: &str) -> Vec<String> {
    let users = list[0][role].as_array().unwrap();
    users
        .iter()
        .map(|user| {
            format!(
                "{}/{}",
                user["group"].as_str().unwrap(),
                user["name"].as_str().unwrap()
            )
        })
        .collect()
}

#[test]
fn who_reads_too_early_is_told_and_who_reads_is_listed() {
    let place = with(TASKS);
    fs::write(place.path("broken"), "").unwrap();
    // It fails, since there is no collection yet and the file is there; that it read is taken.
    place.run(&["run", "--schedule", "daily"]).exits(1);
    assert_eq!(
        fs::read_dir(place.state().join("undelivered")).map_or(0, Iterator::count),
        0
    );
    let list = place
        .run(&["records", "list", "--format", "json"])
        .exits(0)
        .json();
    assert_eq!(users(&list, "writers"), ["g/library"]);
    assert_eq!(users(&list, "readers"), ["g/usage"]);
    assert_eq!(list[0]["readers"][0]["command"], "usage");
    place
        .run(&["records", "list"])
        .exits(0)
        .says("Written by")
        .says("g/usage");
    let said = "g/usage reads lib before library has written it tonight";
    let checked = place.run(&["check", "--format", "json"]);
    let problems = checked.exits(0).json();
    let early: Vec<&Value> = problems
        .as_array()
        .unwrap()
        .iter()
        .filter(|problem| problem["code"] == "W401-reads-before-written")
        .collect();
    assert_eq!(early.len(), 1, "{problems}");
    assert_eq!(early[0]["message"], said);
    assert_eq!(early[0]["severity"], "warning");
    assert_eq!(early[0]["file"], "config/boost_collector_schedule.yaml");
    let status = place.run(&["status", "--format", "json"]).json();
    assert_eq!(
        status["problems"],
        json!([{ "code": "reads_before_written", "message": said,
            "hint": "in the schedule, move library above usage" }])
    );
    // In the right order nobody complains.
    fs::remove_file(place.path("broken")).unwrap();
    place.schedule(
        "groups:\n  g:\n    default_time: \"04:10\"\n    tasks:\n      - {command: library, schedule: daily}\n      - {command: usage, schedule: daily}\n",
    );
    place.run(&["run", "--schedule", "daily"]).exits(0);
    let again = place.run(&["check"]);
    again.exits(0).says_not("W401");
    assert_eq!(
        place.run(&["status", "--format", "json"]).json()["problems"],
        json!([])
    );
}

/// Neither by hand, nor of another database.
#[test]
fn only_a_collector_that_reads_its_own_database_is_noted() {
    let place = with("      - {command: library, schedule: daily}\n");
    place.run(&["run", "--schedule", "daily"]).exits(0);
    place.run(&["records", "export", "lib"]).exits(0);
    let events = place.path("events");
    fs::write(&events, "").unwrap();
    let export = |args: &[&str]| {
        let mut command = place.command(args);
        command
            .env("ORCHESTRATE_EVENTS", &events)
            .env("ORCHESTRATE_RUN_ID", "r");
        place.see(place.start(&mut command));
        fs::read_to_string(&events).unwrap()
    };
    assert_eq!(
        export(&["records", "export", "lib", "--state-dir", ".orchestrate"]),
        ""
    );
    assert_eq!(export(&["records", "show", "no collection"]), "");
    let noted = "{\"collection\":\"lib\",\"type\":\"read\"}\n";
    assert_eq!(export(&["records", "show", "lib"]), noted);
    fs::remove_file(&events).unwrap();
    let mut command = place.command(&["records", "export", "lib"]);
    command
        .env("ORCHESTRATE_EVENTS", &events)
        .env("ORCHESTRATE_RUN_ID", "r");
    place
        .see(place.start(&mut command))
        .exits(0)
        .says("that lib was read is not noted");
    assert!(!events.exists());
}

#[test]
fn changes_are_shown_with_what_was_before() {
    let place = with("      - {command: library, schedule: daily}\n");
    place
        .run(&["records", "changes"])
        .exits(0)
        .says("There is no database yet");
    let run = || {
        place.run(&["run", "--schedule", "daily"]).exits(0);
        place.last()["run"].as_str().unwrap().to_owned()
    };
    let first = run();
    brings(&place, "a b", 1);
    let second = run();
    brings(&place, "a b", 2);
    fs::write(place.path("keys"), "a").unwrap();
    let third = run();
    let lines = |args: &[&str]| {
        let args = [&["records", "changes", "--format", "json"], args].concat();
        place.run(&args).exits(0).json_lines()
    };
    let facts = |line: &Value| {
        (
            line["collection"].clone(),
            line["key"].clone(),
            line["change"].clone(),
            line["before"].clone(),
            line["after"].clone(),
            line["run"].clone(),
        )
    };
    let new = |key: &str| {
        (
            json!("lib"),
            json!(key),
            json!("new"),
            Value::Null,
            json!({"n": 1}),
            json!(first),
        )
    };
    let all: Vec<_> = lines(&[&first]).iter().map(facts).collect();
    assert_eq!(all, [new("a"), new("b"), new("c")]);
    let gone: Vec<_> = lines(&[&second]).iter().map(facts).collect();
    let one = json!({"n": 1});
    assert_eq!(
        gone,
        [(
            json!("lib"),
            json!("c"),
            json!("gone"),
            one.clone(),
            Value::Null,
            json!(second)
        )]
    );
    let changed = (
        json!("lib"),
        json!("a"),
        json!("changed"),
        one,
        json!({"n": 2}),
        json!(third),
    );
    for of in [&[][..], &["last"], &["library"], &["g/library"], &[&third]] {
        let newest: Vec<_> = lines(of).iter().map(facts).collect();
        assert_eq!(newest, std::slice::from_ref(&changed), "{of:?}");
    }
    assert_eq!(lines(&["--since", "1h"]).len(), 5);
    let seen = place.run(&["records", "changes", "library", "--since", "1h"]);
    seen.exits(0);
    assert_eq!(
        seen.stdout,
        "lib\n  new      a  {\"n\":1}\n  changed  a  {\"n\":1}\n           ->  {\"n\":2}\n  new      b  {\"n\":1}\n  new      c  {\"n\":1}\n  gone     c  {\"n\":1}\n"
    );
    seen.says("5 changes in the deliveries since ");
    place
        .run(&["records", "changes", "librari"])
        .exits(2)
        .says("there is no run and no collector \"librari\"")
        .says("did you mean library?");
}
