//! Telling whom it concerns, beside the loop: a server that does not answer holds no slot
//! back. One delivery goes on at a time; what comes meanwhile goes with the next. Old runs
//! are forgotten in the same breath.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::execution::{Executor, SlotNotice};

/// Deliveries that failed are tried again, though nothing new happens.
const AGAIN: Duration = Duration::from_secs(60);

/// What is to be told.
pub(crate) struct Telling {
    work: JoinSet<()>,
    succeeded: bool,
    missed: Vec<SlotNotice>,
    news: bool,
    told_at: Instant,
    alive_at: Option<Instant>,
}

impl Telling {
    pub(crate) fn new() -> Self {
        Self {
            work: JoinSet::new(),
            succeeded: false,
            missed: Vec::new(),
            news: false,
            told_at: Instant::now(),
            alive_at: None,
        }
    }

    /// A run has ended.
    pub(crate) fn ran(&mut self, success: bool) {
        self.news = true;
        self.succeeded |= success;
    }

    /// A slot did not run.
    pub(crate) fn missed(&mut self, missed: SlotNotice) {
        self.news = true;
        self.missed.push(missed);
    }

    /// Sets going what is due, unless something still goes on.
    pub(crate) fn go_on(&mut self, executor: &Arc<Executor>, leading: bool) {
        while self.work.try_join_next().is_some() {}
        if !self.work.is_empty() {
            return;
        }
        let now = Instant::now();
        let alive = leading
            && executor
                .notifier
                .pulse_every()
                .is_some_and(|every| self.alive_at.is_none_or(|at| now.duration_since(at) >= every));
        let again = leading && now.duration_since(self.told_at) >= AGAIN;
        let anybody = !executor.notifier.channels.is_empty();
        let news = std::mem::take(&mut self.news) || again && anybody;
        if !(alive || news) {
            return;
        }
        if alive {
            self.alive_at = Some(now);
        }
        self.told_at = now;
        let (executor, succeeded) = (Arc::clone(executor), std::mem::take(&mut self.succeeded));
        let missed = std::mem::take(&mut self.missed);
        self.work.spawn(async move {
            if alive {
                executor.notifier.pulse().await;
            }
            if anybody {
                for missed in &missed {
                    executor.notify_missed(missed).await;
                }
                executor.notify().await;
            }
            if succeeded {
                executor.notifier.pulse_after_success().await;
            }
            executor.tidy().await;
        });
    }

    /// Waits for what goes on, which has a time limit of its own, and for the rest.
    pub(crate) async fn finish(&mut self, executor: &Arc<Executor>) {
        while self.work.join_next().await.is_some() {}
        self.go_on(executor, false);
        while self.work.join_next().await.is_some() {}
    }
}
