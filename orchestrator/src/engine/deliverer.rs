//! The deliveries of a run on their way into the database, one after another and beside the
//! run: one connection serves them all. A task that delivered is followed when its delivery
//! is committed, but a slow database holds the run up for a while only: what is late stays
//! on its way, and comes in as soon as the database takes it. Where somebody else says when the
//! database is asked (a run of the queue), it is waited for: whoever goes on without it could not
//! tell a later worker.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::events::{AttemptGate, DeliveryEnd};
use crate::model::{CancelCause, Order};
use crate::records::{Delivery, Ingested, Records, RecordsError};
use crate::text::make_safe;

/// So long, and no longer, the next task is held back for a delivery.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A database that is well has taken most deliveries by then.
const LATE: Duration = Duration::from_secs(2);

/// What was read is noted within this time, or later: the deliveries behind it are waited for.
const READS: Duration = Duration::from_secs(5);

/// The pause before a database that is away is asked again.
const PAUSE: Duration = Duration::from_millis(500);

type Taken = Result<Ingested, RecordsError>;

struct Job {
    delivery: Delivery,
    taken: oneshot::Sender<Taken>,
    told: bool,
}

/// Takes deliveries in a task of its own, which ends with it.
pub(crate) struct Deliverer {
    queue: DeliveryQueue,
    hurry: watch::Sender<bool>,
    work: AbortHandle,
}

/// Where attempts hand over what they brought. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct DeliveryQueue {
    jobs: mpsc::UnboundedSender<Job>,
    /// Whether somebody else says when the database is asked.
    is_gated: bool,
}

/// What became of a delivery while the run waited for it.
pub(crate) enum Delivered {
    /// It was taken or refused.
    Done(Taken),
    /// The run goes on without it.
    Late(Box<LateDelivery>),
    /// Somebody wants the run to end now, and nothing was taken.
    TakenBack(CancelCause),
}

/// A delivery that is still on its way; one that is dropped is taken back.
#[derive(Debug)]
pub(crate) struct LateDelivery {
    pub(crate) delivery: Delivery,
    taken: oneshot::Receiver<Taken>,
}

impl LateDelivery {
    /// Whether it arrived after all; `None` if it was not even tried any more.
    pub(crate) async fn taken(self) -> Option<Taken> {
        self.taken.await.ok()
    }
}

impl Deliverer {
    /// With a gate each try is asked for there, and told.
    pub(crate) fn start(records: Records, state_dir: PathBuf, gate: Option<Arc<dyn AttemptGate>>) -> Self {
        // Not bounded by itself, but by the plan: one delivery for each attempt.
        let (jobs, receiver) = mpsc::unbounded_channel();
        let (hurry, hurried) = watch::channel(false);
        let queue = DeliveryQueue {
            jobs,
            is_gated: gate.is_some(),
        };
        let work = match gate {
            Some(gate) => tokio::spawn(work_gated(records, state_dir, receiver, gate)),
            None => tokio::spawn(work(records, state_dir, receiver, hurried)),
        };
        Self {
            queue,
            hurry,
            work: work.abort_handle(),
        }
    }

    pub(crate) fn queue(&self) -> DeliveryQueue {
        self.queue.clone()
    }

    /// The run is over: each delivery is tried once more, until the first that fails.
    pub(crate) fn hurry(&self) {
        self.hurry.send_replace(true);
    }
}

impl Drop for Deliverer {
    fn drop(&mut self) {
        self.work.abort();
    }
}

/// One at a time, in the order in which they came; one that the database cannot take now
/// lets the others go first.
async fn work(
    records: Records,
    state_dir: PathBuf,
    mut queue: mpsc::UnboundedReceiver<Job>,
    mut hurried: watch::Receiver<bool>,
) {
    let mut waiting = VecDeque::new();
    loop {
        while let Ok(job) = queue.try_recv() {
            waiting.push_back(job);
        }
        let next = match waiting.pop_front() {
            Some(job) => Some(job),
            None => queue.recv().await,
        };
        let Some(mut job) = next else { return };
        let done = tokio::select! {
            biased;
            () = job.taken.closed() => continue,
            done = records.ingest(&state_dir, &job.delivery) => done,
        };
        match done {
            Err(error) if error.may_pass() && !*hurried.borrow() => {
                job.tell(&error);
                waiting.push_back(job);
                tokio::select! {
                    () = sleep(PAUSE) => {}
                    // Its sender lives as long as this task.
                    _ = hurried.changed() => {}
                }
            }
            done => {
                let away = matches!(&done, Err(error) if error.may_pass());
                if !away {
                    forget(&job.delivery, &state_dir);
                }
                // Whoever does not want to know any more has been told that it is late.
                let _ = job.taken.send(done);
                if away {
                    return;
                }
            }
        }
    }
}

/// One at a time, and each until it is settled: nothing overtakes it.
async fn work_gated(
    records: Records,
    state_dir: PathBuf,
    mut queue: mpsc::UnboundedReceiver<Job>,
    gate: Arc<dyn AttemptGate>,
) {
    while let Some(mut job) = queue.recv().await {
        if job.delivery.only_reads {
            // Nobody waits for that, and no task is settled by it.
            let taken = timeout(READS, records.ingest(&state_dir, &job.delivery)).await;
            if taken.as_ref().is_ok_and(Result::is_ok) {
                forget(&job.delivery, &state_dir);
            }
            let _ = job.taken.send(taken.unwrap_or(Err(RecordsError::CutShort)));
            continue;
        }
        let task = job.delivery.position.saturating_sub(1);
        loop {
            let tried = async {
                match gate.deliver(task).await {
                    true => Some(records.ingest(&state_dir, &job.delivery).await),
                    false => None,
                }
            };
            let done = tokio::select! {
                biased;
                () = job.taken.closed() => {
                    gate.delivered(task, DeliveryEnd::Refused);
                    break;
                }
                tried = tried => tried,
            };
            let Some(done) = done else { break };
            let end = match &done {
                Ok(_) => DeliveryEnd::Taken,
                Err(RecordsError::Fenced(_)) => DeliveryEnd::Fenced,
                Err(error) if error.may_pass() => DeliveryEnd::Lost,
                Err(_) => DeliveryEnd::Refused,
            };
            match done {
                Err(error) if end == DeliveryEnd::Lost => job.tell(&error),
                done => {
                    forget(&job.delivery, &state_dir);
                    // Before the run goes on: what it says next comes after this.
                    gate.delivered(task, end);
                    // Whoever does not want to know any more was told to end.
                    let _ = job.taken.send(done);
                    break;
                }
            }
            gate.delivered(task, end);
        }
    }
}

impl Job {
    fn tell(&mut self, error: &RecordsError) {
        if !std::mem::replace(&mut self.told, true) {
            tracing::warn!(
                "{} cannot be taken now: {error}; it is tried again",
                name(&self.delivery)
            );
        }
    }
}

impl DeliveryQueue {
    /// Hands it over and waits for nothing.
    pub(crate) fn hand_over(&self, delivery: &Delivery) -> LateDelivery {
        let (sender, taken) = oneshot::channel();
        let job = Job {
            delivery: delivery.clone(),
            taken: sender,
            told: false,
        };
        // Without a receiver the answer is that it was not tried.
        let _ = self.jobs.send(job);
        LateDelivery {
            delivery: delivery.clone(),
            taken,
        }
    }

    /// Hands it over and waits until it is taken, but not for ever, nor against an order.
    pub(crate) async fn deliver(
        &self,
        delivery: &Delivery,
        state_dir: &Path,
        orders: &mut mpsc::UnboundedReceiver<Order>,
    ) -> Delivered {
        let begun = Instant::now();
        let mut late = self.hand_over(delivery);
        let mut told = false;
        let what = name(delivery);
        loop {
            tokio::select! {
                biased;
                taken = &mut late.taken => {
                    if told {
                        let waited = begun.elapsed().as_secs();
                        tracing::warn!("database is slow: {waited} s for {what}, which count for no task");
                    }
                    // Without an answer the other task has panicked: a defect of ours.
                    return Delivered::Done(taken.unwrap_or(Err(RecordsError::CutShort)));
                }
                Some(order) = orders.recv() => if let Order::Kill(by) = order
                    && !(self.is_gated && by == CancelCause::LeaseLost)
                {
                    drop(late);
                    forget(delivery, state_dir);
                    return Delivered::TakenBack(by);
                },
                () = sleep_until(begun + PATIENCE), if !self.is_gated => {
                    let waited = PATIENCE.as_secs();
                    tracing::warn!("database is slow: {waited} s for {what}; the run goes on without it");
                    return Delivered::Late(Box::new(late));
                }
                () = sleep_until(begun + LATE), if !told => {
                    told = true;
                    // The events file stays the truth; the note leads a later start to it.
                    if let Err(error) = delivery.note(state_dir) {
                        tracing::error!("{error}; only this run can bring in {what}");
                    }
                    let most = match self.is_gated {
                        true => "for as long as it takes".to_owned(),
                        false => format!("for at most {} s", PATIENCE.as_secs()),
                    };
                    tracing::warn!("the run waits for the database to take {what}, {most}");
                }
            }
        }
    }
}

/// What it is, in words for people.
pub(crate) fn name(delivery: &Delivery) -> String {
    let did = if delivery.only_reads { "read" } else { "brought" };
    let name = format!("what {}/{} {did}", delivery.group, delivery.name);
    make_safe(&name).into_owned()
}

fn forget(delivery: &Delivery, state_dir: &Path) {
    if let Err(error) = delivery.forget(state_dir) {
        // Harmless: the next start finds that it has been taken, or tries in vain.
        tracing::debug!("{error}");
    }
}
