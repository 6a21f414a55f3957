//! The driver of all side work. A job takes no input and may be run at any time: it looks
//! for what is to be done and does it, so one run too many does no harm. It is run at
//! intervals while this scheduler leads, and earlier when an event wakes it; each of its
//! runs follows the one before. How it went the last time can be read in the status.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::events::SchedulerStatus;
use crate::model::Clock;
use crate::scheduler::status::Status;

/// What a job comes to: what stood in its way, if anything did.
pub(crate) type JobResult = Result<(), String>;

/// One kind of side work.
pub(crate) trait SideJob: Send + Sync + 'static {
    /// As the status calls it.
    fn name(&self) -> &'static str;

    /// Runs it earlier when an event wakes it.
    fn wake(&self) -> &Wake;

    /// How often it is run while nothing wakes it; `None` for never.
    fn every(&self) -> Option<Duration>;

    /// Whether the end of the scheduler waits for a run that goes on, and for one more if
    /// it was woken meanwhile.
    fn finishes(&self) -> bool {
        true
    }

    fn run(&self) -> Pin<Box<dyn Future<Output = JobResult> + Send + '_>>;
}

/// Wakes a job. Waking it while it runs makes it run once more. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Wake(Arc<Notify>);

impl Wake {
    pub(crate) fn wake(&self) {
        self.0.notify_one();
    }
}

/// The jobs that are driven, until it is dropped.
#[derive(Default)]
pub(crate) struct Driver(Vec<DrivenJob>);

struct DrivenJob {
    stop: watch::Sender<bool>,
    work: JoinSet<()>,
    finishes: bool,
}

impl Driver {
    /// Drives one more job. Jobs finish in the order in which they are given.
    pub(crate) fn drive(&mut self, job: Arc<dyn SideJob>, status: &Status, clock: &Arc<dyn Clock>) {
        let (stop, stopped) = watch::channel(false);
        let finishes = job.finishes();
        status.change_side_work(job.name(), |_| {});
        let rounds = Rounds {
            job,
            last: None,
            standing: status.subscribe(),
            status: status.clone(),
            clock: Arc::clone(clock),
        };
        let mut work = JoinSet::new();
        work.spawn(rounds.drive(stopped));
        self.0.push(DrivenJob { stop, work, finishes });
    }

    /// Waits for what goes on, which has a time limit of its own, and for what was woken.
    pub(crate) async fn finish(&mut self) {
        for job in &mut self.0 {
            job.stop.send_replace(true);
            if job.finishes {
                while job.work.join_next().await.is_some() {}
            } else {
                job.work.shutdown().await;
            }
        }
    }
}

struct Rounds {
    job: Arc<dyn SideJob>,
    /// When it last began, since this scheduler leads.
    last: Option<Instant>,
    standing: watch::Receiver<SchedulerStatus>,
    status: Status,
    clock: Arc<dyn Clock>,
}

impl Rounds {
    async fn drive(mut self, mut stopped: watch::Receiver<bool>) {
        let wake = self.job.wake().clone();
        loop {
            tokio::select! {
                biased;
                () = wake.0.notified() => {}
                _ = stopped.wait_for(|stopped| *stopped) => return,
                () = self.due() => {}
            }
            self.last = Some(Instant::now());
            self.run().await;
        }
    }

    /// Waits until it is time, which it is only while this scheduler leads. Safe to drop.
    async fn due(&mut self) {
        let Some(every) = self.job.every() else {
            return std::future::pending().await;
        };
        loop {
            if !self.standing.borrow().leading {
                self.last = None;
            }
            if self.standing.wait_for(|standing| standing.leading).await.is_err() {
                return std::future::pending().await;
            }
            let last = *self.last.get_or_insert_with(Instant::now);
            tokio::select! {
                () = sleep_until(last + every) => return,
                _ = self.standing.wait_for(|standing| !standing.leading) => {}
            }
        }
    }

    async fn run(&self) {
        let name = self.job.name();
        let started_at = self.clock.now();
        self.status
            .change_side_work(name, |work| work.started_at = Some(started_at));
        let job = Arc::clone(&self.job);
        // A task of its own: if it panics, the next one may go better.
        let mut work = JoinSet::new();
        work.spawn(async move { job.run().await });
        let result = match work.join_next().await {
            Some(Ok(result)) => result,
            Some(Err(error)) => {
                tracing::error!("{name}: a defect of ours: {error}");
                Err(format!("a defect of ours: {error}"))
            }
            None => Ok(()),
        };
        let ended_at = self.clock.now();
        self.status.change_side_work(name, |work| {
            work.ended_at = Some(ended_at);
            work.error = result.err();
        });
    }
}

#[cfg(test)]
mod tests;
