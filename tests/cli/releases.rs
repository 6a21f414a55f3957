//! on_release tasks: a real repository is tagged between two runs.

use std::process::Command;

use serde_json::{Value, json};

use crate::support::{Place, Seen, outcomes};

const SCHEDULE: &str = r#"
release: {repository: ./upstream}
groups:
  reporting:
    default_time: "06:00"
    tasks:
      - {command: export, schedule: daily}
      - {command: sync, schedule: on_release}
      - {command: announce, schedule: on_release}
"#;

/// Writes what it was run for, and fails while the file `broken` exists.
const SYNC: &str = "#!/bin/sh
echo \"${0##*/} for $ORCHESTRATE_RELEASES\" | tee -a told
[ \"${0##*/}\" != sync ] || ! [ -e broken ]
";

fn place(schedule: &str) -> Place {
    let place = Place::new(schedule);
    place.script("export", "#!/bin/sh\n");
    place.script("sync", SYNC);
    place.script("announce", SYNC);
    git(&place, &["init", "--quiet", "upstream"]);
    git(
        &place,
        &[
            "-C",
            "upstream",
            "commit",
            "--quiet",
            "--allow-empty",
            "-m",
            "first",
        ],
    );
    place
}

fn git(place: &Place, args: &[&str]) {
    let mut command = Command::new("git");
    command
        .args(["-c", "user.name=t", "-c", "user.email=t@example.org"])
        .args(args);
    let done = command
        .current_dir(place.dir.path())
        .env("HOME", place.dir.path())
        .output()
        .unwrap();
    assert!(done.status.success(), "{done:?}");
}

fn tag(place: &Place, name: &str) {
    git(place, &["-C", "upstream", "tag", name]);
}

fn batch(place: &Place) -> Seen {
    place.run(&["run", "--schedule", "default", "--group", "reporting"])
}

/// What the collectors have written since the last call.
fn told(place: &Place) -> Vec<String> {
    let path = place.path("told");
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let _ = std::fs::remove_file(path);
    text.lines().map(str::to_owned).collect()
}

#[test]
fn a_release_is_dealt_with_once_by_each_task() {
    let place = place(SCHEDULE);
    batch(&place).exits(0);
    assert_eq!(told(&place), [""; 0]);

    for name in [
        "boost-1.90.0",
        "boost-1.91.0.beta1",
        "boost-1.91.0-1",
        "boost-1.9.0",
    ] {
        tag(&place, name);
    }
    let plan = place.run(&["plan", "--schedule", "on_release", "--format", "json"]);
    assert_eq!(plan.json()["release"], "new");
    std::fs::write(place.path("broken"), "").unwrap();
    batch(&place).exits(1);
    assert_eq!(
        told(&place),
        ["sync for boost-1.90.0", "announce for boost-1.90.0"]
    );
    let summary = place.last();
    assert_eq!(summary["tasks"][1]["outcome"], "failed");

    // The one that failed is run again, with what it failed for and what came since.
    tag(&place, "boost-1.91.0");
    batch(&place).exits(1);
    assert_eq!(
        told(&place),
        ["sync for boost-1.90.0 boost-1.91.0", "announce for boost-1.91.0"]
    );
    std::fs::remove_file(place.path("broken")).unwrap();
    batch(&place).exits(0);
    assert_eq!(told(&place), ["sync for boost-1.90.0 boost-1.91.0"]);
    batch(&place).exits(0);
    assert_eq!(told(&place), [""; 0]);
    let plan = place.run(&["plan", "--schedule", "on_release", "--format", "json"]);
    assert_eq!(plan.json()["release"], "none");
}

/// The ledger knows where a tag was found.
#[test]
fn a_tag_of_another_repository_is_another_release() {
    let place = place(SCHEDULE);
    tag(&place, "boost-1.90.0");
    let both = ["sync for boost-1.90.0", "announce for boost-1.90.0"];
    batch(&place).exits(0);
    assert_eq!(told(&place), both);
    git(&place, &["clone", "--quiet", "upstream", "other"]);
    place.schedule(&SCHEDULE.replace("./upstream", "./other"));
    batch(&place).exits(0);
    assert_eq!(told(&place), both, "nobody has dealt with that one");
    batch(&place).exits(0);
    assert_eq!(told(&place), [""; 0]);
    place.schedule(SCHEDULE);
    batch(&place).exits(0);
    assert_eq!(told(&place), [""; 0], "what was dealt with stays so");
}

#[test]
fn a_release_that_is_put_off_comes_again() {
    let place = place(SCHEDULE);
    let line = r#"{"type":"defer","releases":["boost-1.90.0","boost-1.7.0"]}"#;
    let puts_off = format!("{SYNC}[ -e recorded ] || echo '{line}' >> \"$ORCHESTRATE_EVENTS\"\n");
    place.script("sync", &puts_off);
    tag(&place, "boost-1.90.0");
    tag(&place, "boost-1.91.0");
    place
        .run(&[
            "run",
            "--schedule",
            "on_release",
            "--summary-file",
            "summary.json",
        ])
        .exits(0);
    let both = "boost-1.90.0 boost-1.91.0";
    assert_eq!(
        told(&place),
        [format!("sync for {both}"), format!("announce for {both}")]
    );
    let summary: Value = serde_json::from_slice(&std::fs::read(place.path("summary.json")).unwrap()).unwrap();
    let (sync, announce) = (&summary["tasks"][0], &summary["tasks"][1]);
    assert_eq!(
        (&sync["outcome"], &sync["deferred"], &announce["deferred"]),
        (&json!("succeeded"), &json!(["boost-1.90.0"]), &Value::Null)
    );
    batch(&place).exits(0);
    assert_eq!(told(&place), ["sync for boost-1.90.0"]);
    std::fs::write(place.path("recorded"), "").unwrap();
    batch(&place).exits(0);
    assert_eq!(told(&place), ["sync for boost-1.90.0"]);
    batch(&place).exits(0);
    assert_eq!(told(&place), [""; 0]);
}

#[test]
fn what_only_looks_like_a_release_is_none() {
    let place = place(SCHEDULE);
    tag(&place, "boost-01.092.0");
    tag(&place, "boost-1.90.0");
    batch(&place).exits(0);
    assert_eq!(
        told(&place),
        ["sync for boost-1.90.0", "announce for boost-1.90.0"]
    );
}

#[test]
fn a_retry_is_told_what_it_failed_for() {
    let place = place(SCHEDULE);
    tag(&place, "boost-1.90.0");
    std::fs::write(place.path("broken"), "").unwrap();
    batch(&place).exits(1);
    std::fs::remove_file(place.path("broken")).unwrap();
    told(&place);
    place.run(&["retry", "last", "--failed"]).exits(0);
    assert_eq!(told(&place), ["sync for boost-1.90.0"]);
    batch(&place).exits(0);
    assert_eq!(told(&place), [""; 0]);
}

#[test]
fn an_unreachable_repository_marks_only_the_tasks_that_wait() {
    let place = place(SCHEDULE);
    std::fs::rename(place.path("upstream"), place.path("moved")).unwrap();
    let seen = batch(&place);
    seen.exits(1)
        .says("release unknown: git ls-remote ./upstream exited with code 128: fatal:");
    let expected = [
        ("export", "succeeded"),
        ("sync", "skipped"),
        ("announce", "skipped"),
    ];
    assert_eq!(
        outcomes(&place.last()),
        expected.map(|(command, outcome)| (command.to_owned(), outcome.to_owned()))
    );
    let check = place.run(&["release", "check", "--format", "json"]);
    check.exits(3).says("nobody can tell");
    assert_eq!(check.json()["release"], "unknown");
    // It comes back, with something new.
    std::fs::rename(place.path("moved"), place.path("upstream")).unwrap();
    tag(&place, "boost-1.90.0");
    batch(&place).exits(0);
    assert_eq!(told(&place).len(), 2);
}

#[test]
fn by_hand_it_is_checked_listed_marked_and_run() {
    let place = place(SCHEDULE);
    place
        .run(&["release", "list"])
        .exits(0)
        .says("No release was ever found.");
    place.run(&["release", "check"]).exits(0).says("Nothing new");
    tag(&place, "boost-1.89.0");
    tag(&place, "boost-1.90.0");
    let check = place.run(&["release", "check", "--format", "json"]);
    let waits = |command: &str| json!({"group": "reporting", "name": command, "command": command, "releases": ["boost-1.89.0", "boost-1.90.0"]});
    assert_eq!(
        check.exits(0).json(),
        json!({"release": "new", "reason": null, "tasks": [waits("sync"), waits("announce")]})
    );
    let mark = |args: &[&str]| place.run(&[&["release", "mark"], args].concat());
    mark(&["boost-1.88.0"]).exits(2).says("was never found");
    mark(&["boost-1.89.0", "--command", "nobody"]).exits(2);
    mark(&["boost-1.89.0"])
        .exits(0)
        .says("2 marks changed to dealt with.");
    place.run(&["release", "check", "--run"]).exits(0);
    assert_eq!(
        told(&place),
        ["sync for boost-1.90.0", "announce for boost-1.90.0"]
    );
    place
        .run(&["release", "check", "--run"])
        .exits(0)
        .says("Nothing new: every task has dealt with every release.");
    mark(&["boost-1.90.0", "--command", "sync", "--pending"])
        .exits(0)
        .says("1 mark changed to pending.");
    place.run(&["release", "check", "--run"]).exits(0);
    assert_eq!(told(&place), ["sync for boost-1.90.0"]);
    let list = place.run(&["release", "list", "--format", "json"]).json();
    assert_eq!(list[0]["tag"], "boost-1.89.0");
    assert_eq!(list[0]["handled"][0]["run"], Value::Null);
    let run = place.last()["run"].clone();
    assert_eq!(list[1]["handled"][1]["run"], run);
    place
        .run(&["release", "list"])
        .exits(0)
        .says("reporting/sync (by hand)");
}

#[test]
fn a_probe_says_which_versions_there_are() {
    let schedule = SCHEDULE.replace(
        "repository: ./upstream",
        "command: versions, args: [\"1.1\"], minimum: \"1.0\"",
    );
    let place = place(&schedule);
    place.script(
        "versions",
        "#!/bin/sh\nprintf '0.9\\n1.0\\nnightly\\n%s' \"$1\"\n",
    );
    batch(&place).exits(0);
    assert_eq!(told(&place)[0], "sync for 1.0 1.1");
    // A hostile one: escapes in its complaint, a tag with a space, no end.
    place.script(
        "versions",
        "#!/bin/sh\nprintf '1.2\\n1.3 ; rm\\n'; printf '\\033[2Jgone\\n' >&2; exit 3\n",
    );
    let seen = batch(&place);
    seen.exits(1)
        .says("versions exited with code 3: ")
        .says_not("\u{1b}[2J");
    place.script("versions", "#!/bin/sh\nhead -c 9000000 /dev/zero\n");
    batch(&place)
        .exits(1)
        .says("printed more than a list of releases can be");
    std::fs::remove_file(place.path("collectors/versions")).unwrap();
    batch(&place)
        .exits(1)
        .says("release unknown: there is no collector \"versions\"");
}
