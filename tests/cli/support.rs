//! A scratch installation: a directory with a schedule, collectors and a state
//! directory, and the `orchestrate` binary run in it with a clean environment.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use guard::end_all;
pub(crate) use guard::{MARKER, Running, marked};

#[path = "guard.rs"]
mod guard;

pub(crate) const ORCHESTRATE: &str = env!("CARGO_BIN_EXE_orchestrate");
pub(crate) const FAKE: &str = env!("CARGO_BIN_EXE_fake-collector");

/// Far more than anything here takes, even on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// A directory of its own, gone in the end; every process that was started in it
/// carries `marker` in its environment, and ends with it.
pub(crate) struct Place {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) marker: String,
}

/// What a finished `orchestrate` left to see.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Place {
    /// With this schedule, and the fake collector as `fake`.
    pub(crate) fn new(schedule: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("config")).unwrap();
        fs::create_dir_all(dir.path().join("collectors")).unwrap();
        symlink(FAKE, dir.path().join("collectors/fake")).unwrap();
        let marker = format!(
            "cli-{}-{}",
            std::process::id(),
            dir.path().file_name().unwrap().display()
        );
        let place = Self { dir, marker };
        place.schedule(schedule);
        place
    }

    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn schedule(&self, text: &str) {
        fs::write(self.path("config/boost_collector_schedule.yaml"), text).unwrap();
    }

    /// An executable script among the collectors.
    pub(crate) fn script(&self, name: &str, text: &str) {
        let path = self.path("collectors").join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// A project whose management commands take what is no executable.
    pub(crate) fn with_management_commands(&self) {
        fs::write(
            self.path("manage.py"),
            "import sys\nprint('managed', *sys.argv[1:])\n",
        )
        .unwrap();
        fs::write(
            self.path("config/orchestrator.yaml"),
            "fallback: [python3, manage.py, \"{command}\"]\n",
        )
        .unwrap();
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(ORCHESTRATE);
        command
            .args(args)
            .current_dir(self.dir.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.dir.path())
            .env(MARKER, &self.marker)
            .stdin(Stdio::null());
        command
    }

    /// Runs it to its end and proves that no process is left.
    pub(crate) fn run(&self, args: &[&str]) -> Seen {
        self.see(self.start(&mut self.command(args)))
    }

    pub(crate) fn start(&self, command: &mut Command) -> Running {
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        Running::start(command, &self.marker)
    }

    /// Waits for the end and proves that no process is left.
    pub(crate) fn see(&self, child: Running) -> Seen {
        let output = child.wait_with_output();
        let survivors = self.survivors();
        assert!(survivors.is_empty(), "left over: {survivors:?}");
        Seen {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Waits until nobody carries the marker any more.
    pub(crate) fn wait_until_gone(&self) {
        wait_until("every process to be gone", || self.survivors().is_empty());
    }

    /// Processes that carry the marker: pid and name.
    pub(crate) fn survivors(&self) -> Vec<String> {
        let named = |pid| {
            let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
            format!("{pid} {}", name.trim())
        };
        marked(&self.marker).into_iter().map(named).collect()
    }

    /// The summary of the newest run, as `show` gives it.
    pub(crate) fn last(&self) -> Value {
        self.run(&["show", "last", "--format", "json"]).json()
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.path(".orchestrate")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        end_all(&self.marker);
    }
}

impl Seen {
    #[track_caller]
    pub(crate) fn exits(&self, code: i32) -> &Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    #[track_caller]
    pub(crate) fn says(&self, text: &str) -> &Self {
        assert!(
            self.stderr.contains(text) || self.stdout.contains(text),
            "no {text:?} in {self:#?}"
        );
        self
    }

    #[track_caller]
    pub(crate) fn says_not(&self, text: &str) -> &Self {
        assert!(
            !self.stderr.contains(text) && !self.stdout.contains(text),
            "{text:?} in {self:#?}"
        );
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error} in {self:#?}"))
    }

    /// Standard output, a document a line.
    #[track_caller]
    pub(crate) fn json_lines(&self) -> Vec<Value> {
        let read = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {self:#?}"));
        self.stdout.lines().map(read).collect()
    }

    /// The last line of standard output.
    pub(crate) fn last_line(&self) -> &str {
        self.stdout.lines().last().unwrap_or_default()
    }
}

/// Waits for a condition of the kernel's or of another process's making.
#[track_caller]
pub(crate) fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        std::thread::yield_now();
    }
}

/// Command and outcome of each task of a summary.
pub(crate) fn outcomes(summary: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    summary["tasks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|task| (text(&task["command"]), text(&task["outcome"])))
        .collect()
}
