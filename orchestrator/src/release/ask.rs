//! Asking: one attempt of git or of a probe, supervised and bounded as a collector is.

use std::ffi::OsString;
use std::time::Duration;

use crate::model::{Limits, Outcome, Probe, ReleaseSource, ReleaseTag};
use crate::process::{Helper, Launcher, find_program};
use crate::release::answer::{ProbeOutput, tags};
use crate::release::quiet_git::quiet_git;

/// A server that says nothing for so long will not.
const TIMEOUT: Duration = Duration::from_secs(120);

/// Of address space. Git needs a tenth for the 400 tags of Boost; a server that sends
/// names without end gets no more.
const GIT_MEMORY: u64 = 1 << 30;

/// The releases that there are, the oldest first.
///
/// # Errors
/// Why nobody can tell: there is no git, the server does not answer, ...
pub async fn find_releases(source: &ReleaseSource, launcher: &Launcher) -> Result<Vec<ReleaseTag>, String> {
    let asked = Asked::new(source, launcher)?;
    let attempt = launcher.start_helper(asked.helper).await;
    let attempt = attempt.map_err(|error| format!("{}: {error}", asked.who))?;
    let mut answer = ProbeOutput::new(attempt.controller());
    let outcome = attempt.run(&mut answer).await.outcome;
    if answer.is_too_long() {
        return Err(format!(
            "{} printed more than a list of releases can be",
            asked.who
        ));
    }
    if !matches!(outcome, Outcome::Succeeded) {
        let complaint = answer
            .complaint()
            .map(|text| format!(": {text}"))
            .unwrap_or_default();
        return Err(format!("{} {}{complaint}", asked.who, outcome.reason()));
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
    helper: Helper,
}

impl Asked {
    fn new(source: &ReleaseSource, launcher: &Launcher) -> Result<Self, String> {
        let env = launcher.environment.variables();
        match &source.probe {
            Probe::Repository(repository) => {
                let program = find_program("git", launcher.environment.get("PATH"))
                    .ok_or("git is not in PATH: install it")?;
                let args = ["ls-remote", "--tags", "--refs", "--", repository];
                Ok(Self {
                    who: format!("git ls-remote {repository}"),
                    helper: Helper {
                        program,
                        args: args.map(OsString::from).into(),
                        env: quiet_git(env),
                        timeout: TIMEOUT,
                        limits: Limits {
                            memory: Some(GIT_MEMORY),
                            ..Limits::default()
                        },
                    },
                })
            }
            Probe::Command { command, args } => {
                let resolved = launcher
                    .resolve(command.as_str())
                    .map_err(|error| error.message)?;
                let args = args.iter().map(OsString::from);
                Ok(Self {
                    who: command.to_string(),
                    helper: Helper {
                        program: resolved.program,
                        args: resolved.leading_args.into_iter().chain(args).collect(),
                        env,
                        timeout: TIMEOUT,
                        // Nobody but its author knows what it needs.
                        limits: Limits::default(),
                    },
                })
            }
        }
    }
}
