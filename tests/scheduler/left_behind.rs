//! A test that panics leaves no process: the guard of the tests, tested.

use std::process::Command;

use crate::fast::Fast;
use crate::support::{Place, Running, marked, wait_until};

/// A collector that has more than itself to lose.
const HANGS: &str = "
groups:
  g:
    default_time: \"04:10\"
    tasks:
      - {command: fake, schedule: interval, minutes: 1, args: [spawn-session, touch, started, hang]}
";

/// No test of its own: it panics while a scheduler and its collector run.
#[test]
#[ignore = "a part of the test below"]
fn it_panics() {
    let fast = Fast::new(HANGS, None);
    println!("marker {}", fast.place.marker);
    println!("directory {}", fast.place.dir.path().display());
    let beat = fast.start(&["-q", "beat"]);
    wait_until("the collector to run", || fast.place.path("started").exists());
    assert!(fast.place.survivors().len() > 2, "there is something to end");
    println!("beat {}", beat.id());
    panic!("as it was asked to");
}

#[test]
fn a_test_that_panics_leaves_no_process_and_no_file() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "left_behind::it_panics", "--nocapture"])
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let word = |name: &str| {
        let found = said.lines().find_map(|line| line.strip_prefix(name));
        found.unwrap_or_else(|| panic!("no {name} in {said}"))
    };
    assert!(!output.status.success(), "{said}");
    word("beat ");
    assert_eq!(marked(word("marker ")), [], "left over");
    assert!(!std::path::Path::new(word("directory ")).exists());
}

/// What has no guard of its own ends with its directory.
#[test]
fn what_a_place_started_ends_with_it() {
    let place = Place::new("groups: {}\n");
    let marker = place.marker.clone();
    let mut parent = Command::new("sh");
    parent.args(["-c", "sleep 1000 & sleep 1000 & echo"]);
    let parent = Running::start(&mut parent, &marker);
    parent.wait_with_output();
    assert_eq!(place.survivors().len(), 2);
    drop(place);
    assert_eq!(marked(&marker), []);
}
