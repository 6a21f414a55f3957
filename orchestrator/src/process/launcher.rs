//! Finds a command and starts it: what the engine, the release check and a notice that is
//! a command have in common. It never decides what is started, nor when.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::model::{DEFAULT_GRACE, Limits, Outcome};
use crate::process::attempt::Attempt;
use crate::process::environment::Environment;
use crate::process::launch_error::LaunchError;
use crate::process::limits::raise_open_files;
use crate::process::output::sink::OutputSink;
use crate::process::pool::ForkServer;
use crate::process::resolve::{Collectors, NotFound, Resolved};
use crate::process::spec::AttemptSpec;

/// Cheap to clone; nothing is started before the first launch.
#[derive(Clone)]
pub struct Launcher {
    /// Starts processes.
    pub fork_server: ForkServer,
    /// Where commands are looked for.
    pub collectors: Arc<Collectors>,
    /// What they inherit.
    pub environment: Arc<Environment>,
}

/// A program of ours beside the collectors: git, a probe, the command of a channel.
#[derive(Debug)]
pub struct Helper {
    /// The executable.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Its whole environment.
    pub env: Vec<(OsString, OsString)>,
    /// SIGTERM after this.
    pub timeout: Duration,
    /// What each of its processes may use.
    pub limits: Limits,
}

impl Launcher {
    /// One that only looks for commands, or starts them with our own limit of open files.
    pub fn new(collectors: Collectors, environment: Environment) -> Self {
        Self {
            fork_server: ForkServer::new(),
            collectors: Arc::new(collectors),
            environment: Arc::new(environment),
        }
    }

    /// Raises our own limit of open files, which many runs at a time need. Collectors get
    /// the one that we were given.
    #[must_use]
    pub fn with_many_open_files(mut self) -> Self {
        match raise_open_files() {
            Ok(soft) => self.fork_server = ForkServer::new().with_open_files(soft),
            Err(error) => tracing::warn!("the limit of open files cannot be raised: {error}"),
        }
        self
    }

    /// What a command would execute.
    ///
    /// # Errors
    /// There is nothing that could be executed; the reason says where it was looked for.
    pub fn resolve(&self, command: &str) -> Result<Resolved, NotFound> {
        self.collectors
            .resolve(command, self.environment.get("PATH").map(OsStr::new))
    }

    /// Runs a helper to its end, supervised and bounded as collectors are.
    ///
    /// # Errors
    /// It cannot be supervised, so it was not started.
    pub async fn run_helper(
        &self,
        helper: Helper,
        sink: &mut impl OutputSink,
    ) -> Result<Outcome, LaunchError> {
        Ok(self.start_helper(helper).await?.run(sink).await.outcome)
    }

    /// Starts a helper that its caller may have to end.
    ///
    /// # Errors
    /// As [`Launcher::run_helper`].
    pub async fn start_helper(&self, helper: Helper) -> Result<Attempt, LaunchError> {
        let spec = AttemptSpec {
            program: helper.program,
            args: helper.args,
            env: helper.env,
            working_directory: None,
            timeout: Some(helper.timeout),
            idle_timeout: None,
            grace: DEFAULT_GRACE,
            drain: AttemptSpec::DRAIN,
            kill_wait: AttemptSpec::KILL_WAIT,
            lease: None,
            limits: helper.limits,
        };
        self.fork_server.launch(&spec).await
    }
}
