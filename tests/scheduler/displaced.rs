//! The SQLite file is removed, replaced or put back while a scheduler uses it: nothing is written
//! where nobody finds it, and no two lead.

use std::fs;
use std::path::PathBuf;

use crate::fast::{EVERY_MINUTE, Fast, stop};
use crate::support::wait_until;

fn database(fast: &Fast, ending: &str) -> PathBuf {
    fast.place.state().join(format!("orchestrate.db{ending}"))
}

/// How often something was said.
fn times(fast: &Fast, words: &str) -> usize {
    fast.said().matches(words).count()
}

#[test]
fn a_scheduler_whose_file_was_removed_stands_by_until_it_is_put_back() {
    let fast = Fast::new(EVERY_MINUTE, None);
    let beat = fast.start(&["beat"]);
    wait_until("a slot", || !fast.ran().is_empty());
    let away = fast.place.path("away.db");
    fs::rename(database(&fast, ""), &away).unwrap();
    fast.wait_for("orchestrate.db was removed while this process used it");
    fast.wait_for("import-journal --all makes the database again of them");
    fast.wait_for("this scheduler stands by: its database is not where it was");
    let (ran, said) = (fast.ran().len(), fast.said().len());
    assert!(!database(&fast, "").exists(), "no empty one in its place");
    // Slots that had been claimed may have had a run that was about to begin.
    assert!(
        fast.ran().len() <= ran + 1,
        "what cannot be recorded does not begin"
    );
    assert_eq!(times(&fast, "the scheduler cannot use the database"), 1);
    assert!(said > 0);

    fs::rename(&away, database(&fast, "")).unwrap();
    fast.wait_for("the scheduler can use the database again");
    wait_until("slots to run again", || fast.ran().len() > ran + 2);
    assert_eq!(stop(beat), Some(0), "{}", fast.said());
    fast.place.wait_until_gone();
    let ran = fast.ran();
    let mut once = ran.clone();
    once.dedup();
    assert_eq!(once, ran, "no slot ran twice");
}

/// Another one finds no file and makes a new one: it leads, and the first one does not.
#[test]
fn no_two_lead_by_two_files_of_one_name() {
    let fast = Fast::new(EVERY_MINUTE, None);
    let first = fast.start(&["beat"]);
    wait_until("a slot", || !fast.ran().is_empty());
    for ending in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(database(&fast, ending));
    }
    let second = fast.start(&["beat"]);
    wait_until("the other one to lead", || {
        times(&fast, "this scheduler leads") == 2
    });
    fast.wait_for("this scheduler stands by: its database is not where it was");
    let slots = || fast.rows("select '' || count(*) from slots where run_id is not null");
    wait_until("slots of the new one", || slots()[0].parse::<u32>().unwrap() > 3);
    assert_eq!(stop(first), Some(0), "{}", fast.said());
    assert_eq!(stop(second), Some(0), "{}", fast.said());
    fast.place.wait_until_gone();
    assert_eq!(
        fast.rows("select '' || count(*) from beats where state = 'leading'"),
        ["0"],
        "the first one has not written into the other's file"
    );
    // Runs of the first are in its journals, and come back.
    let runs = fs::read_dir(fast.place.state().join("runs")).unwrap().count();
    let import = fast.command(&["db", "import-journal", "--all"]).output().unwrap();
    assert!(import.status.success(), "{import:?}");
    assert_eq!(fast.rows("select '' || count(*) from runs"), [runs.to_string()]);
}
