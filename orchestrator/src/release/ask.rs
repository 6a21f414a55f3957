//! Asking: one attempt of git or of a probe, supervised and bounded as a collector is.

use std::ffi::OsString;
use std::time::Duration;

use crate::model::{Outcome, Probe, ReleaseSource, ReleaseTag, Stream};
use crate::process::{Helper, Launcher, OutputSink, find_program};
use crate::release::answer::{Answer, tags};

/// A server that says nothing for so long will not.
const TIMEOUT: Duration = Duration::from_secs(120);

/// The releases that there are, the oldest first.
///
/// # Errors
/// Why nobody can tell: there is no git, the server does not answer, ...
pub async fn find_releases(source: &ReleaseSource, launcher: &Launcher) -> Result<Vec<ReleaseTag>, String> {
    let asked = Asked::new(source, launcher)?;
    let mut answer = Answer::new();
    let outcome = launcher
        .run_helper(asked.helper, &mut answer)
        .await
        .map_err(|error| format!("{}: {error}", asked.who))?;
    if !matches!(outcome, Outcome::Succeeded) {
        let complaint = answer
            .complaint()
            .map(|text| format!(": {text}"))
            .unwrap_or_default();
        return Err(format!("{} {}{complaint}", asked.who, outcome.reason()));
    }
    if answer.is_too_long() {
        return Err(format!(
            "{} printed more than a list of releases can be",
            asked.who
        ));
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
                // Nobody is there to be asked for a password.
                let quiet = [
                    ("GIT_TERMINAL_PROMPT", "0"),
                    ("GCM_INTERACTIVE", "never"),
                    ("LC_ALL", "C"),
                ];
                Ok(Self {
                    who: format!("git ls-remote {repository}"),
                    helper: Helper {
                        program,
                        args: args.map(OsString::from).into(),
                        env: with(env, &quiet),
                        timeout: TIMEOUT,
                    },
                })
            }
            Probe::Command { command, args } => {
                let resolved = launcher.find(command.as_str()).map_err(|error| error.message)?;
                let args = args.iter().map(OsString::from);
                Ok(Self {
                    who: command.to_string(),
                    helper: Helper {
                        program: resolved.program,
                        args: resolved.leading_args.into_iter().chain(args).collect(),
                        env,
                        timeout: TIMEOUT,
                    },
                })
            }
        }
    }
}

fn with(mut env: Vec<(OsString, OsString)>, more: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
    env.retain(|(name, _)| more.iter().all(|(other, _)| name != other));
    env.extend(more.iter().map(|(name, value)| (name.into(), value.into())));
    env
}

impl OutputSink for Answer {
    async fn chunk(&mut self, stream: Stream, bytes: &[u8]) {
        match stream {
            Stream::Stdout => self.stdout(bytes),
            Stream::Stderr => self.stderr(bytes),
        }
    }

    async fn quiet(&mut self) {}
}
