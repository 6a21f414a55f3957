//! What is made and what was there, under every umask.

use std::fs;
use std::os::unix::fs::{chown, symlink};
use std::os::unix::process::CommandExt;
use std::process::Command;

use super::{NOBODY, has_nobody, log, mode, open_all, place, run_under, set_mode, under};
use crate::support::Place;

/// What was made, while a run went on and afterwards, is for its owner.
fn assert_private(place: &Place, umask: &str) {
    let log = log(place);
    assert_eq!(
        log[0].trim_start_matches('0'),
        umask.trim_start_matches('0'),
        "the collector's umask"
    );
    let after = Command::new("find")
        .arg(place.state())
        .args(["-printf", "%y %m %P\n"])
        .output()
        .unwrap();
    let after = String::from_utf8(after.stdout).unwrap();
    let mut seen = Vec::new();
    for line in log[1..].iter().map(String::as_str).chain(after.lines()) {
        let expected = if line.starts_with('d') { "d 700 " } else { " 600 " };
        assert!(line.contains(expected), "umask {umask}: {line}");
        seen.push(
            line.rsplit('/')
                .next()
                .unwrap()
                .rsplit(' ')
                .next()
                .unwrap()
                .to_owned(),
        );
    }
    for name in [
        "orchestrate.db",
        "orchestrate.db-wal",
        "orchestrate.db-shm",
        "orchestrate.db.lock",
        "control",
        "journal.jsonl",
        "plan.json",
        "1-look.log",
        "1-look.events.jsonl",
        "workspaces",
        "look",
        "private",
    ] {
        assert!(
            seen.iter().any(|seen| seen == name),
            "{name} was not seen: {seen:?}"
        );
    }
    assert!(
        seen.iter().any(|name| name.starts_with("orchestrate.2")),
        "{seen:?}"
    );
    assert!(seen.iter().any(|name| name.ends_with(".yaml")), "{seen:?}");
}

#[test]
fn what_is_made_is_private_whatever_the_umask_and_that_stays_as_it_is() {
    for umask in ["0000", "0022", "0077"] {
        let place = place();
        run_under(&place, umask).exits(0);
        assert_private(&place, umask);
    }
    // Nothing is forbidden to root: this one tells of somebody else.
    if nix::unistd::geteuid().is_root() && !has_nobody("umask 0777") {
        return;
    }
    let place = place();
    let mut command = under(&place, "0777", &["run", "--schedule", "daily"]);
    if nix::unistd::geteuid().is_root() {
        chown(place.dir.path(), Some(NOBODY), Some(NOBODY)).unwrap();
        command.uid(NOBODY).gid(NOBODY);
    }
    place.see(place.start(&mut command)).exits(0);
    assert_private(&place, "0777");
}

#[test]
fn the_files_that_somebody_names_are_theirs() {
    let place = place();
    let args = [
        "run",
        "--schedule",
        "daily",
        "--junit",
        "j.xml",
        "--summary-file",
        "sub/s.json",
    ];
    place.see(place.start(&mut under(&place, "0027", &args))).exits(0);
    for (file, expected) in [("j.xml", 0o640), ("sub/s.json", 0o640), ("sub", 0o750)] {
        assert_eq!(mode(place.path(file)), expected, "{file}");
    }
}

fn assert_tightened(place: &Place) {
    for folder in ["runs", "logs", "private", "unrecorded", "workspaces"] {
        assert_eq!(mode(place.state().join(folder)), 0o700, "{folder}");
    }
    for file in ["orchestrate.db", "orchestrate.db.lock"] {
        assert_eq!(mode(place.state().join(file)), 0o600, "{file}");
    }
}

#[test]
fn what_an_earlier_version_left_open_is_closed() {
    let place = place();
    run_under(&place, "0022").exits(0);
    open_all(&place);
    run_under(&place, "0022").exits(0).says_not("stays open");
    assert_tightened(&place);
    assert_eq!(mode(place.state()), 0o700, "it holds nothing else");
    // What we made stays ours, whatever else is put there.
    set_mode(place.state(), 0o755);
    fs::write(place.state().join(".made-by-orchestrate"), "").unwrap();
    fs::write(place.state().join("notes"), "").unwrap();
    run_under(&place, "0022").exits(0).says_not("stays open");
    assert_eq!(
        (mode(place.state()), mode(place.state().join("notes"))),
        (0o700, 0o644)
    );
}

#[test]
fn a_directory_that_is_not_ours_stays_as_it_is() {
    let place = place();
    fs::create_dir(place.state()).unwrap();
    fs::write(place.state().join("notes"), "").unwrap();
    let notes = place.state().join("notes");
    set_mode(&notes, 0o666);
    for (bits, warned) in [(0o755, false), (0o777, true), (0o1777, true)] {
        set_mode(place.state(), bits);
        let seen = run_under(&place, "0022");
        assert_eq!(
            seen.exits(0).stderr.contains("stays open to other users"),
            warned,
            "{seen:#?}"
        );
        assert_eq!((mode(place.state()), mode(&notes)), (bits, 0o666));
        assert_tightened(&place);
    }
    // Its own home, with nothing else in it.
    fs::remove_file(&notes).unwrap();
    set_mode(place.state(), 0o755);
    let mut command = under(&place, "0022", &["run", "--schedule", "daily"]);
    let seen = place.see(place.start(command.env("HOME", place.state())));
    seen.exits(0)
        .says("stays open to other users: it is a home directory, mode 0755");
    assert_eq!(mode(place.state()), 0o755);
    // A link in it, and one to it.
    let disk = place.path("disk");
    fs::rename(place.state().join("runs"), &disk).unwrap();
    set_mode(&disk, 0o755);
    symlink(&disk, place.state().join("runs")).unwrap();
    let seen = run_under(&place, "0022");
    seen.exits(0)
        .says("runs stays open to other users: it is a link, mode 0755");
    assert_eq!((mode(&disk), mode(place.state())), (0o755, 0o700));
}
