//! Writes a run's events into the database while the run goes on. A slow database
//! holds no collector back, and a dead one neither: events wait in memory, are tried
//! again, and the journal has them in any case.

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, sleep, sleep_until};

use crate::database::DatabaseError;
use crate::events::Message;
use crate::model::RunId;
use crate::rundir::journal::{self, Numbered};
use crate::rundir::unrecorded;
use crate::store::error::StoreError;
use crate::store::runs::recovery::journal_of;
use crate::store::runs::write::Gaps;
use crate::store::store::Store;

/// How many events go into one transaction.
const BATCH: usize = 512;

/// How long events gather for one transaction: far less than anybody needs to look,
/// and quick collectors share the cost of a commit. The journal has them at once.
const GATHER: Duration = Duration::from_millis(50);

/// The pause after a first failure, and the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How long a run that is over waits for a database that is away.
pub const DRAIN: Duration = Duration::from_secs(15);

/// What became of the recording.
#[derive(Debug)]
pub struct RecorderEnd {
    /// Events that did not reach the database, and why; `None` if all did.
    pub failure: Option<(usize, StoreError)>,
}

/// Records what comes through `queue` until it ends and everything is written, or
/// `drain` has passed since it ended, or whoever notifies `enough` does not want to wait
/// any longer than for the end of the queue. A run that the database has whole is no longer
/// noted as unrecorded.
pub async fn record(
    store: Store,
    run: RunId,
    state_dir: PathBuf,
    queue: mpsc::Receiver<Message>,
    drain: Duration,
    enough: Arc<Notify>,
) -> RecorderEnd {
    let run = Recorded {
        store,
        run,
        state_dir,
    };
    run.write(queue, drain, enough).await
}

/// What is recorded, and where.
struct Recorded {
    store: Store,
    run: RunId,
    state_dir: PathBuf,
}

impl Recorded {
    async fn write(
        self,
        queue: mpsc::Receiver<Message>,
        drain: Duration,
        enough: Arc<Notify>,
    ) -> RecorderEnd {
        // Not bounded by itself, but by the plan: a run has few events, however much it writes.
        let (sender, receiver) = mpsc::unbounded_channel();
        let feed = Feed {
            receiver,
            late: Vec::new(),
            drain,
            deadline: None,
            enough,
        };
        let ((), failure) = tokio::join!(take(queue, sender), self.write_all(feed));
        if failure.is_none()
            && let Err(error) = unrecorded::forget(&self.state_dir, &self.run)
        {
            // Harmless: the next start finds that there is nothing to bring in.
            tracing::debug!("run {} stays noted as unrecorded: {error}", self.run);
        }
        RecorderEnd { failure }
    }

    async fn write_all(&self, mut feed: Feed) -> Option<(usize, StoreError)> {
        let mut waiting: Vec<Numbered> = Vec::new();
        let mut pause = FIRST_PAUSE;
        let mut gaps = Gaps::Forgotten;
        let mut failure = None;
        loop {
            feed.next(&mut waiting).await;
            if waiting.is_empty() {
                return None;
            }
            feed.gather(&mut waiting).await;
            let batch = waiting.len().min(BATCH);
            let applied = self.store.apply(&self.run, &waiting[..batch], gaps, None);
            match feed.during(applied).await {
                Some(Ok(())) => {
                    waiting.drain(..batch);
                    if waiting.is_empty() {
                        gaps = Gaps::Forgotten;
                    }
                    pause = FIRST_PAUSE;
                    if failure.take().is_some() {
                        tracing::info!("the database is back; nothing is missing in it");
                    }
                    continue;
                }
                Some(Err(StoreError::Forgotten(_))) if gaps == Gaps::Forgotten => {
                    tracing::warn!("the database has forgotten events of this run; they are written again");
                    // Once: what the journal lacks as well is nowhere.
                    gaps = Gaps::Accepted;
                    let (mut all, _) =
                        journal::read(&journal_of(&self.state_dir, &self.run)).unwrap_or_default();
                    all.append(&mut waiting);
                    waiting = all;
                    continue;
                }
                Some(Err(error)) => {
                    let hopeless = !error.may_pass();
                    if failure.is_none() {
                        let what_now = if hopeless { "" } else { "; it is tried again" };
                        tracing::error!(
                            "the database cannot be written: {error}; the run goes on and its journal is complete{what_now}"
                        );
                    }
                    failure = Some(error);
                    if hopeless {
                        break;
                    }
                }
                None => {
                    failure = failure.or_else(|| Some(silent()));
                    break;
                }
            }
            if feed.during(sleep(pause)).await.is_none() {
                break;
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        let missing = waiting.len() + feed.count_rest().await;
        failure.map(|error| (missing, error))
    }
}

/// Numbers the events and takes them off the bus at once, whatever the database does.
async fn take(mut queue: mpsc::Receiver<Message>, sender: mpsc::UnboundedSender<Numbered>) {
    let mut count = 0;
    while let Some(message) = queue.recv().await {
        if let Message::Event(event) = message {
            count += 1;
            // Its reader reads to the end.
            let _ = sender.send((count, event));
        }
    }
}

/// What is still to come, and how long there is time for it.
struct Feed {
    receiver: mpsc::UnboundedReceiver<Numbered>,
    /// What came while something else was being done.
    late: Vec<Numbered>,
    drain: Duration,
    /// Set when nothing more will come.
    deadline: Option<Instant>,
    /// Told when nobody wants to wait for the deadline.
    enough: Arc<Notify>,
}

impl Feed {
    /// The next events, once there are any; none if there will be none.
    async fn next(&mut self, waiting: &mut Vec<Numbered>) {
        waiting.append(&mut self.late);
        if waiting.is_empty() && self.deadline.is_none() {
            self.receiver.recv_many(waiting, BATCH).await;
        }
    }

    /// Lets a few more gather; the end of the run is not waited with.
    async fn gather(&mut self, waiting: &mut Vec<Numbered>) {
        let enough = sleep(GATHER);
        tokio::pin!(enough);
        while self.deadline.is_none() && waiting.len() < BATCH {
            tokio::select! {
                event = self.receiver.recv() => match event {
                    Some(event) => waiting.push(event),
                    None => self.deadline = Some(Instant::now() + self.drain),
                },
                () = &mut enough => return,
            }
        }
    }

    /// Does `work` while events gather; `None` if the time is over before it is done.
    async fn during<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        tokio::pin!(work);
        loop {
            let deadline = self.deadline;
            tokio::select! {
                biased;
                done = &mut work => return Some(done),
                event = self.receiver.recv(), if deadline.is_none() => match event {
                    Some(event) => self.late.push(event),
                    None => self.deadline = Some(Instant::now() + self.drain),
                },
                () = sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => return None,
                () = self.enough.notified(), if deadline.is_some() => return None,
            }
        }
    }

    /// How many events there still were, once nothing more comes.
    async fn count_rest(mut self) -> usize {
        let mut count = self.late.len();
        while self.receiver.recv().await.is_some() {
            count += 1;
        }
        count
    }
}

fn silent() -> StoreError {
    DatabaseError::no_answer("no answer".to_owned()).into()
}
