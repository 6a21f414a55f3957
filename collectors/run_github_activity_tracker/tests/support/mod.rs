//! A git repository and a workspace in a scratch directory, with nothing of the
//! user's settings.
#![allow(dead_code)] // each test file uses its own part
#![allow(clippy::unwrap_used)] // a helper of tests, which clippy does not see as one

pub(crate) mod server;

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

pub(crate) struct Scratch {
    directory: tempfile::TempDir,
}

impl Scratch {
    pub(crate) fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// An empty repository.
    pub(crate) fn repository(&self, name: &str) -> Repository {
        let repository = Repository {
            path: self.path(name),
            home: self.path("home"),
        };
        std::fs::create_dir_all(&repository.path).unwrap();
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        repository
    }

    /// The collector, to be run in this scratch directory.
    pub(crate) fn collector(&self, workspace: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_run_github_activity_tracker"));
        plain(&mut command, &self.path("home"));
        command
            .args(arguments)
            .env("ORCHESTRATE_WORKSPACE", self.path(workspace))
            .env("ORCHESTRATE_EVENTS", self.events(workspace))
            .env("ORCHESTRATE", self.store())
            .env_remove("ORCHESTRATE_STATE")
            .env_remove("GITHUB_TOKEN")
            .current_dir(self.directory.path())
            .stdin(Stdio::null());
        command
    }

    fn events(&self, workspace: &str) -> PathBuf {
        self.path(&format!("{workspace}.events"))
    }

    /// What a run with this workspace told the orchestrator.
    pub(crate) fn lines(&self, workspace: &str) -> Vec<Value> {
        let text = std::fs::read_to_string(self.events(workspace)).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// The state that it left, as the orchestrator gives it back.
    pub(crate) fn state(&self, workspace: &str) -> Option<String> {
        let mut lines = self.lines(workspace).into_iter();
        lines
            .rfind(|line| line["type"] == "state")
            .map(|line| line["data"].to_string())
    }

    /// A program that exports the files of `store/`, as the orchestrator exports records.
    fn store(&self) -> PathBuf {
        let (program, store) = (self.path("orchestrate"), self.path("store"));
        if !program.exists() {
            std::fs::create_dir_all(&store).unwrap();
            let text = format!(
                "#!/bin/sh\ncase \"$1 $2\" in \"records list\") printf '['; comma=; \
                 for file in '{0}'/*; do [ -f \"$file\" ] || continue; \
                 printf '%s{{\"collection\":\"%s\"}}' \"$comma\" \"${{file##*/}}\"; comma=,; done; echo ']'; exit ;; esac\n\
                 cat '{0}'/\"$3\"\n",
                store.display()
            );
            std::fs::write(&program, text).unwrap();
            std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
        }
        program
    }

    /// Keeps the records of a run, as the orchestrator does when it succeeded.
    pub(crate) fn commit(&self, workspace: &str) {
        self.store();
        let records = self
            .lines(workspace)
            .into_iter()
            .filter(|line| line["type"] == "record");
        for record in records {
            let file = self.path("store").join(record["collection"].as_str().unwrap());
            let mut file = std::fs::OpenOptions::new()
                .create(true)
                .append(true)
                .open(file)
                .unwrap();
            writeln!(file, "{record}").unwrap();
        }
    }

    /// Runs the collector to its end.
    pub(crate) fn collect(&self, workspace: &str, arguments: &[&str]) -> Output {
        std::fs::write(self.events(workspace), "").unwrap();
        self.collector(workspace, arguments).output().unwrap()
    }

    /// Runs it on one path and gives its stdout; it must succeed.
    pub(crate) fn collect_ok(&self, workspace: &str, arguments: &[&str]) -> String {
        let output = self.collect(workspace, arguments);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {stderr}", output.status);
        String::from_utf8(output.stdout).unwrap()
    }

    /// The data of all records of a collection, without the repository's id,
    /// which holds the scratch directory's name.
    pub(crate) fn data(&self, workspace: &str, collection: &str) -> Vec<Value> {
        let data = |mut record: Value| {
            let data = record["data"].as_object_mut().unwrap();
            data.remove("repository");
            Value::Object(std::mem::take(data))
        };
        let mut records = self.lines(workspace);
        records.retain(|line| line["collection"] == *collection);
        records.into_iter().map(data).collect()
    }
}

/// Nothing of the user's or the machine's git settings.
fn plain(command: &mut Command, home: &Path) {
    command
        .env("HOME", home)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1");
}

pub(crate) struct Repository {
    pub(crate) path: PathBuf,
    home: PathBuf,
}

impl Repository {
    pub(crate) fn arg(&self) -> &str {
        self.path.to_str().unwrap()
    }

    pub(crate) fn url(&self) -> String {
        format!("file://{}", self.arg())
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        plain(&mut command, &self.home);
        command
            .arg("-C")
            .arg(&self.path)
            .args(arguments)
            .env("GIT_AUTHOR_NAME", "Ann")
            .env("GIT_AUTHOR_EMAIL", "ann@example.org")
            .env("GIT_COMMITTER_NAME", "Ann")
            .env("GIT_COMMITTER_EMAIL", "ann@example.org");
        command
    }

    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        self.run(self.command(arguments))
    }

    /// Commits everything there is, as `author`, at this instant (RFC 3339).
    pub(crate) fn commit(&self, author: &str, at: &str) {
        self.git(&["add", "--all"]);
        self.dated(&["commit", "--quiet", "--allow-empty", "--message=x"], author, at);
    }

    /// Any git command, as `author`, at this instant.
    pub(crate) fn dated(&self, arguments: &[&str], author: &str, at: &str) -> String {
        let mut command = self.command(arguments);
        command
            .env("GIT_AUTHOR_NAME", author)
            .env(
                "GIT_AUTHOR_EMAIL",
                format!("{}@example.org", author.to_lowercase()),
            )
            .env("GIT_AUTHOR_DATE", at)
            .env("GIT_COMMITTER_DATE", at);
        self.run(command)
    }

    /// A commit that no `git commit` would write, from its raw text; becomes HEAD.
    pub(crate) fn raw_commit(&self, author: &[u8], seconds: i64) {
        let tree = self.git(&["write-tree"]);
        let mut text = format!("tree {tree}\nauthor ").into_bytes();
        text.extend(author);
        text.extend(format!(" {seconds} +0000\ncommitter C <c@x> 0 +0000\n\nx\n").bytes());
        let mut child = self
            .command(&["hash-object", "-t", "commit", "-w", "--literally", "--stdin"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(&text).unwrap();
        let id = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
        self.git(&["update-ref", "HEAD", id.trim()]);
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path.join(name), content).unwrap();
    }

    fn run(&self, mut command: Command) -> String {
        let output = command.output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{command:?}: {stderr}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}
