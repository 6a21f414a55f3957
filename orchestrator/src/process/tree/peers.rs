//! The orchestrator's ends of the sockets: one to the fork server, one to each
//! supervisor. Used by the pool and by running attempts. They must never decide
//! what is to be done, nor wait for a process.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use tokio::io::Interest;
use tokio::net::UnixStream;
use tokio::process::Command;
use tokio::task::JoinHandle;
use tokio_process_stream::{Item, ProcessChunkStream};
use tokio_stream::StreamExt;
use tracing::{debug, warn};

use crate::process::protocol::{FrameBuffer, Report};
use crate::process::sys::Pidfd;
use crate::process::tree::guard::{Guard, Ward, kill_supervisor, resume};
use crate::process::tree::observe::look_at;
use crate::process::tree::orphans;
use crate::process::watchdog::{TICK, Trouble, Watchdog, WatchdogOrder};
use crate::process::{supervise, sys};

/// Bytes per read of a collector's output: what a pipe holds.
const READ: usize = 64 << 10;

/// The running fork server.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) socket: Arc<UnixStream>,
    process: Arc<Pidfd>,
    alive: Arc<AtomicBool>,
    /// Ends with the fork server, and with what it leaves to us.
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
        let pid = output.child().and_then(tokio::process::Child::id);
        let pid = pid.and_then(|pid| i32::try_from(pid).ok()).unwrap_or_default();
        // Nobody has waited for it yet, so the pid is its own.
        let process = Arc::new(Pidfd::open(pid)?);
        let alive = Arc::new(AtomicBool::new(true));
        let watcher = tokio::spawn(watch(output, pid, Arc::clone(&process), Arc::clone(&alive)));
        Ok(Self {
            socket: Arc::new(UnixStream::from_std(ours)?),
            process,
            alive,
            watcher,
        })
    }

    /// Whether its end has not been noticed yet.
    pub(crate) fn is_alive(&self) -> bool {
        self.alive.load(Ordering::Acquire)
    }
}

/// Logs what the fork server complains about, keeps it going, reaps it, and does its
/// work when it is dead.
async fn watch(mut output: ProcessChunkStream, pid: i32, process: Arc<Pidfd>, alive: Arc<AtomicBool>) {
    let epoch = Instant::now();
    let mut watchdog = Watchdog::new(epoch.elapsed());
    loop {
        let item = tokio::select! {
            item = output.next() => item,
            () = tokio::time::sleep(TICK) => {
                // It is asked nothing: whether it answers is seen by who asks it to fork.
                match watchdog.look(epoch.elapsed(), look_at(pid, true), true) {
                    Some(WatchdogOrder::Continue(trouble)) => resume("the fork server", pid, &process, trouble),
                    // ESRCH: it is gone already.
                    Some(WatchdogOrder::Kill(_)) => drop(process.kill()),
                    Some(WatchdogOrder::Ping) | None => {}
                }
                continue;
            }
        };
        match item {
            Some(Item::Stdout(text) | Item::Stderr(text)) => {
                warn!("fork server: {}", String::from_utf8_lossy(&text).trim_end());
            }
            Some(Item::Done(Ok(status))) if status.success() => debug!("the fork server has ended"),
            Some(Item::Done(Ok(status))) => warn!("the fork server has ended: {status}"),
            // Our caller ignored SIGCHLD, and the kernel took what we would have waited for (wait(2)).
            Some(Item::Done(Err(error))) if error.raw_os_error() == Some(libc::ECHILD) => {}
            Some(Item::Done(Err(error))) => warn!("the fork server cannot be waited for: {error}"),
            None => break,
        }
    }
    alive.store(false, Ordering::Release);
    orphans::take_over().await;
}

/// Whether a process has ended, reaped or not, and its children have found their new
/// parents.
fn has_ended(process: &Pidfd) -> bool {
    let mut source = [PollFd::new(process.as_fd(), PollFlags::POLLIN)];
    poll(&mut source, PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
}

/// One supervisor, owned by whoever has an attempt for it.
#[derive(Debug)]
pub(crate) struct Supervisor {
    name: u64,
    /// Its process id; 0 until it is ready.
    pub(crate) pid: i32,
    process: Option<Arc<Pidfd>>,
    guard: Option<Guard>,
    heard: Arc<AtomicBool>,
    /// Whether the fork server has seen to all that it left behind.
    swept: bool,
    pub(crate) socket: Arc<UnixStream>,
    frames: FrameBuffer,
    descriptors: VecDeque<OwnedFd>,
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
            process: None,
            guard: None,
            heard: Arc::default(),
            swept: false,
            socket: Arc::new(socket),
            frames: FrameBuffer::default(),
            descriptors: VecDeque::new(),
            buffer: vec![0; READ],
            server,
        }
    }

    /// It has said who it is. `false` if its pidfd got lost on the way.
    pub(crate) fn is_ready(&mut self, pid: i32) -> bool {
        self.pid = pid;
        self.process = self.descriptors.pop_front().map(|fd| Arc::new(fd.into()));
        if self.process.is_some() {
            orphans::spare(pid);
        }
        self.process.is_some()
    }

    /// Has it watched from now on.
    pub(crate) fn watch(&mut self) {
        let Some(process) = &self.process else { return };
        self.guard = Some(Guard::new(Ward {
            name: self.name,
            pid: self.pid,
            process: Arc::clone(process),
            socket: Arc::downgrade(&self.socket),
            server: Arc::downgrade(&self.server.socket),
            heard: Arc::clone(&self.heard),
        }));
    }

    /// It has nothing more to do; whether it can still be relied on.
    pub(crate) fn rest(&mut self) -> bool {
        let guard = self.guard.take();
        guard.is_none_or(|guard| guard.killed_for().is_none()) && self.server.is_alive()
    }

    /// What became of it, in the words of a record.
    pub(crate) fn fate(&self) -> &'static str {
        match self.guard.as_ref().and_then(Guard::killed_for) {
            Some(Trouble::Stopped) => "its supervisor was stopped, could not be continued and was killed",
            Some(Trouble::Silent) => "its supervisor hung and was killed",
            Some(Trouble::Dead) | None => "its supervisor was killed",
        }
    }

    /// Its next report; `None` when it and all that it could leave behind are gone.
    ///
    /// # Errors
    /// `ConnectionReset` if it ended with something of ours unread.
    pub(crate) async fn report(&mut self) -> io::Result<Option<Report>> {
        std::future::poll_fn(|cx| self.poll_report(cx)).await
    }

    /// Waits until it has nothing more to say.
    pub(crate) async fn end(&mut self) {
        while let Ok(Some(_)) = self.report().await {}
    }

    /// The next report as a poll, for who waits for several things at once.
    pub(crate) fn poll_report(
        &mut self,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<io::Result<Option<Report>>> {
        use std::task::{Poll, ready};
        loop {
            if let Some(report) = self.next_report()? {
                return Poll::Ready(Ok(Some(report)));
            }
            ready!(self.socket.poll_read_ready(cx))?;
            match self.read() {
                Ok(0) => return Poll::Ready(Ok(None)),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    /// The next report that has been read and is not for us.
    fn next_report(&mut self) -> io::Result<Option<Report>> {
        while let Some((report, _)) = self.frames.next()? {
            match report {
                Report::Pong => {}
                Report::Swept => self.swept = true,
                report => return Ok(Some(report)),
            }
        }
        Ok(None)
    }

    /// Reads once, without waiting.
    fn read(&mut self) -> io::Result<usize> {
        let mut bytes = [0; 4096];
        let descriptors = &mut self.descriptors;
        let socket = &self.socket;
        let count = socket.try_io(Interest::READABLE, || {
            sys::receive(socket.as_fd(), &mut bytes, descriptors)
        })?;
        self.frames.extend(&bytes[..count]);
        self.heard.store(true, Ordering::Release);
        Ok(count)
    }

    /// Whether it waits for work. Only an answer to a late ping may still come from it.
    pub(crate) fn is_idle(&mut self) -> bool {
        loop {
            match self.read() {
                Ok(count) if count > 0 => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return matches!(self.next_report(), Ok(None)) && !self.swept;
                }
                _ => return false,
            }
        }
    }

    /// Kills it and all that it leaves. Its socket ends when its orphans are dead as
    /// well, or are ours.
    pub(crate) fn kill(&self) {
        if let Some(process) = &self.process {
            kill_supervisor(self.name, process, Some(&self.server.socket));
        }
    }

    /// To be called when its socket has ended or cannot be understood: returns when
    /// nothing that it has left behind is alive. Its fork server sees to that and says
    /// so; if that is dead, we do.
    pub(crate) async fn clean_up(&self) {
        let Some(process) = self.process.as_ref().filter(|_| !self.swept) else {
            return;
        };
        self.kill();
        orphans::forget(self.pid);
        // The end of the socket comes before the orphans are anybody's: only when both
        // have ended have they found us.
        orphans::sweep_until(|| has_ended(process) && has_ended(&self.server.process)).await;
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        orphans::forget(self.pid);
    }
}

/// Sends all bytes, and the descriptors with the first of them.
pub(crate) async fn send(socket: &UnixStream, bytes: &[u8], descriptors: &[OwnedFd]) -> io::Result<()> {
    use std::os::fd::AsRawFd;
    let mut rest = bytes;
    let mut descriptors: Vec<_> = descriptors.iter().map(AsRawFd::as_raw_fd).collect();
    while !rest.is_empty() {
        let sent = socket
            .async_io(Interest::WRITABLE, || {
                sys::send(socket.as_fd(), rest, &descriptors)
            })
            .await?;
        rest = &rest[sent..];
        descriptors.clear();
    }
    Ok(())
}
