//! Runs of the queue, as if they ran here: what their collectors write is shown as it comes, from
//! whatever machine, and their ends decide the exit code.

use std::io;
use std::sync::Arc;

use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::stderr::print_words;
use crate::cli::shell::store::unusable;
use crate::cli::verbs::look::logs::print_hole;
use crate::engine::EndingSignals;
use crate::events::{Listener, Output, TaskRef};
use crate::execution::Executor;
use crate::fleet::Bell;
use crate::model::{CancelCause, Clock, RunId, SystemClock};
use crate::queries::logs::{DistantFollower, Heard, LogBell, LogChoice};
use crate::report::Console;
use crate::store::{FleetQueue, QueuedState, Store};
use crate::text::make_safe;

/// What is waited for.
pub(super) struct QueuedRuns {
    store: Store,
    queue: FleetQueue,
    console: Console,
    waiting: Vec<WaitedRun>,
    /// The signal that cancelled them.
    cancelled: Option<CancelCause>,
    /// The exit code so far.
    worst: u8,
}

struct WaitedRun {
    run: RunId,
    follower: DistantFollower,
    /// Whether everything that it wrote was shown.
    is_shown: bool,
}

impl QueuedRuns {
    pub(super) fn new(executor: &Executor, queue: FleetQueue, console: Console, runs: Vec<RunId>) -> Self {
        let follow = |run: RunId| WaitedRun {
            follower: DistantFollower::new(
                executor.store.clone(),
                run.clone(),
                executor.state_dir().to_owned(),
                LogChoice::default(),
                None,
            ),
            run,
            is_shown: false,
        };
        Self {
            store: executor.store.clone(),
            queue,
            console,
            waiting: runs.into_iter().map(follow).collect(),
            cancelled: None,
            worst: 0,
        }
    }

    /// Until all of them have ended. The first signal cancels them, the second lets them be.
    ///
    /// # Errors
    /// Signals cannot be heard, or the database does not take the wish to cancel.
    pub(super) async fn wait(mut self) -> Result<VerbExit, Failure> {
        let mut signals = EndingSignals::new().map_err(Failure::infrastructure)?;
        let mut bell = Bell::with_ends(self.queue.clone());
        let mut logs = LogBell::new(self.store.clone());
        let mut look_at = None;
        loop {
            self.look(look_at.take()).await;
            if self.waiting.is_empty() {
                return Ok(VerbExit::of_run(self.worst));
            }
            tokio::select! {
                biased;
                cause = signals.next() => {
                    if let Some(exit) = self.stop(cause).await? {
                        return Ok(exit);
                    }
                }
                () = bell.ring() => {}
                run = logs.ring() => look_at = run,
            }
        }
    }

    /// Shows what is new, of one run or of all, and tells which have ended.
    async fn look(&mut self, only: Option<RunId>) {
        let mut left = Vec::new();
        for mut waited in std::mem::take(&mut self.waiting) {
            if only.as_ref().is_some_and(|only| *only != waited.run) {
                left.push(waited);
                continue;
            }
            let console = &mut self.console;
            match waited.follower.read(&mut |heard| show(console, &heard)).await {
                Ok(is_over) => waited.is_shown = is_over,
                // One that is away tells nothing.
                Err(error) => tracing::debug!("run {} is not seen: {error}", waited.run),
            }
            self.console.settle();
            let end = match waited.is_shown {
                true => end_of(&self.store, &waited.run).await,
                false => None,
            };
            match end {
                Some(code) => self.worst = self.worst.max(code),
                None => left.push(waited),
            }
        }
        self.waiting = left;
    }

    /// What a signal means; the exit code if it means not to wait any longer.
    async fn stop(&mut self, cause: CancelCause) -> Result<Option<VerbExit>, Failure> {
        if self.cancelled.is_some() {
            print_words!("{cause}: what runs goes on without us.");
            return Ok(Some(match cause {
                CancelCause::Interrupt => VerbExit::Interrupted,
                _ => VerbExit::Terminated,
            }));
        }
        self.cancelled = Some(cause);
        print_words!("{cause}: the runs are cancelled; a second signal lets them be");
        for waited in &self.waiting {
            let now = SystemClock.now();
            self.queue.cancel(&waited.run, now).await.map_err(unusable)?;
        }
        Ok(None)
    }
}

/// As `run` shows it.
fn show(console: &mut Console, heard: &Heard<'_>) -> io::Result<()> {
    match *heard {
        Heard::Line {
            position,
            owner,
            record,
        } => {
            let task = TaskRef {
                position,
                group: owner.group.clone(),
                name: owner.name.clone(),
                command: owner.command.clone(),
            };
            console.output(&Output {
                task: Arc::new(task),
                stream: record.stream,
                // It was written by us, and is a time.
                at: record.at.parse().unwrap_or_default(),
                lines: [record.bytes, b"\n"].concat(),
            });
        }
        Heard::Hole { owner, hole, file } => {
            console.settle();
            print_hole(&owner.group, &owner.name, hole, file);
        }
    }
    Ok(())
}

/// The exit code of a run that has ended, which is told; a database that is away tells nothing.
async fn end_of(store: &Store, run: &RunId) -> Option<u8> {
    let queued = store.queued_run(run).await.ok()??;
    if queued.state != QueuedState::Ended {
        return None;
    }
    let Some(record) = store.run(run).await.ok()? else {
        print_words!("run {run} was given up before anything of it was started");
        return Some(1);
    };
    let header = record.header;
    let reason = header
        .lost
        .as_deref()
        .map_or(String::new(), |lost| format!(": {}", make_safe(lost)));
    print_words!(
        "run {run} ended: {} succeeded, {} failed, {} skipped{reason}",
        header.succeeded,
        header.failed,
        header.skipped
    );
    Some(header.exit_code.unwrap_or(1))
}
