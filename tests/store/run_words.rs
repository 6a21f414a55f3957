//! What people type for a run: a part of its id, a collector, a group.

use crate::support::Place;

const SCHEDULE: &str = r#"
groups:
  g:
    default_time: "04:10"
    stop_on_failure: true
    tasks:
      - {command: fake, name: first, schedule: daily, args: [out, one, exit, "3"]}
      - {command: fake, name: second, schedule: daily, args: [out, two]}
  h:
    default_time: "04:10"
    tasks:
      - {command: fake, name: third, schedule: daily, args: [out, three]}
"#;

/// A run of each group, the older first; their ids.
fn place() -> (Place, String, String) {
    let place = Place::new(SCHEDULE);
    place
        .run(&["run", "--schedule", "daily", "--group", "g", "-q"])
        .exits(1);
    let old = place.last()["run"].as_str().unwrap().to_owned();
    place
        .run(&["run", "--schedule", "daily", "--group", "h", "-q"])
        .exits(0);
    let new = place.last()["run"].as_str().unwrap().to_owned();
    (place, old, new)
}

#[test]
fn any_part_of_an_id_that_no_other_run_has_will_do() {
    let (place, old, new) = place();
    let shown = |args: &[&str]| {
        let mut all = vec!["show", "--format", "json"];
        all.extend(args);
        place.run(&all).exits(0).json()["run"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(shown(&[]), new);
    assert_eq!(shown(&[&old[old.len() - 6..]]), old);
    assert_eq!(shown(&[&old[4..]]), old);
    let several = place.run(&["show", &old[..8]]);
    several.exits(2).says(&old).says(&new);
    for verb in ["show", "cancel", "retry"] {
        place.run(&[verb, ""]).exits(2).says("there is no run \"\"");
    }
    place.run(&["show", "%"]).exits(2).says("there is no run");
    // Narrowed.
    assert_eq!(shown(&["--group", "g"]), old);
    assert_eq!(shown(&["--collector", "first"]), old);
    assert_eq!(shown(&["last", "--collector", "third", "--group", "h"]), new);
    place
        .run(&["show", "--group", "nope"])
        .exits(2)
        .says("no run with task of group \"nope\"");
    place
        .run(&["show", &new, "--collector", "first"])
        .exits(2)
        .says("it had: h/third");
    place
        .run(&["show", "--collector", "frist"])
        .exits(2)
        .says("did you mean first?");
}

#[test]
fn logs_of_a_collector_are_those_of_its_newest_run() {
    let (place, old, new) = place();
    assert_eq!(place.run(&["logs", "first"]).exits(0).stdout, "[g/first] one\n");
    assert_eq!(place.run(&["logs"]).exits(0).stdout, "[h/third] three\n");
    assert_eq!(
        place.run(&["logs", "--group", "g"]).exits(0).stdout,
        "[g/first] one\n"
    );
    let part = &new[new.len() - 6..];
    assert_eq!(place.run(&["logs", part]).exits(0).stdout, "[h/third] three\n");
    assert_eq!(
        place.run(&["logs", &old, "first"]).exits(0).stdout,
        "[g/first] one\n"
    );
    let skipped = place.run(&["logs", "second"]);
    skipped
        .exits(0)
        .says("g/second was not started in run")
        .says("stopped after first exited with code 3");
    assert_eq!(skipped.stdout, "");
    place
        .run(&["logs", "first", "--attempt", "2"])
        .exits(2)
        .says("it had 1 at most");
    place.run(&["logs", "frist"]).exits(2).says("did you mean first?");
    // The command of two tasks of a group.
    place.run(&["logs", "fake"]).exits(2).says("g/first, g/second");
}
