//! Asking: one attempt of git or of a probe, supervised and bounded as a collector is.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use crate::model::{DEFAULT_GRACE, Limits, Outcome, Probe, ReleaseSource, ReleaseTag};
use crate::process::{AttemptSpec, Collectors, Environment, ForkServer, find_program};
use crate::release::answer::{Answer, tags};
use crate::release::quiet_git::quiet_git;

/// A server that says nothing for so long will not.
const TIMEOUT: Duration = Duration::from_secs(120);

/// Of address space. Git needs a tenth for the 400 tags of Boost; a server that sends
/// names without end gets no more.
const GIT_MEMORY: u64 = 1 << 30;

/// What asking needs. Those of a run, usually.
#[derive(Clone, Copy)]
pub struct Hands<'a> {
    /// Starts git or the probe.
    pub fork_server: &'a ForkServer,
    /// Finds the probe.
    pub collectors: &'a Collectors,
    /// What they inherit.
    pub environment: &'a Environment,
}

/// The releases that there are, the oldest first.
///
/// # Errors
/// Why nobody can tell: there is no git, the server does not answer, ...
pub async fn ask(source: &ReleaseSource, hands: Hands<'_>) -> Result<Vec<ReleaseTag>, String> {
    let asked = Asked::new(source, hands)?;
    let spec = AttemptSpec {
        program: asked.program,
        args: asked.args,
        env: asked.env,
        working_directory: None,
        timeout: Some(TIMEOUT),
        idle_timeout: None,
        grace: DEFAULT_GRACE,
        drain: AttemptSpec::DRAIN,
        kill_wait: AttemptSpec::KILL_WAIT,
        limits: asked.limits,
    };
    let attempt = hands.fork_server.launch(&spec).await;
    let attempt = attempt.map_err(|error| format!("{}: {error}", asked.who))?;
    let mut answer = Answer::new(attempt.controller());
    let end = attempt.run(&mut answer).await;
    if answer.is_too_long() {
        return Err(format!(
            "{} printed more than a list of releases can be",
            asked.who
        ));
    }
    if !matches!(end.outcome, Outcome::Succeeded) {
        let complaint = answer
            .complaint()
            .map(|text| format!(": {text}"))
            .unwrap_or_default();
        return Err(format!("{} {}{complaint}", asked.who, end.outcome.reason()));
    }
    let lines = answer.finish();
    Ok(match source.probe {
        Probe::Repository(_) => source.releases(tags(&lines)),
        Probe::Command { .. } => source.releases(lines.iter().map(|line| line.trim())),
    })
}

/// What to execute.
struct Asked {
    /// For messages.
    who: String,
    program: PathBuf,
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    limits: Limits,
}

impl Asked {
    fn new(source: &ReleaseSource, hands: Hands<'_>) -> Result<Self, String> {
        let path = hands.environment.get("PATH");
        let env = hands.environment.variables();
        match &source.probe {
            Probe::Repository(repository) => {
                let program = find_program("git", path).ok_or("git is not in PATH: install it")?;
                let args = ["ls-remote", "--tags", "--refs", "--", repository];
                Ok(Self {
                    who: format!("git ls-remote {repository}"),
                    program,
                    args: args.map(OsString::from).into(),
                    env: quiet_git(env),
                    limits: Limits {
                        memory: Some(GIT_MEMORY),
                        ..Limits::default()
                    },
                })
            }
            Probe::Command { command, args } => {
                let resolved = hands.collectors.resolve(command.as_str(), path);
                let resolved = resolved.map_err(|error| error.message)?;
                let args = args.iter().map(OsString::from);
                Ok(Self {
                    who: command.to_string(),
                    program: resolved.program,
                    args: resolved.leading_args.into_iter().chain(args).collect(),
                    env,
                    // Nobody but its author knows what it needs.
                    limits: Limits::default(),
                })
            }
        }
    }
}
