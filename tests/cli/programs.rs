//! Which program a command is, and what is said of one that cannot start.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::support::{ORCHESTRATE, Place};

fn schedule_of(commands: &[&str]) -> String {
    let tasks: Vec<_> = commands
        .iter()
        .map(|command| format!("      - {{command: {command}, schedule: daily}}\n"))
        .collect();
    let tasks = tasks.concat();
    format!("groups:\n  g:\n    default_time: \"04:10\"\n    tasks:\n{tasks}")
}

#[test]
fn a_backup_beside_a_collector_does_not_stop_it() {
    let place = Place::new(&schedule_of(&["run_x"]));
    place.script("run_x.py", "#!/bin/sh\necho the right one\n");
    for name in ["run_x.py~", "run_x.py.bak", "run_x.orig", "run_x.py.dpkg-old"] {
        place.script(name, "#!/bin/sh\necho a backup\n");
    }
    place.run(&["check"]).exits(0).says_not("W307");
    place
        .run(&["run", "--schedule", "daily"])
        .exits(0)
        .says("the right one")
        .says_not("a backup");
}

#[test]
fn check_says_what_cannot_start_and_why() {
    let place = Place::new(&schedule_of(&["plain", "empty", "marked", "homeless", "nowhere"]));
    place.script("plain", "echo hello\n");
    place.script("empty", "");
    place.script("marked", "\u{feff}#!/bin/sh\n");
    place.script("homeless", "#!/no/such/python3\n");
    place
        .run(&["check"])
        .exits(3)
        .says("error[E306-collector-cannot-start]: plain cannot be executed: collectors/plain: it is neither a program nor a script with a #! line")
        .says("collectors/empty: it is empty")
        .says("collectors/marked: it begins with a byte order mark")
        .says("collectors/homeless: its interpreter /no/such/python3 does not exist")
        .says("error[E301-collector-not-found]: there is no collector \"nowhere\" in collectors")
        .says("start-up: 5 errors");
    let seen = place.run(&["run", "--schedule", "daily"]);
    seen.exits(1)
        .says("collectors/marked: it begins with a byte order mark");
    place
        .run(&["check-collector", "empty"])
        .exits(1)
        .says("collectors/empty: it is empty");
}

/// A new mount namespace needs rights that not every machine gives.
#[test]
fn on_a_noexec_mount_it_is_said_that_no_mode_helps() {
    let place = Place::new(&schedule_of(&["run_x"]));
    let lines = "mount -t tmpfs -o noexec none collectors \
         && printf '#!/bin/sh\\n' > collectors/run_x.sh && chmod 755 collectors/run_x.sh || exit 99\n\
         exec \"$0\" check";
    let mut command = place.command(&[]);
    let clean: Vec<_> = command
        .get_envs()
        .map(|(name, value)| (name.to_owned(), value.map(ToOwned::to_owned)))
        .collect();
    command = Command::new("unshare");
    command
        .args(["--map-root-user", "--mount", "sh", "-c", lines, ORCHESTRATE])
        .current_dir(place.dir.path())
        .env_clear();
    for (name, value) in clean {
        command.env(name, value.unwrap_or_default());
    }
    let seen = place.see(place.start(&mut command));
    if !matches!(seen.code, Some(0 | 2 | 3)) {
        let said = b"\n!!! SKIPPED: no mount namespace may be made here !!!\n\n";
        std::io::stderr().write_all(said).unwrap();
        return;
    }
    seen.exits(3)
        .says(
            "error[E306-collector-cannot-start]: run_x cannot be executed: collectors/run_x.sh: it lies on ",
        )
        .says("/collectors, which is mounted noexec")
        .says("remount,exec")
        .says_not("chmod");
}

fn copy_executable(from: &str, to: &Path) {
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    fs::copy(from, to).unwrap();
    fs::set_permissions(to, fs::Permissions::from_mode(0o755)).unwrap();
}

/// The application's command of the same name is what is meant.
#[test]
fn a_fallback_comes_before_what_lies_beside_the_binary_and_on_the_path() {
    let place = Place::new(&schedule_of(&["run_x", "run_own"]));
    let binary = place.path("bin/orchestrate");
    copy_executable(ORCHESTRATE, &binary);
    let beside = place.path("bin/run_x");
    fs::write(&beside, "#!/bin/sh\necho the wrong one\n").unwrap();
    fs::set_permissions(&beside, fs::Permissions::from_mode(0o755)).unwrap();
    place.script("run_own", "#!/bin/sh\necho our own\n");
    place.with_management_commands();
    let run = |args: &[&str]| {
        let mut command = Command::new(&binary);
        let model = place.command(args);
        command.args(args).current_dir(place.dir.path()).env_clear();
        for (name, value) in model.get_envs() {
            command.env(name, value.unwrap_or_default());
        }
        let old = std::env::var("PATH").unwrap();
        command.env("PATH", format!("{}:{old}", place.path("bin").display()));
        command.stdin(std::process::Stdio::null());
        place.see(place.start(&mut command))
    };
    run(&["check"])
        .exits(0)
        .says("warning[W307-programs-of-one-name]: run_x means `")
        .says("bin/run_x has the name too");
    run(&["run", "--schedule", "daily"])
        .exits(0)
        .says("[g/run_x] managed run_x")
        .says("[g/run_own] our own")
        .says_not("the wrong one");
}
