//! Where collectors keep what they keep from run to run: a directory per command below
//! `<state>/workspaces/`. A plain name is its own directory. Whatever cannot be one (a path, an
//! odd character, a long name) gets its last part and a digest of all of it, joined by an `@`,
//! which no plain name has: `run.sh@15822ee920ad588c005f83b0f5c1fb53`. A task that shares its
//! directory with nobody has one of that kind, by its group and name.
//! docs/design/0014-workspaces.md says why.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::files::{make_folder, write};
use crate::model::{StateMode, Task, WorkspaceScope};
use crate::rundir::paths::{StateDir, file_name};

/// What commands that are told apart have in the names of their directories.
const SEPARATOR: char = '@';

/// There once directories of an earlier version were looked through. No command is called so.
const TOLD_APART: &str = ".told-apart";

/// The directories of all commands.
#[derive(Debug)]
pub(crate) struct Workspaces(PathBuf);

impl Workspaces {
    /// Those in a state directory.
    pub(crate) fn of(state_dir: StateDir<'_>) -> Self {
        Self(state_dir.workspaces())
    }

    /// The directory of a task, made if it is not there. It is the collector's: what is in it is
    /// not looked at, and a link that leads elsewhere is followed.
    ///
    /// # Errors
    /// It cannot be made.
    pub(crate) fn of_task(&self, task: &Task) -> io::Result<PathBuf> {
        match task.policy.workspace {
            WorkspaceScope::Command => self.of_command(task.command.as_str()),
            WorkspaceScope::Task => self.of_task_alone(task),
        }
    }

    /// Whether there is anything in the directory of a task, which is not made. One that cannot be read
    /// holds what nobody can tell.
    pub(crate) fn keeps_something(&self, task: &Task) -> bool {
        let command = task.command.as_str();
        let name = match task.policy.workspace {
            WorkspaceScope::Task => own_name(task.group.as_str(), task.name.as_str()),
            WorkspaceScope::Command if is_plain(command) => command.to_owned(),
            WorkspaceScope::Command => told_apart(command),
        };
        fs::read_dir(self.0.join(name)).is_ok_and(|mut entries| entries.next().is_some())
    }

    fn of_task_alone(&self, task: &Task) -> io::Result<PathBuf> {
        make_folder(&self.0, StateMode::Private)?;
        let path = self.0.join(own_name(task.group.as_str(), task.name.as_str()));
        if !path.exists() {
            let command = task.command.as_str();
            let shared = self.0.join(if is_plain(command) {
                command.to_owned()
            } else {
                told_apart(command)
            });
            if shared.exists() {
                tracing::info!(
                    "{}/{} has a workspace of its own now, which is empty: {}; what tasks of its \
                     command share is in {}",
                    task.group,
                    task.name,
                    path.display(),
                    shared.display()
                );
            }
            make_folder(&path, StateMode::Private)?;
        }
        Ok(path)
    }

    fn of_command(&self, command: &str) -> io::Result<PathBuf> {
        if is_plain(command) {
            let path = self.0.join(command);
            make_folder(&path, StateMode::Private)?;
            if !self.is_anothers(&path, command)? {
                return Ok(path);
            }
        }
        let path = self.0.join(told_apart(command));
        if !path.exists() {
            let before = self.0.join(file_name(command));
            if !is_plain(command) && is_real_folder(&before) {
                tracing::warn!(
                    "{command} has a workspace of its own now, which is empty: {}; what it kept \
                     until now is in {}, which another collector may use, too",
                    path.display(),
                    before.display()
                );
            }
            make_folder(&path, StateMode::Private)?;
        }
        Ok(path)
    }

    /// Whether the directory of this plain name is that of another command: of a path that was
    /// called so before, or, where the file system does not tell `Fetch` from `fetch`, of the
    /// one that came first.
    fn is_anothers(&self, path: &Path, name: &str) -> io::Result<bool> {
        if leads_to_told_apart(path) {
            return Ok(true);
        }
        let other_case: String = name.chars().map(swap_case).collect();
        let place = |path: &Path| fs::metadata(path).map(|found| (found.dev(), found.ino()));
        let same = other_case != name
            && place(&self.0.join(other_case)).is_ok_and(|other| place(path).is_ok_and(|own| own == other));
        if !same {
            return Ok(false);
        }
        let mut names = fs::read_dir(&self.0)?;
        // Who came first is in the list as it is written.
        let is_there = names.try_fold(false, |found, entry| {
            Ok::<_, io::Error>(found || entry?.file_name() == name)
        });
        Ok(!is_there?)
    }

    /// Whether directories of an earlier version are still to be looked through.
    pub(crate) fn await_telling_apart(&self) -> bool {
        self.0.exists() && !self.0.join(TOLD_APART).exists()
    }

    /// Once: commands that shared their directory's name with nobody take it along to its new
    /// name; a link stays where it was. `is_callable` says whether a plain name is a collector.
    ///
    /// # Errors
    /// A directory cannot be moved; those before it are.
    pub(crate) fn tell_apart(&self, commands: &[&str], is_callable: impl Fn(&str) -> bool) -> io::Result<()> {
        let commands: BTreeSet<&str> = commands.iter().copied().collect();
        for command in commands.iter().filter(|command| !is_plain(command)) {
            let name = file_name(command);
            let (before, path) = (self.0.join(&name), self.0.join(told_apart(command)));
            let shared = commands.iter().filter(|other| file_name(other) == name).count() > 1;
            if shared || is_callable(&name) || !is_real_folder(&before) || path.exists() {
                continue;
            }
            fs::rename(&before, &path)?;
            // What it keeps may hold absolute paths.
            symlink(told_apart(command), &before)?;
        }
        write(&self.0.join(TOLD_APART), b"", StateMode::Private)
    }
}

/// Whether a command can be the name of its directory.
fn is_plain(command: &str) -> bool {
    file_name(command) == command
}

fn told_apart(command: &str) -> String {
    format!("{}{SEPARATOR}{}", file_name(command), digest(command))
}

/// The name of the directory that a task has for itself. Nothing in a schedule holds a NUL, so
/// no command has the same digest, nor has another group and name.
fn own_name(group: &str, name: &str) -> String {
    let digest = digest(&format!("task\0{group}\0{name}"));
    format!("{}.{}{SEPARATOR}{digest}", file_name(group), file_name(name))
}

fn digest(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

fn is_real_folder(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|found| found.is_dir())
}

fn leads_to_told_apart(path: &Path) -> bool {
    fs::read_link(path).is_ok_and(|target| {
        let target = target.to_string_lossy();
        !target.contains('/') && target.contains(SEPARATOR)
    })
}

fn swap_case(c: char) -> char {
    if c.is_ascii_lowercase() {
        c.to_ascii_uppercase()
    } else {
        c.to_ascii_lowercase()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Cadence, TaskName, fixtures};

    struct Home(tempfile::TempDir, Workspaces);

    impl Home {
        fn new() -> Self {
            let dir = tempfile::tempdir().unwrap();
            let workspaces = Workspaces::of(StateDir(dir.path()));
            Self(dir, workspaces)
        }

        fn name(&self, command: &str) -> String {
            let path = self.1.of_command(command).unwrap();
            assert!(path.is_dir());
            path.file_name().unwrap().to_str().unwrap().to_owned()
        }

        /// As an earlier version made it.
        fn before(&self, command: &str, content: &str) -> PathBuf {
            let path = self.1.0.join(file_name(command));
            fs::create_dir_all(&path).unwrap();
            fs::write(path.join("kept"), content).unwrap();
            path
        }

        fn kept(&self, command: &str) -> Option<String> {
            fs::read_to_string(self.1.of_command(command).unwrap().join("kept")).ok()
        }
    }

    #[test]
    fn commands_share_no_workspace() {
        let home = Home::new();
        let long = "x".repeat(300);
        let longer = format!("{long}y");
        let paths = [
            "./a/run.sh",
            "./b/run.sh",
            "a/run.sh",
            "../a/run.sh",
            "./a/../a/run.sh",
            "/a/run.sh",
        ];
        let odd = [
            "run x",
            "run?x",
            "run\u{e4}x",
            "run\u{f6}x",
            ".run",
            "..run",
            "run.sh@1",
            &long,
            &longer,
        ];
        let plain = ["run.sh", "run_x", "run", "Run", "collector", &long[..80]];
        let all: Vec<&str> = paths.into_iter().chain(odd).chain(plain).collect();
        let names: BTreeSet<String> = all.iter().map(|command| home.name(command)).collect();
        assert_eq!(names.len(), all.len(), "{names:?}");
        for name in &names {
            assert!(name.len() < 200 && !name.starts_with('.'), "{name}");
        }
        for command in plain {
            assert_eq!(home.name(command), command, "it has always been there");
        }
        // For ever: a new version finds what an old one has kept.
        assert_eq!(home.name("./a/run.sh"), told_apart("./a/run.sh"));
        assert_eq!(told_apart("a/b"), "b@c14cddc033f64b9dea80ea675cf280a0");
    }

    #[test]
    fn a_task_that_wants_its_own_shares_with_nobody() {
        let home = Home::new();
        let of = |group: &str, name: &str, command: &str, workspace| {
            let mut task = fixtures::task(group, command, Cadence::Daily);
            task.name = TaskName::new(name);
            task.policy.workspace = workspace;
            let path = home.1.of_task(&task).unwrap();
            assert!(path.is_dir());
            path.file_name().unwrap().to_str().unwrap().to_owned()
        };
        let shared = of("g", "one", "run_x", WorkspaceScope::Command);
        assert_eq!(shared, "run_x");
        assert_eq!(of("h", "two", "run_x", WorkspaceScope::Command), shared);
        let long = "x".repeat(80);
        let own: BTreeSet<String> = [
            ("g", "one"),
            ("g", "two"),
            ("h", "one"),
            ("g.h", "one"),
            ("g", "h.one"),
            (&*long, &*long),
        ]
        .iter()
        .map(|(group, name)| of(group, name, "run_x", WorkspaceScope::Task))
        .collect();
        assert_eq!(own.len(), 6, "{own:?}");
        assert!(!own.contains("run_x") && own.iter().all(|name| name.len() < 200));
        // For ever, and whatever its command is.
        let again = of("g", "one", "./other", WorkspaceScope::Task);
        assert_eq!(again, own_name("g", "one"));
        assert_eq!(again, "g.one@6b9b9c97c36a9ea60ab849072a4d8cc1");
    }

    #[test]
    fn what_nobody_shared_is_taken_along_once() {
        let home = Home::new();
        let alone = home.before("./a/run.sh", "of a");
        home.before("./a/two.sh", "of whom");
        home.before("plain", "of plain");
        home.before("./bin/called", "of called");
        let all = [
            "./a/run.sh",
            "./a/two.sh",
            "./b/two.sh",
            "plain",
            "./bin/called",
            "./new/one",
        ];
        assert!(home.1.await_telling_apart());
        home.1.tell_apart(&all, |name| name == "called").unwrap();
        assert!(!home.1.await_telling_apart());
        assert_eq!(home.kept("./a/run.sh").as_deref(), Some("of a"));
        assert_eq!(
            fs::read_to_string(alone.join("kept")).unwrap(),
            "of a",
            "absolute paths hold"
        );
        assert_eq!(home.kept("plain").as_deref(), Some("of plain"));
        assert_eq!(home.kept("called").as_deref(), Some("of called"));
        for shared in ["./a/two.sh", "./b/two.sh", "./bin/called", "./new/one"] {
            assert_eq!(home.kept(shared), None, "{shared}");
        }
        assert_eq!(
            fs::read_to_string(home.1.0.join("two.sh/kept")).unwrap(),
            "of whom"
        );
        // A plain command that comes later is not the one that was called so.
        assert_eq!(home.kept("run.sh"), None);
    }

    #[test]
    fn a_link_of_the_user_is_followed() {
        let home = Home::new();
        let elsewhere = home.0.path().join("disk");
        fs::create_dir_all(&elsewhere).unwrap();
        fs::create_dir_all(&home.1.0).unwrap();
        symlink(&elsewhere, home.1.0.join("run_x")).unwrap();
        assert_eq!(home.name("run_x"), "run_x");
    }
}
