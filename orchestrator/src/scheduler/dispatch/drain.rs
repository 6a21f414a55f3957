//! The end of a scheduler: nothing more begins, what runs may finish, within a time;
//! then, or when the operator asks again, it is ended through the ladder.

use tokio::time::{Instant, interval, sleep_until};

use crate::model::CancelCause;
use crate::model::Order;
use crate::scheduler::host::signals::{Signals, Word};
use crate::scheduler::host::systemd;
use crate::scheduler::leadership::heartbeat;
use crate::scheduler::planning::rows::Circumstances;
use crate::scheduler::scheduler::Scheduler;

impl Scheduler {
    /// Ends it; returns the cause if runs had to be cancelled.
    pub(crate) async fn drain(&mut self, signals: &mut Signals, cause: CancelCause) -> Option<CancelCause> {
        systemd::stopping();
        self.stop.send_replace(true);
        self.leave_waiting();
        // Another scheduler may lead while our last runs go on: it cannot run the same entry.
        let executor = &self.setup.executor;
        if let Err(error) = executor.store.end_heartbeat(&executor.owner).await {
            tracing::warn!("other schedulers cannot be told that this one ends: {error}");
        }
        let deadline = Instant::now() + self.setup.drain_timeout;
        let mut alive = interval(heartbeat());
        let (mut cancelled, mut in_time) = (None, true);
        if !self.at_work.is_empty() {
            tracing::info!(
                "ending: {} runs may finish within {}; a second signal cancels them",
                self.at_work.len(),
                humantime::format_duration(self.setup.drain_timeout)
            );
        }
        while !self.at_work.is_empty() {
            let order = tokio::select! {
                biased;
                Some(ended) = self.at_work.join_next_with_id() => {
                    self.ended(ended, &[], &mut Circumstances::default()).await;
                    continue;
                }
                word = signals.next() => match word {
                    Word::Stop(_) if cancelled.is_some() => Order::Kill(cause),
                    Word::Stop(cause) => Order::Cancel(cause),
                    Word::Reload => continue,
                },
                () = sleep_until(deadline), if in_time => {
                    in_time = false;
                    tracing::warn!("the time to finish is over");
                    Order::Cancel(cause)
                }
                _ = alive.tick() => {
                    systemd::alive();
                    continue;
                }
            };
            if let Order::Cancel(cause) = order {
                cancelled.get_or_insert(cause);
            }
            tracing::warn!("{} runs are cancelled", self.at_work.len());
            for orders in self.lanes.orders() {
                // A run that takes no more orders has ended or has them all.
                let _ = orders.try_send(order);
            }
        }
        self.settle().await;
        self.telling.finish(&self.setup.executor).await;
        cancelled
    }
}
