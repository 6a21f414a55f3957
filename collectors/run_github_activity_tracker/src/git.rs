//! Running the `git` executable: always the same environment, no prompt, no
//! pager, no hook, nothing from the caller's shell that points it elsewhere.
//! The only module that spawns.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::thread;

use anyhow::{Context, anyhow};
use collector_kit::{Category, Failure, Stop};

use crate::{classify, source};

/// How much of git's stderr is kept, in bytes; the rest is read and dropped.
const STDERR_KEPT: u64 = 64 << 10;
/// How much of a short answer is kept, in bytes: a hundred thousand tags fit.
const ANSWER_KEPT: u64 = 64 << 20;
/// Buffer for streamed logs, in bytes.
const STREAM_BUFFER: usize = 256 << 10;

/// What points git to another repository than the one that is named
/// (`git rev-parse --local-env-vars`, without the two that carry settings).
const LOCAL_VARIABLES: [&str; 13] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
];

/// The programs that ask for a password, and the places where they would open a window.
const ASKING_VARIABLES: [&str; 3] = ["SSH_ASKPASS", "DISPLAY", "WAYLAND_DISPLAY"];

/// Settings that must not depend on the user's: they change what is counted or
/// who is contacted.
const SETTINGS: [&str; 12] = [
    // Credential helpers do not ask either (git 2.47).
    "credential.interactive=false",
    "core.quotePath=false",
    "core.fsmonitor=false",
    "diff.renameLimit=1000",
    "diff.algorithm=default",
    "diff.ignoreSubmodules=none",
    "log.showSignature=false",
    "log.follow=false",
    // A detached clean-up would outlive this collector.
    "gc.autoDetach=false",
    "maintenance.autoDetach=false",
    // A server that sends nothing for a minute is gone.
    "http.lowSpeedLimit=1",
    "http.lowSpeedTime=60",
];

/// Git, in one place.
#[derive(Debug, Clone)]
pub(crate) struct Git {
    place: Vec<OsString>,
    shown: String,
    secret: String,
    no_attributes: Option<String>,
    quiet_ssh: bool,
    stop: Stop,
}

/// How a git command ended that may say no.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The exit status.
    pub(crate) status: ExitStatus,
    /// What it wrote to stdout, invalid UTF-8 replaced.
    pub(crate) text: String,
    /// What it wrote to stderr.
    pub(crate) stderr: String,
}

impl Git {
    /// In a directory of a work tree or a repository.
    pub(crate) fn inside(directory: &Path, stop: &Stop) -> Self {
        Self::at(
            vec!["-C".into(), directory.into()],
            directory.display().to_string(),
            stop,
        )
    }

    /// With this git directory.
    pub(crate) fn with_git_dir(directory: &Path, stop: &Stop) -> Self {
        let mut option = OsString::from("--git-dir=");
        option.push(directory);
        Self::at(vec![option], directory.display().to_string(), stop)
    }

    fn at(place: Vec<OsString>, shown: String, stop: &Stop) -> Self {
        Self {
            place,
            shown,
            secret: String::new(),
            no_attributes: None,
            quiet_ssh: false,
            stop: stop.clone(),
        }
    }

    /// The same for a URL: messages show it without its credentials, and so do
    /// git's own words; and ssh asks nothing, unless the user has set another ssh.
    pub(crate) fn for_url(mut self, url: &str) -> anyhow::Result<Self> {
        self.shown = source::without_credentials(url);
        self.secret = source::credentials(url).to_owned();
        let in_environment = ["GIT_SSH_COMMAND", "GIT_SSH"].map(std::env::var_os);
        self.quiet_ssh = in_environment.iter().all(Option::is_none)
            && !self
                .ask(&["config", "--get", "core.sshCommand"])?
                .status
                .success();
        Ok(self)
    }

    /// The same, without the attributes of whatever is checked out: `-diff` or
    /// `binary` there would give a work tree other numbers than a bare copy, and
    /// the same commit other numbers tomorrow. Before git 2.41 they stay.
    pub(crate) fn without_attributes(mut self) -> anyhow::Result<Self> {
        let empty_tree = self.text(&["hash-object", "-t", "tree", "/dev/null"])?;
        self.no_attributes = Some(empty_tree);
        Ok(self)
    }

    /// Runs a command whose failure is an error of its own kind and gives its
    /// stdout, without the last line break.
    pub(crate) fn text<S: AsRef<OsStr>>(&self, arguments: &[S]) -> anyhow::Result<String> {
        let answer = self.ask(arguments)?;
        if answer.status.success() {
            Ok(answer.text.trim_end_matches('\n').to_owned())
        } else {
            Err(classify::failure(&self.shown, &answer.stderr).into())
        }
    }

    /// Runs a command that may say no.
    pub(crate) fn ask<S: AsRef<OsStr>>(&self, arguments: &[S]) -> anyhow::Result<Answer> {
        let mut bytes = Vec::new();
        let (status, stderr) = self.run(arguments, |out| {
            out.take(ANSWER_KEPT).read_to_end(&mut bytes)?;
            Ok(())
        })?;
        Ok(Answer {
            status,
            text: String::from_utf8_lossy(&bytes).into_owned(),
            stderr,
        })
    }

    /// Runs a command and hands its stdout to `read` while it comes.
    pub(crate) fn stream<S: AsRef<OsStr>>(
        &self,
        arguments: &[S],
        read: impl FnOnce(&mut dyn BufRead) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let (status, stderr) = self.run(arguments, read)?;
        if status.success() {
            Ok(())
        } else {
            Err(classify::failure(&self.shown, &stderr).into())
        }
    }

    fn run<S: AsRef<OsStr>>(
        &self,
        arguments: &[S],
        read: impl FnOnce(&mut dyn BufRead) -> anyhow::Result<()>,
    ) -> anyhow::Result<(ExitStatus, String)> {
        self.stop.check()?;
        let (out, err) =
            self.stop
                .spawn(&mut self.command(arguments))
                .map_err(|error| match error.kind() {
                    ErrorKind::NotFound => anyhow!(
                        Failure::new(
                            Category::Configuration,
                            "git is not installed (not found on PATH)"
                        )
                        .hint("install git 2.31 or later")
                    ),
                    _ => anyhow!(error).context("cannot start git"),
                })?;
        // Read apart, so that a talkative stderr can never block git's stdout.
        let complaints = thread::spawn(move || {
            let mut kept = Vec::new();
            if let Some(mut err) = err {
                let _ = err.by_ref().take(STDERR_KEPT).read_to_end(&mut kept);
                let _ = std::io::copy(&mut err, &mut std::io::sink());
            }
            String::from_utf8_lossy(&kept).into_owned()
        });
        let done = match out {
            Some(out) => read(&mut BufReader::with_capacity(STREAM_BUFFER, out)),
            None => Ok(()),
        };
        // `read` may have given up early: its end of the pipe is closed now, which ends git.
        let status = self.stop.wait()?;
        let mut stderr = complaints.join().unwrap_or_default();
        if !self.secret.is_empty() {
            stderr = stderr.replace(&self.secret, "");
        }
        self.stop.check()?;
        done.with_context(|| format!("{}: cannot read git's answer", self.shown))?;
        Ok((status, stderr))
    }

    fn command<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Command {
        let mut command = Command::new("git");
        for name in LOCAL_VARIABLES.iter().chain(&ASKING_VARIABLES) {
            command.env_remove(name);
        }
        command
            .env_remove("LANGUAGE")
            .env("LC_ALL", "C")
            // Nobody is there to be asked. An empty one is no program, and keeps git from
            // core.askPass.
            .env("GIT_ASKPASS", "")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GCM_INTERACTIVE", "never")
            .env("SSH_ASKPASS_REQUIRE", "never")
            .env("GIT_OPTIONAL_LOCKS", "0")
            // A partial clone must not begin to fetch what it lacks, blob by blob.
            .env("GIT_NO_LAZY_FETCH", "1");
        match &self.no_attributes {
            Some(empty_tree) => command.env("GIT_ATTR_SOURCE", empty_tree),
            None => command.env_remove("GIT_ATTR_SOURCE"),
        };
        if self.quiet_ssh {
            command.env("GIT_SSH_COMMAND", "ssh -o BatchMode=yes");
        }
        command.arg("--no-pager").args(&self.place);
        for setting in SETTINGS {
            command.args(["-c", setting]);
        }
        command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }
}
