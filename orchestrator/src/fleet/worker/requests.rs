//! What a worker asks the database: each request in a task of its own and in bounded time, its
//! answer comes as news. Nothing is asked again here; the protocol knows when.

use std::collections::BTreeSet;
use std::future::Future;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::fleet::protocol::{ClaimReply, Fence, Grant, Lease, OnLost, Reply, Sequence, Write};
use crate::fleet::worker::executables::Executables;
use crate::fleet::worker::journal_feed::NumberedEvents;
use crate::fleet::worker::news::News;
use crate::model::{CancelCause, LossPolicy};
use crate::store::{FleetQueue, Renewal, RunFence, RunGrant, ShownRun, Store, StoreError, WorkerMeans};

/// So many workers in a row may be lost with a run before it is given up: a plan that kills its
/// workers must not go round for ever.
pub(super) const MOST_LOSSES: u32 = 5;

/// How long a look into the queue may take.
const LOOK: Duration = Duration::from_secs(5);

/// How long a claim may take: an answer that comes later than most of the shortest lease is of no
/// use.
const CLAIM: Duration = Duration::from_secs(2);

/// A renewal that has no answer by then is asked again: an eighth of the lease, within these.
const RENEWAL: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(10));

/// A write is larger, and nobody is ended for the want of its answer.
const WRITE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(10));

/// Asks, and tells what was answered.
#[derive(Clone)]
pub(super) struct Requests {
    pub(super) queue: FleetQueue,
    pub(super) store: Store,
    pub(super) worker: String,
    pub(super) executables: Executables,
    pub(super) inbox: mpsc::UnboundedSender<News>,
}

/// What is written under which claim.
pub(super) struct WriteRequest {
    pub(super) fence: Fence,
    pub(super) write: Write,
    pub(super) run: RunFence,
    pub(super) lease: Lease,
}

impl Requests {
    /// Which runs this worker may take, at most so many.
    pub(super) fn look(&self, means: WorkerMeans, most: usize) {
        let Self {
            queue,
            inbox,
            executables,
            ..
        } = self.clone();
        tokio::spawn(async move {
            let shown = match timeout(LOOK, show(&queue, &executables, means, most)).await {
                Ok(Ok(shown)) => shown,
                Ok(Err(error)) => {
                    tracing::debug!("the queue cannot be read: {error}");
                    Vec::new()
                }
                Err(_) => {
                    tracing::debug!("the queue cannot be read: no answer");
                    Vec::new()
                }
            };
            tell(&inbox, News::Looked(shown));
        });
    }

    /// Which of this worker's runs somebody wants to end.
    pub(super) fn look_for_cancelled(&self) {
        let Self {
            queue, worker, inbox, ..
        } = self.clone();
        tokio::spawn(async move {
            // Renewals tell it, too.
            let cancelled = match timeout(LOOK, queue.cancelled_of(&worker)).await {
                Ok(Ok(cancelled)) => cancelled,
                Ok(Err(_)) | Err(_) => Vec::new(),
            };
            tell(&inbox, News::Cancelled(cancelled));
        });
    }

    pub(super) fn claim(&self, fence: Fence, shown: ShownRun) {
        let Self {
            queue, worker, inbox, ..
        } = self.clone();
        tokio::spawn(async move {
            let (reply, grant) = match timeout(CLAIM, queue.claim(&shown, &worker)).await {
                Ok(Ok(Some(grant))) => (ClaimReply::Granted(terms(&grant)), Some(Box::new(grant))),
                Ok(Ok(None)) => (ClaimReply::Refused, None),
                Ok(Err(error)) => {
                    tracing::debug!("run {} is not claimed: {error}", shown.run);
                    // What will not pass is left to whoever reads it: the message comes back.
                    match error.may_pass() {
                        true => (ClaimReply::Lost, None),
                        false => (ClaimReply::Refused, None),
                    }
                }
                Err(_) => (ClaimReply::Lost, None),
            };
            tell(&inbox, News::Claimed { fence, reply, grant });
        });
    }

    pub(super) fn leave(&self, shown: ShownRun, pause: Duration) {
        let queue = self.queue.clone();
        let seconds = u32::try_from(pause.as_secs()).unwrap_or(u32::MAX);
        tokio::spawn(async move {
            // It is shown again in any case, only later.
            if let Ok(Err(error)) = timeout(LOOK, queue.leave(&shown, seconds)).await {
                tracing::debug!("run {} is not left to others: {error}", shown.run);
            }
        });
    }

    pub(super) fn renew(&self, fence: Fence, run: RunFence, lease: Lease) {
        let Self { queue, inbox, .. } = self.clone();
        tokio::spawn(async move {
            let (shortest, longest) = RENEWAL;
            let patience = (lease.length() / 8).clamp(shortest, longest);
            let (reply, cancelled) = match timeout(patience, queue.renew(&run)).await {
                Ok(Ok(Renewal::Kept { cancelled })) => (Reply::Stored, cancelled),
                Ok(Ok(Renewal::Fenced)) => (Reply::Fenced, false),
                Ok(Err(error)) => {
                    tracing::warn!("the lease of run {} is not renewed: {error}", run.run);
                    (Reply::Lost, false)
                }
                Err(_) => {
                    tracing::warn!("the lease of run {} is not renewed: no answer", run.run);
                    (Reply::Lost, false)
                }
            };
            tell(
                &inbox,
                News::Renewed {
                    fence,
                    reply,
                    cancelled,
                },
            );
        });
    }

    /// The journal, and with its last event the end of the run.
    pub(super) fn record(&self, what: &WriteRequest, events: NumberedEvents) {
        let store = self.store.clone();
        let run = what.run.clone();
        self.write(what, async move { store.apply_claimed(&run, &events).await });
    }

    /// The end of a run that has lost too many workers.
    pub(super) fn give_up(&self, what: &WriteRequest, reason: String, now: Timestamp) {
        let store = self.store.clone();
        let run = what.run.clone();
        self.write(
            what,
            async move { store.give_up_claimed(&run, &reason, now).await },
        );
    }

    /// The run waits for others again.
    pub(super) fn release(&self, what: &WriteRequest, reason: String, lost_attempt: bool) {
        let queue = self.queue.clone();
        let run = what.run.clone();
        self.write(what, async move {
            match queue.give_back(&run, &reason, lost_attempt).await? {
                true => Ok(()),
                false => Err(StoreError::Fenced(run.run.to_string())),
            }
        });
    }

    fn write(
        &self,
        what: &WriteRequest,
        work: impl Future<Output = Result<(), StoreError>> + Send + 'static,
    ) {
        let inbox = self.inbox.clone();
        let WriteRequest {
            fence, write, lease, ..
        } = *what;
        tokio::spawn(async move {
            let (shortest, longest) = WRITE;
            let patience = (lease.length() / 8).clamp(shortest, longest);
            let (reply, why) = match timeout(patience, work).await {
                Ok(Ok(())) => (Reply::Stored, None),
                Ok(Err(error)) => (reply_of(&error), Some(error.to_string())),
                Err(_) => (Reply::Lost, Some("no answer".to_owned())),
            };
            tell(
                &inbox,
                News::Written {
                    fence,
                    write,
                    reply,
                    why,
                },
            );
        });
    }
}

/// So often is looked for runs that can be executed here, in one look: each time something more is
/// known to be lacking.
const TRIES: usize = 8;

/// Runs whose collectors are here, or are nowhere.
async fn show(
    queue: &FleetQueue,
    executables: &Executables,
    mut means: WorkerMeans,
    most: usize,
) -> Result<Vec<ShownRun>, StoreError> {
    for _ in 0..TRIES {
        means.lacks_commands = executables.lacks();
        let candidates = queue.candidates(&means, most).await?;
        let commands: BTreeSet<String> = candidates.iter().flat_map(|run| run.commands.clone()).collect();
        if !executables.learn(commands).await {
            return queue.show_first(candidates, most).await;
        }
    }
    Ok(Vec::new())
}

fn reply_of(error: &StoreError) -> Reply {
    match error {
        StoreError::Fenced(_) => Reply::Fenced,
        error if error.may_pass() => Reply::Lost,
        _ => Reply::Refused,
    }
}

/// What the protocol knows of a grant.
fn terms(grant: &RunGrant) -> Grant {
    Grant {
        lease: Lease::new(grant.lease),
        recorded: Sequence(grant.recorded),
        losses: grant.losses,
        on_lost: match grant.on_lost {
            LossPolicy::Resume => OnLost::Resume { losses: MOST_LOSSES },
            LossPolicy::Fail => OnLost::Fail,
        },
        cancelled: grant.cancelled.then_some(CancelCause::Operator),
    }
}

fn tell(inbox: &mpsc::UnboundedSender<News>, news: News) {
    // A loop that is gone has nothing of any run any more.
    let _ = inbox.send(news);
}
