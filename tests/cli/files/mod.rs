//! Who may read and write the files that we make, who may not keep us waiting, and that
//! collectors do not share what they keep.

mod modes;
mod other_users;
mod workspaces;

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::{ORCHESTRATE, Place, Seen};

/// Somebody else, on every Linux.
pub(super) const NOBODY: u32 = 65534;

pub(super) const ONE: &str = r#"
groups:
  g:
    default_time: "04:10"
    tasks:
      - {command: look, schedule: daily}
"#;

/// Says with which umask it runs and what lies in the state directory meanwhile, with kinds
/// and modes, and leaves something for the database.
const LOOK: &str = r#"#!/bin/sh
umask
echo '{"type":"record","collection":"c","key":"k","data":{}}' >> "$ORCHESTRATE_EVENTS"
grep state_mode "$ORCHESTRATE_CONFIG"
find "$STATE" -printf '%y %m %P\n'
"#;

pub(super) fn place() -> Place {
    let place = Place::new(ONE);
    place.script("look", LOOK);
    place
}

/// `orchestrate` with these arguments, started under an umask.
pub(super) fn under(place: &Place, umask: &str, args: &[&str]) -> Command {
    let mut command = Command::new("sh");
    command
        .args(["-c", "umask \"$1\"; shift; exec \"$@\"", "sh", umask, ORCHESTRATE])
        .args(args)
        .current_dir(place.dir.path())
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("HOME", place.dir.path())
        .env("STATE", place.state())
        .stdin(Stdio::null());
    command
}

pub(super) fn run_under(place: &Place, umask: &str) -> Seen {
    place.see(place.start(&mut under(place, umask, &["run", "--schedule", "daily"])))
}

/// Whether another user can be had, who can execute what is tested; says so if not.
pub(super) fn has_nobody(test: &str) -> bool {
    if !nix::unistd::geteuid().is_root() {
        println!("{test}: NOT TRIED: only root can be another user");
        return false;
    }
    let mut version = Command::new(ORCHESTRATE);
    let can = version
        .arg("--version")
        .stdout(Stdio::null())
        .uid(NOBODY)
        .gid(NOBODY)
        .status();
    if !can.is_ok_and(|status| status.success()) {
        println!("{test}: NOT TRIED: another user may not execute {ORCHESTRATE}");
        return false;
    }
    true
}

pub(super) fn set_mode(path: impl AsRef<Path>, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

pub(super) fn mode(path: impl AsRef<Path>) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

/// The lines of the newest log of the collector.
pub(super) fn log(place: &Place) -> Vec<String> {
    let mut runs: Vec<_> = fs::read_dir(place.state().join("runs"))
        .unwrap()
        .map(|run| run.unwrap().path())
        .collect();
    runs.sort();
    let text = fs::read_to_string(runs.last().unwrap().join("1-look.log")).unwrap();
    let lines = text
        .lines()
        .map(|line| line.splitn(4, ' ').last().unwrap().to_owned());
    lines.collect()
}

/// Opens everything, as an earlier version left it under umask 000.
pub(super) fn open_all(place: &Place) {
    fs::remove_file(place.state().join(".made-by-orchestrate")).unwrap();
    let opened = Command::new("chmod")
        .args(["-R", "a+rwX"])
        .arg(place.state())
        .status()
        .unwrap();
    assert!(opened.success());
}
