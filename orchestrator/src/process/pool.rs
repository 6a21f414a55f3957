//! The orchestrator's end of the fork server: starts it at the first attempt and
//! again should it have died, and keeps the supervisors that wait for work.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::net::UnixStream;
use tracing::debug;

use crate::process::attempt::Attempt;
use crate::process::control::running::RunningAttempts;
use crate::process::explain;
use crate::process::idle_supervisors::IdleSupervisors;
use crate::process::launch_error::LaunchError;
use crate::process::protocol::{Report, Stage, ToServer, encode};
use crate::process::spec::AttemptSpec;
use crate::process::tree::awake_time::while_we_run;
use crate::process::tree::orphans;
use crate::process::tree::peers::{Server, Supervisor, send};

/// A healthy fork server answers in well under a millisecond.
const READY_WAIT: Duration = Duration::from_secs(10);

/// Starting a collector means reading its file, perhaps over a network.
const SPAWN_WAIT: Duration = Duration::from_secs(60);

/// How many supervisors in a row may die before they are asked.
const LAUNCHES: u32 = 3;

/// Starts attempts. Cheap to clone; all clones share one fork server.
#[derive(Debug, Clone)]
pub struct ForkServer {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    executable: PathBuf,
    open_files: Option<u64>,
    server: tokio::sync::Mutex<Option<Arc<Server>>>,
    idle: IdleSupervisors,
    running: RunningAttempts,
    names: AtomicU64,
}

/// Why a supervisor did not start an attempt.
enum Failed {
    /// It was gone before it had read the request: the next one may be asked.
    Unread(io::Error),
    /// No supervisor could.
    Machine(LaunchError),
}

impl Default for ForkServer {
    fn default() -> Self {
        Self::new()
    }
}

impl ForkServer {
    /// From this program's own binary, which must call [`early_entry`] first thing
    /// in `main`. It is started with the first attempt. Deleting or replacing the
    /// binary while it runs does no harm.
    ///
    /// [`early_entry`]: super::early_entry
    pub fn new() -> Self {
        Self::with_executable("/proc/self/exe")
    }

    /// From another binary: for tests, whose own binary is not `orchestrate`.
    pub fn with_executable(executable: impl Into<PathBuf>) -> Self {
        let shared = Shared {
            executable: executable.into(),
            open_files: None,
            server: tokio::sync::Mutex::default(),
            idle: IdleSupervisors::default(),
            running: RunningAttempts::default(),
            names: AtomicU64::new(1),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Gives collectors this soft limit of open files instead of ours. To be called
    /// before the first clone.
    #[must_use]
    pub fn with_open_files(mut self, soft: u64) -> Self {
        if let Some(shared) = Arc::get_mut(&mut self.shared) {
            shared.open_files = Some(soft);
        }
        self
    }

    /// Starts an attempt; to be followed by [`Attempt::run`]. Dropping the result
    /// (or this future) cancels it. That a collector cannot be started is not an
    /// error here: `run` tells it.
    ///
    /// # Errors
    /// What keeps any collector from being started; the next call may succeed.
    pub async fn launch(&self, spec: &AttemptSpec) -> Result<Attempt, LaunchError> {
        let attempt = self.name();
        let frame = match spec.encode(attempt) {
            Ok(frame) => frame,
            Err(error) => return Ok(Attempt::refused(error)),
        };
        let mut tries = LAUNCHES;
        loop {
            let supervisor = match tries {
                // Those that wait may have been killed all together.
                1 => self.fork().await?,
                _ => self.supervisor().await?,
            };
            match self.start(supervisor, spec, attempt, &frame).await {
                Err(Failed::Unread(error)) if tries > 1 => {
                    debug!(%error, "a supervisor was gone before it was asked");
                    tries -= 1;
                }
                Err(Failed::Unread(error)) => return Err(self.failed(&error)),
                Err(Failed::Machine(error)) => return Err(error),
                Ok(attempt) => return Ok(attempt),
            }
        }
    }

    /// Has a supervisor start an attempt.
    async fn start(
        &self,
        mut supervisor: Supervisor,
        spec: &AttemptSpec,
        attempt: u64,
        frame: &[u8],
    ) -> Result<Attempt, Failed> {
        let descriptors = |error| Failed::Machine(LaunchError::Descriptors(error));
        let (stdout, stdout_writer) = io::pipe().map_err(descriptors)?;
        let (stderr, stderr_writer) = io::pipe().map_err(descriptors)?;
        let writers = [stdout_writer.into(), stderr_writer.into()];
        supervisor.watch();
        send(&supervisor.socket, frame, &writers)
            .await
            .map_err(Failed::Unread)?;
        drop(writers);
        match while_we_run(SPAWN_WAIT, supervisor.report()).await {
            Some(Ok(Some(Report::Spawned { pid }))) => {
                let output = [stdout.into(), stderr.into()];
                let idle = self.shared.idle.clone();
                let running = Attempt::running(spec, attempt, pid, supervisor, output, idle);
                let running = running.map_err(descriptors)?;
                self.shared.running.add(running.controller());
                Ok(running)
            }
            Some(Ok(Some(Report::NotSpawned {
                stage: Stage::Fork,
                errno,
            }))) => {
                self.shared.idle.put_back(supervisor);
                let error = io::Error::from_raw_os_error(errno);
                Err(Failed::Machine(LaunchError::Process(error)))
            }
            Some(Ok(Some(Report::NotSpawned { stage, errno }))) => {
                self.shared.idle.put_back(supervisor);
                let directory = spec.working_directory.as_deref();
                Ok(Attempt::refused(explain::spawn_error(
                    &spec.program,
                    directory,
                    stage,
                    errno,
                )))
            }
            // It ended with our message unread (unix(7): the peer of a socket that is
            // closed with unread data gets ECONNRESET): it cannot have started anything.
            Some(Err(error)) if error.kind() == io::ErrorKind::ConnectionReset => Err(Failed::Unread(error)),
            // It had read the message: perhaps the collector ran for a moment, until
            // the kernel killed it. To start it again could do its work twice.
            Some(Ok(_)) => {
                supervisor.clean_up().await;
                let fate = supervisor.fate();
                Ok(Attempt::lost(format!("{fate} while starting it")))
            }
            Some(Err(error)) => {
                supervisor.clean_up().await;
                Ok(Attempt::lost(format!(
                    "its supervisor cannot be understood: {error}"
                )))
            }
            None => {
                supervisor.kill();
                // Until nothing of it is left, which is not for long.
                let _ = while_we_run(READY_WAIT, supervisor.end()).await;
                supervisor.clean_up().await;
                let wait = humantime::format_duration(SPAWN_WAIT);
                let why = "its supervisor did not say that it had started";
                Ok(Attempt::lost(format!("{why} within {wait}, and was killed")))
            }
        }
    }

    /// Stops every attempt that goes on, and its clocks; one that begins now is stopped as well.
    /// Returns when they are stopped.
    pub async fn pause(&self) {
        self.shared.running.pause().await;
    }

    /// Lets all go on that [`ForkServer::pause`] stopped.
    pub fn resume(&self) {
        self.shared.running.resume();
    }

    /// Ends the fork server and waits until it is gone. Attempts that still run are
    /// cancelled when they are dropped, not by this.
    pub async fn shutdown(self) {
        self.shared.idle.clear();
        let server = self.shared.server.lock().await.take();
        if let Some(server) = server.and_then(Arc::into_inner) {
            drop(server.socket);
            // Its watcher never panics, and nobody cancels it before this.
            let _ = while_we_run(READY_WAIT, server.watcher).await;
        }
        // Should the fork server have been killed, we have adopted what it had.
        orphans::sweep_until(|| true).await;
    }

    /// One that waits, or a new one.
    async fn supervisor(&self) -> Result<Supervisor, LaunchError> {
        match self.shared.idle.take() {
            Some(supervisor) => Ok(supervisor),
            None => self.fork().await,
        }
    }

    /// A new one.
    async fn fork(&self) -> Result<Supervisor, LaunchError> {
        let mut reason = "it ended at once".to_owned();
        // The fork server may have been killed since its last request: once more then.
        for _ in 0..2 {
            let server = self.server().await?;
            let (ours, theirs) = std::os::unix::net::UnixStream::pair().map_err(LaunchError::Descriptors)?;
            ours.set_nonblocking(true).map_err(LaunchError::Descriptors)?;
            let socket = UnixStream::from_std(ours).map_err(LaunchError::Descriptors)?;
            let name = self.name();
            let request =
                encode(&ToServer::Fork { supervisor: name }, &[]).map_err(|error| self.failed(&error))?;
            if let Err(error) = send(&server.socket, &request, &[theirs.into()]).await {
                reason = error.to_string();
                self.forget(&server).await;
                continue;
            }
            let mut supervisor = Supervisor::new(name, socket, Arc::clone(&server));
            match while_we_run(READY_WAIT, supervisor.report()).await {
                Some(Ok(Some(Report::Ready { pid }))) => {
                    return match supervisor.is_ready(pid) {
                        true => Ok(supervisor),
                        // There was no room for its pidfd.
                        false => Err(LaunchError::Descriptors(io::Error::from_raw_os_error(
                            libc::EMFILE,
                        ))),
                    };
                }
                Some(Ok(Some(Report::NotForked { errno }))) => {
                    return Err(LaunchError::Process(io::Error::from_raw_os_error(errno)));
                }
                Some(Err(error)) => reason = error.to_string(),
                Some(Ok(_)) => {}
                None => reason = "it does not answer".to_owned(),
            }
            self.forget(&server).await;
        }
        Err(LaunchError::ForkServer {
            executable: self.shared.executable.clone(),
            reason,
        })
    }

    async fn server(&self) -> Result<Arc<Server>, LaunchError> {
        let mut server = self.shared.server.lock().await;
        if let Some(server) = server.as_ref().filter(|server| server.is_alive()) {
            return Ok(Arc::clone(server));
        }
        let started = Server::start(&self.shared.executable, self.shared.open_files)
            .map_err(|error| self.failed(&error))?;
        Ok(Arc::clone(server.insert(Arc::new(started))))
    }

    async fn forget(&self, server: &Arc<Server>) {
        self.shared
            .server
            .lock()
            .await
            .take_if(|current| Arc::ptr_eq(current, server));
    }

    fn failed(&self, error: &io::Error) -> LaunchError {
        LaunchError::ForkServer {
            executable: self.shared.executable.clone(),
            reason: error.to_string(),
        }
    }

    fn name(&self) -> u64 {
        self.shared.names.fetch_add(1, Ordering::Relaxed)
    }
}
