//! A launched attempt: passes its output on and waits for its end. The engine
//! holds one per running task.

use std::future::poll_fn;
use std::io;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use nix::errno::Errno;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::unix::pipe::Receiver;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep_until};
use tracing::warn;

use crate::model::{Outcome, SpawnError, Stream};
use crate::process::control::controller::Controller;
use crate::process::idle_supervisors::IdleSupervisors;
use crate::process::ladder::Cause;
use crate::process::output::sink::OutputSink;
use crate::process::protocol::{Isolation, Leftover, Over, Report};
use crate::process::spec::AttemptSpec;
use crate::process::tree::peers::Supervisor;
use crate::process::verdict::{self, NamedLimits};

/// Silence after which [`OutputSink::quiet`] is called.
const QUIET: Duration = Duration::from_millis(250);

/// A sink that takes longer for a chunk leaves others their turn after it. Each turn costs a look at
/// all that may have happened (epoll_wait(2)), so quick ones share one.
const LABORIOUS: Duration = Duration::from_millis(1);

/// A pipe holds 64 KiB, and up to this much where its owner asked for it
/// (/proc/sys/fs/pipe-max-size).
const LARGEST_PIPE: usize = 1 << 20;

const STREAMS: [Stream; 2] = [Stream::Stdout, Stream::Stderr];

/// A collector that was launched. Dropping it cancels it.
#[derive(Debug)]
pub struct Attempt {
    state: State,
    controller: Controller,
}

#[derive(Debug)]
enum State {
    Ended(Box<AttemptEnd>),
    Running(Box<Running>),
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptEnd {
    /// Never `Skipped`.
    pub outcome: Outcome,
    /// The process id of the collector; `None` if it never ran.
    pub pid: Option<i32>,
    /// What it used.
    pub usage: Usage,
    /// What held its tree together.
    pub isolation: Isolation,
    /// Descendants of the collector that had to be killed; the first few of them.
    pub leftovers: Vec<Leftover>,
    /// How many there were.
    pub leftover_count: u64,
    /// Processes that did not die of SIGKILL in time. They are the system's problem
    /// now; nothing waits for them.
    pub unkillable: Vec<Leftover>,
}

/// What an attempt used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// From the start to the end of the collector itself.
    pub wall: Duration,
    /// User CPU time of the whole tree.
    pub user_cpu: Duration,
    /// System CPU time of the whole tree.
    pub system_cpu: Duration,
    /// Peak resident memory of the tree's largest process, in bytes.
    pub max_rss_bytes: u64,
}

impl Attempt {
    pub(crate) fn refused(error: SpawnError) -> Self {
        Self::ended(Outcome::NotStarted(error))
    }

    pub(crate) fn lost(why: String) -> Self {
        Self::ended(Outcome::Lost(why))
    }

    pub(crate) fn running(
        spec: &AttemptSpec,
        attempt: u64,
        pid: i32,
        supervisor: Supervisor,
        output: [OwnedFd; 2],
        idle: IdleSupervisors,
    ) -> io::Result<Self> {
        let controller = Controller::new(attempt, &supervisor.socket);
        let [stdout, stderr] = output;
        let running = Running {
            pid,
            supervisor,
            pipes: [
                Some(Receiver::from_owned_fd(stdout)?),
                Some(Receiver::from_owned_fd(stderr)?),
            ],
            first: 0,
            limits: spec.into(),
            started: Instant::now(),
            controller: controller.clone(),
            idle,
        };
        Ok(Self {
            state: State::Running(Box::new(running)),
            controller,
        })
    }

    fn ended(outcome: Outcome) -> Self {
        let end = AttemptEnd {
            outcome,
            pid: None,
            usage: Usage::default(),
            isolation: Isolation::default(),
            leftovers: Vec::new(),
            leftover_count: 0,
            unkillable: Vec::new(),
        };
        Self {
            state: State::Ended(Box::new(end)),
            controller: Controller::idle(),
        }
    }

    /// The process id of the collector; `None` if it could not be started.
    pub fn pid(&self) -> Option<i32> {
        match &self.state {
            State::Ended(end) => end.pid,
            State::Running(running) => Some(running.pid),
        }
    }

    /// A hand on it, to be taken before `run`.
    pub fn controller(&self) -> Controller {
        self.controller.clone()
    }

    /// Passes the output on until the collector and everything that it has started
    /// are gone. It never waits for the end of the output: a process outside the
    /// tree that was given the pipe may keep it open for ever.
    pub async fn run<S: OutputSink>(self, sink: &mut S) -> AttemptEnd {
        match self.state {
            State::Ended(end) => *end,
            State::Running(running) => {
                let shared = running.controller.shared();
                let end = running.run(sink).await;
                shared.end();
                end
            }
        }
    }
}

#[derive(Debug)]
struct Running {
    pid: i32,
    supervisor: Supervisor,
    /// stdout, stderr; `None` after their end.
    pipes: [Option<Receiver>; 2],
    /// Which of them is asked first: they take turns.
    first: usize,
    limits: NamedLimits,
    started: Instant,
    controller: Controller,
    idle: IdleSupervisors,
}

enum Event {
    Chunk(usize, usize),
    Report(io::Result<Option<Report>>),
}

impl Running {
    async fn run<S: OutputSink>(mut self, sink: &mut S) -> AttemptEnd {
        let shared = self.controller.shared();
        let mut clock = OutputClock {
            last: self.started,
            pending: false,
        };
        let mut timer = std::pin::pin!(sleep_until(self.started));
        let mut armed = false;
        loop {
            if !armed && let Some(at) = self.wake_at(&clock) {
                timer.as_mut().reset(at);
                armed = true;
            }
            let event = tokio::select! {
                biased;
                event = poll_fn(|cx| self.poll_event(cx)) => event,
                () = shared.changed.notified() => {
                    armed = false;
                    continue;
                }
                () = timer.as_mut(), if armed => {
                    armed = false;
                    self.on_time(sink, &mut clock).await;
                    continue;
                }
            };
            match event {
                Event::Chunk(index, count) => {
                    let begun = Instant::now();
                    sink.chunk(STREAMS[index], &self.supervisor.buffer[..count]).await;
                    clock.last = Instant::now();
                    if clock.last - begun >= LABORIOUS {
                        // Whoever waits beside us (an order to end) has a turn before the next one;
                        // tokio would give it one after 128 chunks, whatever they cost.
                        yield_now().await;
                    }
                    if !std::mem::replace(&mut clock.pending, true) {
                        armed = false;
                    }
                }
                Event::Report(Ok(Some(Report::Over(over)))) => {
                    self.read_rest(sink).await;
                    return self.over(over);
                }
                Event::Report(Ok(Some(Report::Paused))) => shared.confirm_pause(),
                // Nothing else is said while an attempt runs.
                Event::Report(Ok(Some(_))) => {}
                Event::Report(gone) => {
                    self.supervisor.clean_up().await;
                    self.read_rest(sink).await;
                    let why = match gone {
                        // A reset means that it ended with a request of ours unread.
                        Err(error) if error.kind() != io::ErrorKind::ConnectionReset => {
                            format!("its supervisor cannot be understood: {error}")
                        }
                        _ => self.supervisor.fate().to_owned(),
                    };
                    return self.lost(why);
                }
            }
        }
    }

    /// The next report, else the next output, the two pipes taking turns.
    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        if let Poll::Ready(report) = self.supervisor.poll_report(cx) {
            return Poll::Ready(Event::Report(report));
        }
        for index in [self.first, 1 - self.first] {
            let Some(pipe) = &mut self.pipes[index] else {
                continue;
            };
            let mut buffer = ReadBuf::new(&mut self.supervisor.buffer);
            match Pin::new(pipe).poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    self.first = 1 - index;
                    return Poll::Ready(Event::Chunk(index, buffer.filled().len()));
                }
                Poll::Ready(Ok(())) => self.pipes[index] = None,
                Poll::Ready(Err(error)) => {
                    warn!(
                        "{} of pid {} cannot be read: {error}",
                        STREAMS[index].as_str(),
                        self.pid
                    );
                    self.pipes[index] = None;
                }
                Poll::Pending => {}
            }
        }
        Poll::Pending
    }

    /// The tree is gone, so everything that it wrote is in the pipes: reads it
    /// without waiting, and no more than they hold, because somebody outside the
    /// tree may still have them open and write.
    async fn read_rest<S: OutputSink>(&mut self, sink: &mut S) {
        for (pipe, stream) in self.pipes.iter_mut().zip(STREAMS) {
            let Some(Ok(pipe)) = pipe.take().map(Receiver::into_nonblocking_fd) else {
                continue;
            };
            let mut read = 0;
            while read < LARGEST_PIPE {
                // Not through tokio, which may not yet know that there is something.
                match nix::unistd::read(&pipe, &mut self.supervisor.buffer) {
                    Ok(0) | Err(Errno::EAGAIN) => break,
                    Ok(count) => {
                        read += count;
                        sink.chunk(stream, &self.supervisor.buffer[..count]).await;
                    }
                    Err(Errno::EINTR) => {}
                    Err(error) => {
                        warn!("{} of pid {} cannot be read: {error}", stream.as_str(), self.pid);
                        break;
                    }
                }
            }
        }
    }

    /// When something is due if nothing happens.
    fn wake_at(&self, clock: &OutputClock) -> Option<Instant> {
        let quiet = clock.pending.then(|| clock.last + QUIET);
        let idle = self.idle_at(clock);
        [quiet, idle].into_iter().flatten().min()
    }

    /// When it has been silent for too long; `None` while that is not counted.
    fn idle_at(&self, clock: &OutputClock) -> Option<Instant> {
        let state = self.controller.shared().state();
        if state.ending_since.is_some() || state.paused_since.is_some() {
            return None;
        }
        let since = state.resumed_at.map_or(clock.last, |at| at.max(clock.last));
        since.checked_add(self.limits.idle_timeout?)
    }

    async fn on_time<S: OutputSink>(&mut self, sink: &mut S, clock: &mut OutputClock) {
        let now = Instant::now();
        if clock.pending && now >= clock.last + QUIET {
            clock.pending = false;
            sink.quiet().await;
        }
        if self.idle_at(clock).is_some_and(|at| now >= at) {
            self.controller.cancel_for(Cause::Idle);
        }
    }

    fn over(self, over: Over) -> AttemptEnd {
        let end = AttemptEnd {
            outcome: verdict::outcome(&over, &self.limits),
            pid: Some(self.pid),
            usage: Usage {
                wall: over.wall,
                user_cpu: over.user_cpu,
                system_cpu: over.system_cpu,
                max_rss_bytes: over.max_rss,
            },
            isolation: over.isolation,
            leftovers: over.killed,
            leftover_count: over.killed_count,
            unkillable: over.unkillable,
        };
        if end.unkillable.is_empty() {
            self.idle.put_back(self.supervisor);
        }
        end
    }

    fn lost(self, why: String) -> AttemptEnd {
        AttemptEnd {
            outcome: Outcome::Lost(why),
            pid: Some(self.pid),
            usage: Usage {
                wall: self.started.elapsed(),
                ..Usage::default()
            },
            isolation: Isolation::default(),
            leftovers: Vec::new(),
            leftover_count: 0,
            unkillable: Vec::new(),
        }
    }
}

/// When output last came, and whether the sink has been told of the silence since.
struct OutputClock {
    last: Instant,
    pending: bool,
}
