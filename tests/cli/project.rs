//! Where a project lies: made by `init`, named by `-C`, found from below.

use std::fs;
use std::path::Path;

use crate::support::{Place, Seen};

/// An empty directory.
fn empty() -> Place {
    let place = Place::new("");
    fs::remove_dir_all(place.path("config")).unwrap();
    fs::remove_dir_all(place.path("collectors")).unwrap();
    place
}

fn run_in(place: &Place, directory: &Path, args: &[&str]) -> Seen {
    let mut command = place.command(args);
    command.current_dir(directory);
    place.see(place.start(&mut command))
}

#[test]
fn init_makes_a_project_whose_first_run_is_green() {
    let place = empty();
    let made = place.run(&["init"]);
    made.exits(0);
    for file in [
        "config/boost_collector_schedule.yaml",
        "config/orchestrator.yaml",
        "collectors/files_sh",
        "collectors/files_python",
        ".gitignore",
    ] {
        made.says(&format!("wrote {file}"));
        assert!(place.path(file).is_file(), "{file}");
    }
    made.says("orchestrate run --schedule daily")
        .says("orchestrate serve");
    assert!(!place.state().exists(), "nothing has run yet");

    let ran = place.run(&["run", "--schedule", "daily"]);
    ran.exits(0);
    assert_eq!(ran.last_line(), "Summary: 2 succeeded, 0 failed, 0 skipped.");
    assert_eq!(
        fs::read_to_string(place.state().join(".gitignore")).unwrap(),
        "*\n"
    );
    let brought = place.run(&["records", "list"]);
    brought.exits(0);
    assert!(brought.stdout.contains("files_python"), "{}", brought.stdout);
}

#[test]
fn init_overwrites_nothing_and_can_be_said_again() {
    let place = empty();
    place.run(&["init", "weather"]).exits(0).says("cd weather");
    let schedule = place.path("weather/config/boost_collector_schedule.yaml");
    let mine = "groups: {g: {default_time: '04:10', tasks: [{command: files_sh, schedule: daily}]}}\n";
    fs::write(&schedule, mine).unwrap();
    fs::remove_file(place.path("weather/.gitignore")).unwrap();
    fs::remove_file(place.path("weather/collectors/files_python")).unwrap();
    let again = place.run(&["-C", "weather", "init"]);
    again.exits(0);
    again
        .says("kept config/boost_collector_schedule.yaml")
        .says("kept config/orchestrator.yaml")
        .says("wrote .gitignore");
    assert_eq!(fs::read_to_string(schedule).unwrap(), mine);
    assert!(!place.path("weather/collectors/files_python").exists());
}

#[test]
fn a_django_project_gets_a_fallback_with_its_own_interpreter() {
    let place = empty();
    place.run(&["init", "--django"]).exits(2).says("manage.py");
    assert!(!place.path("config").exists(), "nothing was written");
    fs::write(place.path("manage.py"), "import sys\nprint('ran', sys.argv[1])\n").unwrap();
    fs::create_dir_all(place.path("venv/bin")).unwrap();
    let python = place.path("venv/bin/python");
    fs::write(&python, "#!/bin/sh\necho by the project\nexec python3 \"$@\"\n").unwrap();
    fs::set_permissions(&python, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    place.run(&["init", "--django"]).exits(0);
    let settings = fs::read_to_string(place.path("config/orchestrator.yaml")).unwrap();
    let line = format!(
        "fallback: [\"{}\", \"manage.py\", \"{{command}}\"]",
        python.display()
    );
    assert!(settings.contains(&line), "{settings}");
    place
        .run(&["run-one", "collectstatic"])
        .exits(0)
        .says("by the project")
        .says("ran collectstatic");
}

#[test]
fn a_project_is_found_from_below_and_typed_paths_stay_where_they_were_typed() {
    let place =
        Place::new("groups: {g: {default_time: '04:10', tasks: [{command: where, schedule: daily}]}}");
    place.script("where", "#!/bin/sh\npwd > where-it-ran\n");
    let below = place.path("deep/below");
    fs::create_dir_all(&below).unwrap();
    let ran = run_in(
        &place,
        &below,
        &["run", "--schedule", "daily", "--summary-file", "summary.json"],
    );
    ran.exits(0);
    let project = place.dir.path().canonicalize().unwrap();
    ran.says(&format!("project directory: {}", project.display()));
    let there = fs::read_to_string(place.path("where-it-ran")).unwrap();
    assert_eq!(Path::new(there.trim()), project);
    assert!(place.state().exists() && below.join("summary.json").exists());
    assert!(!below.join(".orchestrate").exists());

    let shown = run_in(&place, &below, &["show", "last"]);
    shown.exits(0).says_not("project directory");
    let elsewhere = run_in(
        &place,
        &below,
        &["run", "--schedule", "daily", "--state-dir", "state"],
    );
    elsewhere.exits(0);
    assert!(below.join("state").exists());
    let mut command = place.command(&["history", "--format", "json"]);
    command.current_dir(&below).env("ORCHESTRATE_STATE_DIR", "state");
    let history = place.see(place.start(&mut command));
    assert_eq!(history.json().as_array().unwrap().len(), 1);
}

#[test]
fn a_named_directory_is_the_project_and_what_is_typed_is_relative_to_it() {
    let place = Place::new("groups: {g: {default_time: '04:10', tasks: [{command: ok, schedule: daily}]}}");
    place.script("ok", "#!/bin/sh\n");
    let below = place.path("below");
    fs::create_dir(&below).unwrap();
    let ran = run_in(
        &place,
        &below,
        &["-C", "..", "run", "--schedule", "daily", "--junit", "junit.xml"],
    );
    ran.exits(0).says_not("project directory");
    assert!(place.path("junit.xml").exists());
    run_in(&place, &below, &["-C", ".", "plan", "--schedule", "daily"]).exits(2);
    run_in(&place, &below, &["-C", "nowhere", "next"])
        .exits(2)
        .says("cannot enter nowhere");
}
