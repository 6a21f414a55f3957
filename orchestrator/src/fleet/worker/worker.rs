//! The loop of a worker: it waits for whatever happens first. What that means is said by the
//! protocol.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};

use crate::engine::EndingSignals;
use crate::execution::{Audience, Executor};
use crate::fleet::protocol::{WorkerInput, WorkerSettings};
use crate::fleet::worker::bell::Bell;
use crate::fleet::worker::executables::Executables;
use crate::fleet::worker::log_sender::LogSender;
use crate::fleet::worker::news::News;
use crate::fleet::worker::presence::{Presence, PresenceHandle};
use crate::fleet::worker::requests::Requests;
use crate::fleet::worker::shell::WorkerShell;
use crate::model::CancelCause;
use crate::store::{FleetQueue, WorkerBeat, WorkerMeans, WorkerState};
use crate::text::counted;

/// After the third signal, for a database that does not answer: nothing runs any more by then, and
/// what is not written is left to its lease.
const FAREWELL: Duration = Duration::from_secs(5);

/// What a worker needs, made once by the verb.
pub struct WorkerSetup {
    /// To execute and to remember.
    pub executor: Arc<Executor>,
    /// Where runs wait.
    pub queue: FleetQueue,
    /// What it has to offer.
    pub means: WorkerMeans,
    /// Secrets of its settings that have no value here.
    pub lacks: Vec<String>,
    /// How many runs it takes at a time.
    pub capacity: usize,
    /// How long runs may go on after it was asked to end.
    pub drain_timeout: Duration,
    /// Who is told of each run.
    pub audience: Box<dyn Fn() -> Audience>,
}

/// How a worker ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkerStopped {
    /// Set if runs had to be cancelled for it.
    pub cancelled: Option<CancelCause>,
}

/// Why there can be no worker.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// Another one of this name is there.
    #[error("another worker is called {0}, and was there within the last 20 s")]
    NameTaken(String),
    /// The database does not know of it.
    #[error("the database does not take note of this worker: {0}")]
    Unknown(String),
    /// The kernel does not give what it needs.
    #[error("the system gives no signal handlers")]
    Signals(#[source] io::Error),
    /// Without one nobody knows how long a lease still holds.
    #[error("the system gives no clock")]
    Clock(#[source] io::Error),
}

/// Takes runs and executes them until a signal ends it.
///
/// # Errors
/// It cannot begin, or has no clock. Once it has begun, it goes on whatever the database does.
pub async fn work(setup: WorkerSetup) -> Result<WorkerStopped, WorkerError> {
    let mut signals = EndingSignals::new().map_err(WorkerError::Signals)?;
    let mut worker = WorkerLoop::begin(setup).await?;
    let worked = worker.run(&mut signals).await;
    let WorkerLoop { shell, presence, .. } = worker;
    presence.end().await;
    let WorkerShell {
        log_sender,
        cancelled,
        ..
    } = shell;
    log_sender.close().await;
    worked.map_err(WorkerError::Clock)?;
    Ok(WorkerStopped { cancelled })
}

/// A worker that has said that it is there.
struct WorkerLoop {
    shell: WorkerShell,
    inbox: mpsc::UnboundedReceiver<News>,
    bell: Bell,
    presence: PresenceHandle,
    drain_timeout: Duration,
    signals: u32,
    /// From here on nobody is waited for.
    leave_at: Option<Instant>,
}

impl WorkerLoop {
    async fn begin(setup: WorkerSetup) -> Result<Self, WorkerError> {
        let WorkerSetup {
            executor,
            queue,
            means,
            ..
        } = setup;
        let beat = WorkerBeat {
            name: means.name.clone(),
            owner: executor.owner.clone(),
            state: WorkerState::Working,
            capacity: setup.capacity,
            labels: means.labels.clone(),
            lacks: setup.lacks,
            lacks_commands: Vec::new(),
            secrets: means.secrets.clone(),
            plan_version: means.plan_version,
            started_at: executor.now(),
        };
        let executables = Executables::new(Arc::clone(&executor));
        let mut presence = Presence::new(beat, Arc::clone(&executor), queue.clone(), executables.clone());
        presence.look_for_executables().await;
        // The second word knows what the first one measured.
        for _ in 0..2 {
            match presence.say().await {
                Ok(true) => {}
                Ok(false) => return Err(WorkerError::NameTaken(means.name)),
                Err(error) => return Err(WorkerError::Unknown(error)),
            }
        }
        tracing::info!(
            "worker {} takes {} at a time",
            means.name,
            counted(setup.capacity, "run")
        );
        // Not bounded by itself, but by the runs that it has: each says little.
        let (sender, inbox) = mpsc::unbounded_channel();
        let requests = Requests {
            queue: queue.clone(),
            store: executor.store.clone(),
            worker: means.name.clone(),
            executables,
            inbox: sender,
        };
        let log_sender = LogSender::start(queue.clone(), executor.state_dir());
        let settings = WorkerSettings {
            capacity: setup.capacity,
            drain_timeout: Some(setup.drain_timeout),
        };
        Ok(Self {
            shell: WorkerShell::new(
                settings,
                requests,
                (executor, means),
                (setup.audience, log_sender),
            ),
            inbox,
            bell: Bell::new(queue),
            presence: presence.keep_saying(),
            drain_timeout: setup.drain_timeout,
            signals: 0,
            leave_at: None,
        })
    }

    async fn run(&mut self, signals: &mut EndingSignals) -> io::Result<()> {
        loop {
            self.shell.look();
            if self.shell.machine.is_drained() {
                return Ok(());
            }
            let pause = self.shell.pause()?;
            let leave_at = self.leave_at;
            tokio::select! {
                biased;
                cause = signals.next() => self.signal(cause)?,
                () = sleep_until(leave_at.unwrap_or_else(Instant::now)), if leave_at.is_some() => {
                    tracing::warn!("what is not written is left to its lease");
                    return Ok(());
                }
                Some(news) = self.inbox.recv() => {
                    self.shell.take(news)?;
                    while let Ok(news) = self.inbox.try_recv() {
                        self.shell.take(news)?;
                    }
                    self.shell.settle()?;
                }
                () = sleep(pause.unwrap_or_default()), if pause.is_some() => self.shell.tick()?,
                () = self.bell.ring() => self.shell.hear(),
            }
        }
    }

    /// The first drains, the second cancels, the third kills.
    fn signal(&mut self, cause: CancelCause) -> io::Result<()> {
        self.signals += 1;
        let runs = counted(self.shell.machine.busy(), "run");
        match self.signals {
            1 => {
                self.presence.set(WorkerState::Draining);
                if self.shell.machine.busy() > 0 {
                    tracing::info!(
                        "ending: {runs} may finish within {}; a second signal cancels them",
                        humantime::format_duration(self.drain_timeout)
                    );
                }
            }
            2 => tracing::warn!("cancelled: {runs}"),
            _ => {
                self.leave_at.get_or_insert(Instant::now() + FAREWELL);
                tracing::warn!("killed: {runs}");
            }
        }
        self.shell.step(WorkerInput::Signal { cause })
    }
}
