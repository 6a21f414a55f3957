//! What to run: everything about one attempt that is known before it starts.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use crate::model::{LeaseDeadline, Limits, SpawnError};
use crate::process::ladder::Timings;
use crate::process::protocol::{Start, Strings, ToSupervisor, encode};

/// One attempt of one collector. Made by the engine from a task's policy, from
/// [`Resolved`](super::Resolved) and from [`Environment`](super::Environment).
#[derive(Debug, Clone)]
pub struct AttemptSpec {
    /// The executable. A relative path is looked up from the orchestrator's working
    /// directory, never in PATH and never from `working_directory`.
    pub program: PathBuf,
    /// What follows the program's name, as it is.
    pub args: Vec<OsString>,
    /// The complete environment.
    pub env: Vec<(OsString, OsString)>,
    /// Where it runs; `None` for the orchestrator's own.
    pub working_directory: Option<PathBuf>,
    /// SIGTERM after this; `None` for no limit.
    pub timeout: Option<Duration>,
    /// SIGTERM after this long without a byte of output; `None` for no limit.
    pub idle_timeout: Option<Duration>,
    /// From SIGTERM to SIGKILL; zero means SIGKILL at once.
    pub grace: Duration,
    /// From the end of the main process to SIGKILL for what it left behind.
    pub drain: Duration,
    /// From the first SIGKILL until we give up on what does not die.
    pub kill_wait: Duration,
    /// Until when it may run, where its run is this process's for a while only.
    pub lease: Option<LeaseDeadline>,
    /// What each of its processes may use. `output` is the affair of the sink.
    pub limits: Limits,
}

impl AttemptSpec {
    /// How long leftovers may finish by themselves, unless told otherwise.
    pub const DRAIN: Duration = Duration::from_secs(2);

    /// How long SIGKILL may take, unless told otherwise. Only a process that hangs
    /// in the kernel (state D), or that has become another user, takes longer than
    /// a moment.
    pub const KILL_WAIT: Duration = Duration::from_secs(10);

    pub(crate) fn timings(&self) -> Timings {
        Timings {
            timeout: self.timeout,
            grace: self.grace,
            drain: self.drain,
            kill_wait: self.kill_wait,
        }
    }

    /// The limit of CPU time as the kernel takes it: in whole seconds, one at least.
    pub(crate) fn cpu_limit(&self) -> Option<Duration> {
        let seconds = |time: Duration| time.as_secs() + u64::from(time.subsec_nanos() > 0);
        self.limits
            .cpu_time
            .map(|time| Duration::from_secs(seconds(time).max(1)))
    }

    /// The message that starts it.
    pub(crate) fn encode(&self, attempt: u64) -> Result<Vec<u8>, SpawnError> {
        let mut strings = Strings::default();
        let refuse = |what: String| SpawnError {
            message: format!("cannot start {}: {what}", self.program.display()),
            hint: None,
        };
        let program = std::path::absolute(&self.program).map_err(|error| refuse(error.to_string()))?;
        strings
            .push(program.as_os_str())
            .map_err(|_| refuse("its path contains a NUL character".to_owned()))?;
        for (index, argument) in self.args.iter().enumerate() {
            strings
                .push(argument)
                .map_err(|_| refuse(format!("argument {} contains a NUL character", index + 1)))?;
        }
        for (name, value) in &self.env {
            strings.push_pair(name, value).map_err(|_| {
                refuse(format!(
                    "environment variable {} contains a NUL character",
                    name.display()
                ))
            })?;
        }
        if let Some(directory) = &self.working_directory {
            strings
                .push(directory.as_os_str())
                .map_err(|_| refuse("its working directory contains a NUL character".to_owned()))?;
        }
        let start = Start {
            attempt,
            arguments: self.args.len(),
            environment: self.env.len(),
            directory: self.working_directory.is_some(),
            timings: self.timings(),
            lease: self.lease,
            memory: self.limits.memory,
            cpu_time: self.cpu_limit(),
            open_files: self.limits.open_files,
        };
        encode(&ToSupervisor::Start(start), strings.as_bytes())
            .map_err(|_| crate::process::explain::too_big(&self.program))
    }
}
