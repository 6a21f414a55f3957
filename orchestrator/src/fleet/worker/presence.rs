//! What a worker says of itself every few seconds, and how far its clock is from the
//! database's: in a task of its own, so that a database that is away keeps nobody waiting.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::execution::Executor;
use crate::fleet::worker::executables::Executables;
use crate::model::Clock;
use crate::store::{BeatAnswer, FleetQueue, WorkerBeat, WorkerState};

/// Between two words.
const BEAT: Duration = Duration::from_secs(5);

/// A clock that is further off is worth a line in the log.
const SKEW_MS: i64 = 2000;

/// Tells that the worker is there.
pub(super) struct Presence {
    beat: WorkerBeat,
    executor: Arc<Executor>,
    queue: FleetQueue,
    executables: Executables,
    skew_ms: Option<i64>,
    /// Whether it was said that the clocks differ.
    told_skew: bool,
}

/// The hand on it.
pub(super) struct PresenceHandle {
    state: watch::Sender<WorkerState>,
    task: JoinHandle<()>,
}

impl Presence {
    pub(super) fn new(
        beat: WorkerBeat,
        executor: Arc<Executor>,
        queue: FleetQueue,
        executables: Executables,
    ) -> Self {
        Self {
            beat,
            executor,
            queue,
            executables,
            skew_ms: None,
            told_skew: false,
        }
    }

    /// Says it once. `false` if another worker has the name.
    ///
    /// # Errors
    /// Why the database does not take note, in words.
    pub(super) async fn say(&mut self) -> Result<bool, String> {
        self.beat.lacks_commands = self.executables.lacks();
        let before = self.clock().now();
        let said = timeout(BEAT, self.queue.note_worker(&self.beat, self.skew_ms)).await;
        match said {
            Ok(Ok(BeatAnswer::Noted { at })) => {
                self.measure(before, at, self.clock().now());
                Ok(true)
            }
            Ok(Ok(BeatAnswer::NameTaken)) => Ok(false),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err("no answer".to_owned()),
        }
    }

    /// Says it again and again, from now on, and at once when there is something new.
    pub(super) fn keep_saying(self) -> PresenceHandle {
        let (state, changes) = watch::channel(self.beat.state);
        let task = tokio::spawn(self.go_on(changes));
        PresenceHandle { state, task }
    }

    async fn go_on(mut self, mut state: watch::Receiver<WorkerState>) {
        let mut lacks = self.executables.changes();
        let mut beat = interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        beat.reset();
        loop {
            tokio::select! {
                changed = state.changed() => if changed.is_err() { return },
                // Its sender lives as long as this.
                _ = lacks.changed() => {}
                _ = beat.tick() => self.look_for_executables().await,
            }
            lacks.mark_unchanged();
            self.beat.state = *state.borrow_and_update();
            match self.say().await {
                Ok(true) => {}
                Ok(false) => tracing::warn!("another worker has the name of this one"),
                Err(error) => tracing::debug!("this worker is not seen: {error}"),
            }
            if self.beat.state == WorkerState::Gone {
                return;
            }
        }
    }

    /// What runs that wait need, and is not here.
    pub(super) async fn look_for_executables(&self) {
        match timeout(BEAT, self.executables.look_again(&self.queue)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!("what runs that wait need is not known: {error}"),
            Err(_) => tracing::debug!("what runs that wait need is not known: no answer"),
        }
    }

    fn clock(&self) -> &dyn Clock {
        &*self.executor.engine.clock
    }

    /// The database answered somewhere between.
    fn measure(&mut self, before: Timestamp, there: Timestamp, after: Timestamp) {
        let middle = i64::midpoint(before.as_millisecond(), after.as_millisecond());
        let skew = middle - there.as_millisecond();
        self.skew_ms = Some(skew);
        if skew.abs() > SKEW_MS && !std::mem::replace(&mut self.told_skew, true) {
            tracing::warn!("the clock of this machine is {skew} ms ahead of the database's");
        }
    }
}

impl PresenceHandle {
    /// It does something else now.
    pub(super) fn set(&self, state: WorkerState) {
        self.state.send_replace(state);
    }

    /// The last word: it is gone.
    pub(super) async fn end(self) {
        self.set(WorkerState::Gone);
        // It panics never, and takes no longer than two words.
        let _ = self.task.await;
    }
}
