//! The orchestrator's ends of the sockets: one to the fork server, one to each
//! supervisor. Used by the pool and by running attempts. They must never decide
//! what is to be done, nor wait for a process.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::net::UnixStream;
use tokio::process::Command;
use tokio::task::JoinHandle;
use tokio_process_stream::{Item, ProcessChunkStream};
use tokio_stream::StreamExt;
use tracing::{debug, warn};

use crate::process::protocol::{FrameBuffer, Report, ToServer, encode};
use crate::process::tree::orphans;
use crate::process::{supervise, sys};

/// Bytes per read of a collector's output: what a pipe holds.
const READ: usize = 64 << 10;

/// The running fork server.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) socket: UnixStream,
    alive: Arc<AtomicBool>,
    /// Ends with the fork server.
    pub(crate) watcher: JoinHandle<()>,
}

impl Server {
    /// Executes it. `open_files` is the soft limit for collectors.
    pub(crate) fn start(executable: &Path, open_files: Option<u64>) -> io::Result<Self> {
        orphans::adopt()?;
        orphans::reap();
        let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        let mut command = Command::new(executable);
        command.arg(supervise::ARGUMENT).stdin(OwnedFd::from(theirs));
        // Not in the terminal's foreground group: Ctrl-C is for us alone.
        command.process_group(0);
        if let Some(soft) = open_files {
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

    /// Whether its end has not been noticed yet.
    pub(crate) fn is_alive(&self) -> bool {
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
pub(crate) struct Supervisor {
    name: u64,
    /// Its process id; 0 until it is ready.
    pub(crate) pid: i32,
    pub(crate) socket: Arc<UnixStream>,
    pub(crate) frames: FrameBuffer,
    /// For the output of its collectors.
    pub(crate) buffer: Vec<u8>,
    pub(crate) server: Arc<Server>,
}

impl Supervisor {
    /// One that has been asked for.
    pub(crate) fn new(name: u64, socket: UnixStream, server: Arc<Server>) -> Self {
        Self {
            name,
            pid: 0,
            socket: Arc::new(socket),
            frames: FrameBuffer::default(),
            buffer: vec![0; READ],
            server,
        }
    }

    /// It has said who it is.
    pub(crate) fn is_ready(&mut self, pid: i32) {
        self.pid = pid;
        orphans::spare(pid);
    }

    /// Its next report; `None` when it and all that it could leave behind are gone.
    ///
    /// # Errors
    /// `ConnectionReset` if it ended with something of ours unread.
    pub(crate) async fn report(&mut self) -> io::Result<Option<Report>> {
        std::future::poll_fn(|cx| self.poll_report(cx)).await
    }

    /// As `report`.
    pub(crate) fn poll_report(
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
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    /// Whether there is nothing to be read from it.
    pub(crate) fn is_silent(&mut self) -> bool {
        let mut byte = [0];
        matches!(self.socket.try_read(&mut byte), Err(error) if error.kind() == io::ErrorKind::WouldBlock)
    }

    /// Has the fork server kill it, or kills it ourselves if that is dead: only its
    /// parent can be sure of its pid. Its socket ends when its orphans are dead as
    /// well, or are ours.
    pub(crate) async fn kill(&self) {
        if let Ok(request) = encode(
            &ToServer::Kill {
                supervisor: self.name,
            },
            &[],
        ) && let Err(error) = send(&self.server.socket, &request, &[]).await
            && !orphans::kill(self.pid)
        {
            warn!("a supervisor that hangs cannot be killed: {error}");
        }
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        // Otherwise it is our child now, and spared until it has been reaped.
        if self.server.is_alive() {
            orphans::forget(self.pid);
        }
    }
}

/// Sends all bytes, and the descriptors with the first of them.
pub(crate) async fn send(socket: &UnixStream, bytes: &[u8], descriptors: &[OwnedFd]) -> io::Result<()> {
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
