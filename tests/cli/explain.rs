//! `explain`, and the pages that are made of it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;
use serde_json::Value;

use crate::support::Place;

const TOPICS: [&str; 5] = ["schedule", "settings", "events", "environment", "exit-codes"];

/// Set, the pages are written instead of compared.
const UPDATE: &str = "ORCHESTRATE_UPDATE_REFERENCE";

/// What is for tests, for the build and between processes of ours.
const NOT_FOR_USERS: [&str; 3] = [
    "ORCHESTRATE_TIME_LAPSE",
    "ORCHESTRATE_COMMIT",
    "ORCHESTRATE_REQUEST",
];

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn names(entries: &Value) -> Vec<&str> {
    let entries = entries.as_array().unwrap().iter();
    entries.map(|entry| entry["key"].as_str().unwrap()).collect()
}

#[test]
fn the_pages_in_the_repository_are_what_the_program_prints() {
    let place = Place::new("groups: {}\n");
    for topic in TOPICS {
        let printed = place.run(&["explain", topic, "--format", "markdown"]);
        let path = root().join(format!("docs/reference/{topic}.md"));
        if std::env::var_os(UPDATE).is_some() {
            fs::write(&path, &printed.exits(0).stdout).unwrap();
        }
        assert_eq!(
            fs::read_to_string(&path).unwrap_or_default(),
            printed.exits(0).stdout,
            "{UPDATE}=1 cargo test --test cli explain"
        );
    }
}

#[test]
fn a_bare_key_shows_every_place_and_a_longer_one_its_own() {
    let place = Place::new("groups: {}\n");
    let json = |words: &[&str]| {
        let args = [&["explain"], words, &["--format", "json"]].concat();
        place.run(&args).exits(0).json()
    };
    let bare = json(&["command"]);
    assert_eq!(names(&bare), ["command", "command", "command"], "{bare}");
    let one = json(&["limits.memory"]);
    assert_eq!(one.as_array().unwrap().len(), 1);
    assert_eq!(
        one[0],
        serde_json::json!({
            "topic": "schedule", "key": "memory", "type": "size, or none", "required": false,
            "places": ["defaults.limits", "groups.*.limits", "groups.*.tasks.limits", "workflow.commands.limits"],
            "meaning": "Address space of each process.", "default": "none", "range": "at least 1MiB",
            "example": "memory: 2GiB",
        })
    );
    assert_eq!(names(&json(&["settings", "command"])), ["command"]);
    let everything = json(&[]);
    let topics: BTreeSet<&str> = everything
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["topic"].as_str().unwrap())
        .collect();
    assert_eq!(topics, TOPICS.into_iter().collect());
}

#[test]
fn what_is_unknown_is_told_with_the_nearest() {
    let place = Place::new("groups: {}\n");
    place
        .run(&["explain", "timout"])
        .exits(2)
        .says("nothing is called `timout`")
        .says("did you mean `timeout`?");
    place
        .run(&["explain", "settings", "secret"])
        .exits(2)
        .says("settings has no `secret`")
        .says("`secrets`");
    place
        .run(&["explain", "nonsense", "timeout"])
        .exits(2)
        .says("the topics are schedule, settings");
    place
        .run(&["explain", "\u{1b}[2Jtimeout"])
        .exits(2)
        .says_not("\u{1b}");
}

#[test]
fn it_explains_in_a_directory_that_is_no_project_and_fits_eighty_columns() {
    let place = Place::new("groups: {");
    for words in [vec![], vec!["schedule"], vec!["timeout"]] {
        let args = [vec!["explain"], words].concat();
        let seen = place.run(&args);
        seen.exits(0);
        assert!(!seen.stdout.is_empty() && seen.stderr.is_empty(), "{seen:#?}");
        let widest = seen.stdout.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(80), "{}", seen.stdout);
    }
    assert!(!place.state().exists());
}

/// The variables that the source has a word for are in the reference, and no others of ours.
#[test]
fn every_variable_of_ours_is_explained() {
    let pattern = Regex::new(r#""(ORCHESTRATE_[A-Z_]+|BOOST_COLLECTOR_[A-Z_]+)""#).unwrap();
    let given = Regex::new(r#"\("(_[A-Z_]+)", "#).unwrap();
    let mut known = BTreeSet::from(["ORCHESTRATE".to_owned()]);
    let mut folders = vec![root().join("orchestrator/src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            // The reference itself proves nothing, and tests have names of their own.
            let proves_nothing = path.ends_with("cli/reference/variables.rs")
                || path.components().any(|part| {
                    ["tests", "model_check"]
                        .map(AsRef::as_ref)
                        .contains(&part.as_os_str())
                });
            if proves_nothing {
                continue;
            }
            let text = fs::read_to_string(&path).unwrap_or_default();
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            known.extend(pattern.captures_iter(code).map(|found| found[1].to_owned()));
            if path.ends_with("process/environment.rs") {
                let suffixes = given.captures_iter(code);
                known.extend(suffixes.map(|found| format!("ORCHESTRATE{}", &found[1])));
            }
        }
    }
    known.retain(|name| !NOT_FOR_USERS.contains(&name.as_str()));
    let place = Place::new("groups: {}\n");
    let explained = place.run(&["explain", "environment", "--format", "json"]).json();
    let explained: BTreeSet<String> = names(&explained)
        .into_iter()
        .filter(|name| name.starts_with("ORCHESTRATE") || name.starts_with("BOOST_"))
        .map(str::to_owned)
        .collect();
    assert_eq!(explained, known);
}

/// The table of the README is the one of the program.
#[test]
fn the_readme_has_the_exit_codes() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let (_, table) = readme.split_once("| code | meaning |\n| --- | --- |\n").unwrap();
    let rows = table.lines().map_while(|line| line.strip_prefix("| "));
    let listed: Vec<&str> = rows
        .flat_map(|row| row.split(" |").next().unwrap().split(", "))
        .collect();
    let place = Place::new("groups: {}\n");
    let explained = place.run(&["explain", "exit-codes", "--format", "json"]).json();
    let ours: Vec<&str> = explained
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["places"][0] == "orchestrate")
        .map(|entry| entry["key"].as_str().unwrap())
        .collect();
    assert_eq!(listed, ours);
}
