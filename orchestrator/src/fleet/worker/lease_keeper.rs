//! The lease of one claimed run: renewed while the database answers; where it does not, the
//! collectors are ended before anybody else may have the run. Time is counted by a clock of
//! our own, from before the last renewal that was acknowledged was sent.

use std::io;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};

use crate::engine::time_since_boot;
use crate::model::{CancelCause, LeaseDeadline, Order};
use crate::store::{FleetQueue, Renewal, RunFence};

/// Keeps a run for this worker.
pub(crate) struct LeaseKeeper {
    pub(crate) queue: FleetQueue,
    pub(crate) fence: RunFence,
    pub(crate) lease: Duration,
    /// The end of the run's orders.
    pub(crate) orders: mpsc::Sender<Order>,
    /// Told to the supervisors of its collectors, which end them by themselves.
    pub(crate) deadline: watch::Sender<LeaseDeadline>,
    /// False from when nothing may be started or written for it any more.
    pub(crate) held: watch::Sender<bool>,
    /// When the renewal that counts was sent: at first the claim.
    pub(crate) anchor: Duration,
}

/// Why a run is not this worker's any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LeaseEnd {
    /// Another one has it, or it has ended.
    Fenced,
    /// No renewal was acknowledged in time.
    RanOut,
}

impl LeaseKeeper {
    /// Renews the lease until the run is lost, and then ends it. Dropped when the run is over.
    ///
    /// # Errors
    /// There is no clock.
    pub(crate) async fn keep(mut self, lost: &watch::Sender<Option<LeaseEnd>>) -> io::Result<()> {
        let (mut cancelled, mut asked) = (false, self.anchor);
        loop {
            let now = time_since_boot()?;
            let terminate = self.deadline.borrow().terminate_at;
            if now >= terminate {
                return self.run_out(lost).await;
            }
            let due = asked + self.pause(asked);
            if now < due {
                sleep(due.min(terminate) - now).await;
                continue;
            }
            asked = now;
            let patience = (self.lease / 8)
                .max(Duration::from_millis(250))
                .min(terminate - now);
            match timeout(patience, self.queue.renew(&self.fence)).await {
                Ok(Ok(Renewal::Kept { cancelled: wanted })) => {
                    self.anchor = asked;
                    self.deadline.send_replace(LeaseDeadline::of(asked, self.lease));
                    if wanted && !std::mem::replace(&mut cancelled, true) {
                        self.order(Order::Cancel(CancelCause::Operator));
                    }
                }
                Ok(Ok(Renewal::Fenced)) => {
                    lost.send_replace(Some(LeaseEnd::Fenced));
                    self.held.send_replace(false);
                    self.order(Order::Kill(CancelCause::LeaseLost));
                    return std::future::pending().await;
                }
                Ok(Err(error)) => {
                    tracing::warn!("the lease of run {} is not renewed: {error}", self.fence.run);
                }
                Err(_) => {
                    tracing::warn!("the lease of run {} is not renewed: no answer", self.fence.run);
                }
            }
        }
    }

    /// A quarter of the lease after an answer, an eighth after none.
    fn pause(&self, asked: Duration) -> Duration {
        if asked == self.anchor {
            self.lease / 4
        } else {
            (self.lease / 8).clamp(Duration::from_millis(100), Duration::from_secs(1))
        }
    }

    /// SIGTERM now, SIGKILL at three quarters of the lease: whatever the task's grace.
    async fn run_out(self, lost: &watch::Sender<Option<LeaseEnd>>) -> io::Result<()> {
        tracing::error!(
            "the lease of run {} could not be renewed for {:.1} s: its collectors are ended",
            self.fence.run,
            time_since_boot()?.saturating_sub(self.anchor).as_secs_f64()
        );
        lost.send_replace(Some(LeaseEnd::RanOut));
        self.held.send_replace(false);
        self.order(Order::Cancel(CancelCause::LeaseLost));
        let kill = self.deadline.borrow().kill_at;
        sleep(kill.saturating_sub(time_since_boot()?)).await;
        self.order(Order::Kill(CancelCause::LeaseLost));
        std::future::pending().await
    }

    fn order(&self, order: Order) {
        // A run that takes no more orders has ended or has them all.
        let _ = self.orders.try_send(order);
    }
}
