//! The orchestrator's end of the fork server: starts it at the first attempt and
//! again should it have died, and keeps the supervisors that wait for work.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::UnixStream;
use tokio::process::Command;
use tokio::task::JoinHandle;
use tokio_process_stream::{Item, ProcessChunkStream};
use tokio_stream::StreamExt;
use tracing::{debug, warn};

use super::attempt::Attempt;
use super::protocol::{FrameBuffer, Report, Stage, ToServer, encode};
use super::spec::AttemptSpec;
use super::{explain, supervise, sys};

/// Supervisors kept waiting. More than this many at once is a burst.
const IDLE: usize = 8;

/// A healthy fork server answers in well under a millisecond.
const READY_WAIT: Duration = Duration::from_secs(10);

/// Starting a collector means reading its file, perhaps over a network.
const SPAWN_WAIT: Duration = Duration::from_secs(60);

/// Bytes per read of a collector's output: what a pipe holds.
pub(super) const READ: usize = 64 << 10;

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
    idle: Mutex<Vec<Supervisor>>,
    names: AtomicU64,
}

/// The machine, not the collector, is the reason why an attempt could not start.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// No pipes or sockets.
    #[error("cannot make pipes for a collector: {0}")]
    Descriptors(#[source] io::Error),
    /// The fork server did not start, or ended at once.
    #[error("cannot start the fork server {}: {reason}", executable.display())]
    ForkServer {
        /// The binary that was to be it.
        executable: PathBuf,
        /// What went wrong.
        reason: String,
    },
    /// No further process.
    #[error("cannot make another process: {0}")]
    Process(#[source] io::Error),
}

impl LaunchError {
    /// What to do about it, if we know.
    pub fn hint(&self) -> Option<&'static str> {
        let error = match self {
            Self::Descriptors(error) | Self::Process(error) => error,
            Self::ForkServer { .. } => return None,
        };
        match error.raw_os_error() {
            Some(libc::EMFILE | libc::ENFILE) => Some("raise the limit of open files (ulimit -n)"),
            Some(libc::EAGAIN) => {
                Some("raise the limit of processes (ulimit -u, or the pids limit of the cgroup)")
            }
            Some(libc::ENOMEM) => Some("the machine is out of memory"),
            _ => None,
        }
    }
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
            idle: Mutex::default(),
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
        loop {
            let (mut supervisor, fresh) = self.supervisor().await?;
            let (stdout, stdout_writer) = io::pipe().map_err(LaunchError::Descriptors)?;
            let (stderr, stderr_writer) = io::pipe().map_err(LaunchError::Descriptors)?;
            let writers = [stdout_writer.into(), stderr_writer.into()];
            if let Err(error) = send(&supervisor.socket, &frame, &writers).await {
                // It was killed while it waited: nothing has been started yet.
                debug!(%error, "a waiting supervisor is gone");
                if fresh {
                    return Err(self.failed(&error));
                }
                continue;
            }
            drop(writers);
            let report = tokio::time::timeout(SPAWN_WAIT, supervisor.report()).await;
            return match report {
                Ok(Ok(Some(Report::Spawned { pid }))) => {
                    let output = [stdout.into(), stderr.into()];
                    Attempt::running(spec, attempt, pid, supervisor, output, self.clone())
                        .map_err(LaunchError::Descriptors)
                }
                Ok(Ok(Some(Report::NotSpawned {
                    stage: Stage::Fork,
                    errno,
                }))) => {
                    self.put_back(supervisor);
                    Err(LaunchError::Process(io::Error::from_raw_os_error(errno)))
                }
                Ok(Ok(Some(Report::NotSpawned { stage, errno }))) => {
                    self.put_back(supervisor);
                    Ok(Attempt::refused(explain::spawn_error(spec, stage, errno)))
                }
                Ok(Ok(_)) => Ok(Attempt::lost("its supervisor ended while starting it".to_owned())),
                Ok(Err(error)) => Ok(Attempt::lost(format!(
                    "its supervisor cannot be understood: {error}"
                ))),
                Err(_) => {
                    supervisor.kill().await;
                    let wait = humantime::format_duration(SPAWN_WAIT);
                    Ok(Attempt::lost(format!("it had not started after {wait}")))
                }
            };
        }
    }

    /// Ends the fork server and waits until it is gone. Attempts that still run are
    /// cancelled when they are dropped, not by this.
    pub async fn shutdown(self) {
        self.idle().clear();
        let server = self.shared.server.lock().await.take();
        if let Some(server) = server.and_then(Arc::into_inner) {
            drop(server.socket);
            // Its watcher never panics, and nobody cancels it before this.
            let _ = tokio::time::timeout(READY_WAIT, server.watcher).await;
        }
    }

    /// Takes a supervisor back whose attempt left nothing behind.
    pub(super) fn put_back(&self, supervisor: Supervisor) {
        let mut idle = self.idle();
        if idle.len() < IDLE && supervisor.server.is_alive() {
            idle.push(supervisor);
        }
    }

    /// One that waits, or a new one (`true`).
    async fn supervisor(&self) -> Result<(Supervisor, bool), LaunchError> {
        loop {
            let Some(mut supervisor) = self.idle().pop() else {
                break;
            };
            // One that has something to say while it waits has been killed.
            if supervisor.server.is_alive() && supervisor.is_silent() {
                return Ok((supervisor, false));
            }
        }
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
            let mut supervisor = Supervisor {
                name,
                socket: Arc::new(socket),
                frames: FrameBuffer::default(),
                buffer: vec![0; READ],
                server: Arc::clone(&server),
            };
            match tokio::time::timeout(READY_WAIT, supervisor.report()).await {
                Ok(Ok(Some(Report::Ready))) => return Ok((supervisor, true)),
                Ok(Ok(Some(Report::NotForked { errno }))) => {
                    return Err(LaunchError::Process(io::Error::from_raw_os_error(errno)));
                }
                Ok(Err(error)) => reason = error.to_string(),
                Ok(Ok(_)) => {}
                Err(_) => reason = "it does not answer".to_owned(),
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
        let started = Server::start(&self.shared).map_err(|error| self.failed(&error))?;
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

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Supervisor>> {
        self.shared.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn name(&self) -> u64 {
        self.shared.names.fetch_add(1, Ordering::Relaxed)
    }
}

/// The running fork server.
#[derive(Debug)]
pub(super) struct Server {
    socket: UnixStream,
    alive: Arc<AtomicBool>,
    watcher: JoinHandle<()>,
}

impl Server {
    fn start(shared: &Shared) -> io::Result<Self> {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        let mut command = Command::new(&shared.executable);
        command.arg(supervise::ARGUMENT).stdin(OwnedFd::from(theirs));
        // Not in the terminal's foreground group: Ctrl-C is for us alone.
        command.process_group(0);
        if let Some(soft) = shared.open_files {
            command.arg(soft.to_string());
        }
        let output = ProcessChunkStream::try_from(command)?;
        let alive = Arc::new(AtomicBool::new(true));
        let watcher = tokio::spawn(watch(output, Arc::clone(&alive)));
        Ok(Self {
            socket: UnixStream::from_std(ours)?,
            alive,
            watcher,
        })
    }

    fn is_alive(&self) -> bool {
        self.alive.load(Ordering::Acquire)
    }
}

/// Logs what the fork server complains about, and reaps it.
async fn watch(mut output: ProcessChunkStream, alive: Arc<AtomicBool>) {
    while let Some(item) = output.next().await {
        match item {
            Item::Stdout(text) | Item::Stderr(text) => {
                warn!("fork server: {}", String::from_utf8_lossy(&text).trim_end());
            }
            Item::Done(Ok(status)) if status.success() => debug!("the fork server has ended"),
            Item::Done(Ok(status)) => warn!("the fork server has ended: {status}"),
            Item::Done(Err(error)) => warn!("the fork server cannot be waited for: {error}"),
        }
    }
    alive.store(false, Ordering::Release);
}

/// One supervisor, owned by whoever has an attempt for it.
#[derive(Debug)]
pub(super) struct Supervisor {
    name: u64,
    pub(super) socket: Arc<UnixStream>,
    pub(super) frames: FrameBuffer,
    /// For the output of its collectors.
    pub(super) buffer: Vec<u8>,
    server: Arc<Server>,
}

impl Supervisor {
    /// Its next report; `None` when it and all that it could leave behind are gone.
    async fn report(&mut self) -> io::Result<Option<Report>> {
        std::future::poll_fn(|cx| self.poll_report(cx)).await
    }

    pub(super) fn poll_report(
        &mut self,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<io::Result<Option<Report>>> {
        use std::task::{Poll, ready};
        loop {
            if let Some((report, _)) = self.frames.next()? {
                return Poll::Ready(Ok(Some(report)));
            }
            ready!(self.socket.poll_read_ready(cx))?;
            let mut bytes = [0; 4096];
            match self.socket.try_read(&mut bytes) {
                Ok(0) => return Poll::Ready(Ok(None)),
                Ok(count) => self.frames.extend(&bytes[..count]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Poll::Ready(Ok(None)),
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    fn is_silent(&mut self) -> bool {
        let mut byte = [0];
        matches!(self.socket.try_read(&mut byte), Err(error) if error.kind() == io::ErrorKind::WouldBlock)
    }

    /// Has the fork server kill it: only its parent can be sure of its pid. Its
    /// socket ends when its orphans are dead as well.
    pub(super) async fn kill(&self) {
        if let Ok(request) = encode(
            &ToServer::Kill {
                supervisor: self.name,
            },
            &[],
        ) && let Err(error) = send(&self.server.socket, &request, &[]).await
        {
            warn!("a supervisor that hangs cannot be killed: {error}");
        }
    }
}

/// Sends all bytes, and the descriptors with the first of them.
async fn send(socket: &UnixStream, bytes: &[u8], descriptors: &[OwnedFd]) -> io::Result<()> {
    use std::os::fd::AsRawFd;
    let mut rest = bytes;
    let mut descriptors: Vec<_> = descriptors.iter().map(AsRawFd::as_raw_fd).collect();
    while !rest.is_empty() {
        let sent = socket
            .async_io(tokio::io::Interest::WRITABLE, || {
                sys::send(socket.as_fd(), rest, &descriptors)
            })
            .await?;
        rest = &rest[sent..];
        descriptors.clear();
    }
    Ok(())
}
