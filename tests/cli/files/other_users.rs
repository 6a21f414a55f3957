//! Another user: what they own, what they read, and what they lock.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{NOBODY, ONE, has_nobody, log, mode, open_all, place, run_under, set_mode, under};
use crate::support::{Place, Running, outcomes, wait_until};

#[test]
fn what_belongs_to_another_user_stays_as_it_is() {
    if !has_nobody("what_belongs_to_another_user_stays_as_it_is") {
        return;
    }
    let place = place();
    run_under(&place, "0022").exits(0);
    open_all(&place);
    chown(place.state(), Some(NOBODY), None).unwrap();
    chown(place.state().join("runs"), Some(NOBODY), None).unwrap();
    let seen = run_under(&place, "0022");
    seen.exits(0)
        .says(".orchestrate stays open to other users: it belongs to nobody, mode 0777")
        .says("runs stays open to other users: it belongs to nobody, mode 0777");
    assert_eq!(
        (mode(place.state()), mode(place.state().join("runs"))),
        (0o777, 0o777)
    );
    assert_eq!(mode(place.state().join("logs")), 0o700);
}

fn as_nobody(place: &Place, group: u32, args: &[&str]) -> Command {
    let mut command = place.command(args);
    command.uid(NOBODY).gid(group);
    command
}

/// Settings that nobody may look for are not missing: they say which values are secrets.
#[test]
fn settings_in_a_closed_directory_are_not_taken_for_missing() {
    if !has_nobody("settings_in_a_closed_directory_are_not_taken_for_missing") {
        return;
    }
    let place = place();
    set_mode(place.dir.path(), 0o777);
    set_mode(place.path("config"), 0o700);
    fs::write(place.path("config/orchestrator.yaml"), "secrets: [TOKEN]\n").unwrap();
    for verb in [
        &["run-one", "look"][..],
        &["run", "--schedule", "daily"],
        &["history"],
    ] {
        let seen = as_nobody(&place, NOBODY, verb).output().unwrap();
        let told = String::from_utf8(seen.stderr).unwrap();
        assert_eq!(seen.status.code(), Some(2), "{told}");
        assert!(
            told.contains("config/orchestrator.yaml") && told.contains("Permission denied"),
            "{told}"
        );
    }
    assert!(!place.state().exists());
    // The schedule alone: by hand it would run without its settings.
    for verb in [&["run-one", "look"][..], &["retry", "last"]] {
        let mut command = as_nobody(&place, NOBODY, verb);
        let seen = command.env("ORCHESTRATE_CONFIG", place.path("own.yaml"));
        fs::write(place.path("own.yaml"), "secrets: [TOKEN]\n").unwrap();
        let seen = seen.output().unwrap();
        let told = String::from_utf8(seen.stderr).unwrap();
        assert_ne!(seen.status.code(), Some(0), "{told}");
    }
    assert!(!place.state().join("runs").exists());
}

/// Where no more threads may be started that is said, whichever thread it is; nothing panics.
#[test]
fn who_may_start_no_thread_is_told_so() {
    /// Nobody else is this user, whose processes are counted.
    const CROWDED: u32 = 64_321;
    if !has_nobody("who_may_start_no_thread_is_told_so") {
        return;
    }
    let place = place();
    set_mode(place.dir.path(), 0o777);
    let mut refused = 0;
    for most in 1..=12 {
        for verb in [&["run", "--schedule", "daily"][..], &["history"], &["status"]] {
            let mut command = place.command(verb);
            command.uid(CROWDED).gid(CROWDED);
            // SAFETY: setrlimit(2) is async-signal-safe.
            unsafe {
                command.pre_exec(move || Ok(setrlimit(Resource::RLIMIT_NPROC, most, most)?));
            }
            let seen = command.output().unwrap();
            let told = String::from_utf8(seen.stderr).unwrap();
            let code = seen.status.code().unwrap();
            assert!(!told.contains("panicked"), "{verb:?} with {most}: {told}");
            if code == 3 {
                assert!(
                    told.contains("no thread can be started"),
                    "{verb:?} with {most}: {told}"
                );
                assert!(told.contains("RLIMIT_NPROC"), "{verb:?} with {most}: {told}");
                refused += 1;
            } else {
                assert!(matches!(code, 0 | 1), "{verb:?} with {most}: {code}, {told}");
            }
        }
    }
    assert!(refused >= 3, "{refused}");
    let mut command = place.command(&["run", "--schedule", "daily"]);
    let seen = command.uid(CROWDED).gid(CROWDED).output().unwrap();
    let told = String::from_utf8(seen.stderr).unwrap();
    assert!(
        told.contains("[g/look] 00"),
        "where there is room it is run: {told}"
    );
}

#[test]
fn another_user_is_told_whose_it_is() {
    if !has_nobody("another_user_is_told_whose_it_is") {
        return;
    }
    let place = place();
    set_mode(place.dir.path(), 0o755);
    run_under(&place, "0000").exits(0);
    for verb in [
        &["history"][..],
        &["show"],
        &["run", "--schedule", "daily"],
        &["check"],
        &["health"],
    ] {
        let verb = if verb == ["show"] {
            &["show", "last"][..]
        } else {
            verb
        };
        let seen = place.see(place.start(&mut as_nobody(&place, NOBODY, verb)));
        seen.exits(3)
            .says(".orchestrate belongs to root, mode 0700, and this is nobody")
            .says("state_mode: group")
            .says_not("Permission denied")
            .says_not("lock");
    }
    // A directory on the way, and one that may be entered with a database that may not.
    set_mode(place.dir.path(), 0o700);
    let state = place.state();
    let args = ["--state-dir", state.to_str().unwrap(), "history"];
    let mut elsewhere = as_nobody(&place, NOBODY, &args);
    elsewhere.current_dir("/");
    let seen = place.see(place.start(&mut elsewhere));
    seen.exits(3)
        .says("belongs to root, mode 0700, and this is nobody");
    set_mode(place.dir.path(), 0o755);
    set_mode(&state, 0o755);
    let seen = place.see(place.start(&mut as_nobody(&place, NOBODY, &["history"])));
    seen.exits(3)
        .says("orchestrate.db belongs to root, mode 0600")
        .says_not("lock");
}

#[test]
fn a_group_may_read_where_the_settings_say_so() {
    let place = place();
    fs::write(place.path("config/orchestrator.yaml"), "state_mode: group\n").unwrap();
    run_under(&place, "0077").exits(0);
    for (path, expected) in [
        ("", 0o750),
        ("runs", 0o750),
        ("logs", 0o750),
        ("private", 0o700),
        ("workspaces", 0o700),
        ("orchestrate.db", 0o640),
        ("orchestrate.db.lock", 0o600),
    ] {
        assert_eq!(mode(place.state().join(path)), expected, "{path}");
    }
    let during = log(&place);
    let within = "state_mode: group".to_owned();
    assert!(
        during.contains(&within),
        "a verb in a collector makes files, too: {during:?}"
    );
    let during = during
        .into_iter()
        .filter(|line| line.contains("runs/") || line.contains(".db-"));
    for line in during.filter(|line| !line.ends_with("/control")) {
        assert!(line.starts_with("d 750 ") || line.starts_with("f 640 "), "{line}");
    }
    // What was made for its owner alone is not opened by us, but we say how.
    set_mode(place.state().join("runs"), 0o700);
    run_under(&place, "0077").exits(0).says("chmod -R g+rX runs logs");
    set_mode(place.state().join("runs"), 0o750);
    run_under(&place, "0077").exits(0).says_not("chmod");
    if !has_nobody("a reader of the group") {
        return;
    }
    let group = fs::metadata(place.state()).unwrap().gid();
    set_mode(place.dir.path(), 0o755);
    let run = fs::read_dir(place.state().join("runs"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let mut cat = Command::new("cat");
    let log = run.join("1-look.log");
    let read = cat
        .arg(&log)
        .uid(NOBODY)
        .gid(group)
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(read.success(), "{}", log.display());
}

/// Another user who takes a lock as soon as they can, and keeps it.
fn lock_as_nobody(place: &Place, file: &Path) -> Running {
    let mut command = Command::new("flock");
    command
        .arg("-x")
        .arg("-o")
        .arg(file)
        .args(["-c", "echo locked; exec sleep 1000"]);
    command
        .uid(NOBODY)
        .gid(NOBODY)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .stdout(Stdio::piped());
    Running::start(&mut command, &place.marker)
}

fn wait_until_locked(running: &mut Running) {
    let mut said = [0; 7];
    std::io::Read::read_exact(running.stdout.as_mut().unwrap(), &mut said).unwrap();
    assert_eq!(&said, b"locked\n");
}

#[test]
fn who_locks_the_database_is_named_after_a_while() {
    if !has_nobody("who_locks_the_database_is_named_after_a_while") {
        return;
    }
    let place = place();
    set_mode(place.dir.path(), 0o755);
    run_under(&place, "0022").exits(0);
    open_all(&place);
    let mut stranger = lock_as_nobody(&place, &place.state().join("orchestrate.db.lock"));
    wait_until_locked(&mut stranger);
    // A database that is there and has all its steps needs no such lock.
    let mut another = under(&place, "0022", &["run", "--schedule", "daily"]);
    assert!(another.output().unwrap().status.success());
    for file in ["orchestrate.db", "orchestrate.db-wal", "orchestrate.db-shm"] {
        // SQLite may have removed two of them itself.
        let _ = fs::remove_file(place.state().join(file));
    }
    let output = place.command(&["run", "--schedule", "daily"]).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{told}");
    let name = format!(
        "orchestrate.db.lock: process {} (flock) of nobody holds a lock on it",
        stranger.id()
    );
    assert!(
        told.contains(&name) && told.contains("did not let go for 10 s"),
        "{told}"
    );
    drop(stranger);
    run_under(&place, "0022").exits(0);
}

#[test]
fn a_run_that_was_killed_is_lost_whoever_locks_its_journal() {
    if !has_nobody("a_run_that_was_killed_is_lost_whoever_locks_its_journal") {
        return;
    }
    let place = Place::new(&ONE.replace("look,", "fake, args: [touch, started, hang],"));
    set_mode(place.dir.path(), 0o755);
    let mut child = place.start(&mut under(&place, "0000", &["run", "--schedule", "daily"]));
    wait_until("the collector to start", || place.path("started").exists());
    let runs = place.state().join("runs");
    let run = fs::read_dir(&runs).unwrap().next().unwrap().unwrap().path();
    let journal = run.join("journal.jsonl");
    for (path, bits) in [
        (place.state(), 0o755),
        (runs, 0o755),
        (run, 0o755),
        (journal.clone(), 0o644),
    ] {
        set_mode(path, bits);
    }
    let mut stranger = lock_as_nobody(&place, &journal);
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), Signal::SIGKILL).unwrap();
    child.wait().unwrap();
    wait_until_locked(&mut stranger);
    let output = place
        .command(&["show", "last", "--format", "json"])
        .output()
        .unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    let summary = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        outcomes(&summary),
        [("fake".to_owned(), "lost".to_owned())],
        "{told}"
    );
    let name = format!(
        "journal.jsonl is locked by process {} (flock) of nobody",
        stranger.id()
    );
    assert!(told.contains(&name), "{told}");
    drop(stranger);
    place.wait_until_gone();
}
