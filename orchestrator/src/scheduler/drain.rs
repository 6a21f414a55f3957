//! The end of a scheduler: nothing more begins, what runs may finish, within a time;
//! then, or when the operator asks again, it is ended through the ladder.

use tokio::time::{Instant, interval, sleep_until};

use crate::model::{CancelCause, Order};
use crate::scheduler::host::signals::{OperatorRequest, Signals};
use crate::scheduler::host::systemd;
use crate::scheduler::leadership::heartbeat_interval;
use crate::scheduler::planning::situation::Situation;
use crate::scheduler::scheduler::Scheduler;
use crate::text::counted;

impl Scheduler {
    /// Ends it; returns the cause if runs had to be cancelled.
    pub(crate) async fn drain(&mut self, signals: &mut Signals, cause: CancelCause) -> Option<CancelCause> {
        systemd::notify_stopping();
        self.slots.dispatcher.stop_starting();
        self.slots.by_hand.stop_starting();
        self.slots.side_work.release_checks.break_off();
        self.slots.leave_waiting();
        // Another scheduler may lead while our last runs go on: it cannot run the same entry.
        self.leadership.resign().await;
        if self.slots.count_begun() > 0 {
            tracing::info!(
                "ending: {} may finish within {}; a second signal cancels them",
                counted(self.slots.count_begun(), "run"),
                humantime::format_duration(self.drain_timeout)
            );
        }
        let cancelled = self.wait_for_runs(signals, cause).await;
        self.slots.settle().await;
        let again = async { while !matches!(signals.next().await, OperatorRequest::Stop(_)) {} };
        self.slots.side_work.finish(again).await;
        cancelled
    }

    async fn wait_for_runs(&mut self, signals: &mut Signals, cause: CancelCause) -> Option<CancelCause> {
        let deadline = Instant::now() + self.drain_timeout;
        let mut alive = interval(heartbeat_interval());
        let (mut cancelled, mut in_time) = (None, true);
        while self.slots.count_begun() > 0 {
            let order = tokio::select! {
                biased;
                news = self.slots.next_news() => {
                    let schedule = self.status.schedule();
                    self.slots.handle(news, &mut Situation::without_entries(&schedule)).await;
                    continue;
                }
                request = signals.next() => match request {
                    OperatorRequest::Stop(cause) if cancelled.is_some() => Order::Kill(cause),
                    OperatorRequest::Stop(cause) => Order::Cancel(cause),
                    OperatorRequest::Reload => continue,
                },
                () = sleep_until(deadline), if in_time => {
                    in_time = false;
                    tracing::warn!("the time to finish is over");
                    Order::Cancel(cause)
                }
                _ = alive.tick() => {
                    self.leadership.turn();
                    continue;
                }
            };
            if let Order::Cancel(cause) = order {
                cancelled.get_or_insert(cause);
            }
            tracing::warn!("cancelled: {}", counted(self.slots.count_begun(), "run"));
            self.slots.dispatcher.order_all(order);
            self.slots.by_hand.order_all(order);
        }
        cancelled
    }
}
