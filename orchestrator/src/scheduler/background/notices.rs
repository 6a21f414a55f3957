//! Telling whom it concerns, beside the loop: a server that does not answer holds no slot
//! back. One delivery goes on at a time; what comes meanwhile goes with the next. Old runs
//! are forgotten in the same breath.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use crate::events::{SlotRef, Summary};
use crate::execution::{Means, alive_every, tell, tell_missed, tidy, told_alive, told_success, until};

/// Deliveries that failed are tried again, though nothing new happens.
const AGAIN: Duration = Duration::from_secs(60);

/// How long a scheduler that has nothing else to do any more goes on telling.
const FAREWELL: Duration = Duration::from_secs(3);

/// What is broken off then notes that in the database, if it is there.
const BREAK_OFF: Duration = Duration::from_secs(2);

/// A slot that did not run, and for which tasks (group and collector).
pub(crate) struct MissedSlot {
    pub(crate) slot: SlotRef,
    pub(crate) tasks: Vec<(String, String)>,
    pub(crate) reason: String,
}

/// What is to be told.
pub(crate) struct Telling {
    work: JoinSet<()>,
    /// Becomes true when what goes on is to be broken off.
    stop: watch::Sender<bool>,
    succeeded: Option<Summary>,
    missed: Vec<MissedSlot>,
    news: bool,
    told_at: Instant,
    alive_at: Option<Instant>,
}

impl Telling {
    pub(crate) fn new() -> Self {
        Self {
            work: JoinSet::new(),
            stop: watch::channel(false).0,
            succeeded: None,
            missed: Vec::new(),
            news: false,
            told_at: Instant::now(),
            alive_at: None,
        }
    }

    /// A run has ended.
    pub(crate) fn ran(&mut self, summary: Summary) {
        self.news = true;
        if summary.success {
            // The newest is enough: it says that runs succeed.
            self.succeeded = Some(summary);
        }
    }

    /// A slot did not run.
    pub(crate) fn missed(&mut self, missed: MissedSlot) {
        self.news = true;
        self.missed.push(missed);
    }

    /// Sets going what is due, unless something still goes on.
    pub(crate) fn go_on(&mut self, means: &Means, leading: bool) {
        while self.work.try_join_next().is_some() {}
        if !self.work.is_empty() {
            return;
        }
        let now = Instant::now();
        let alive = leading
            && alive_every(means)
                .is_some_and(|every| self.alive_at.is_none_or(|at| now.duration_since(at) >= every));
        let again = leading && now.duration_since(self.told_at) >= AGAIN;
        let anybody = !means.post.channels.is_empty();
        let news = std::mem::take(&mut self.news) || again && anybody;
        if !(alive || news) {
            return;
        }
        if alive {
            self.alive_at = Some(now);
        }
        self.told_at = now;
        let (means, succeeded) = (means.clone(), self.succeeded.take());
        let missed = std::mem::take(&mut self.missed);
        let stop = self.stop.subscribe();
        self.work.spawn(async move {
            if alive {
                unless(&stop, told_alive(&means)).await;
            }
            if anybody {
                for MissedSlot { slot, tasks, reason } in &missed {
                    tell_missed(&means, slot, tasks, reason).await;
                }
                tell(&means, until(stop.clone())).await;
            }
            if let Some(summary) = succeeded {
                unless(&stop, told_success(&means, &summary)).await;
            }
            unless(&stop, tidy(&means)).await;
        });
    }

    /// Gives what goes on, and then the rest, a moment; breaks it off at `enough`, too. What
    /// was not told waits in the database.
    pub(crate) async fn finish(&mut self, means: &Means, enough: impl Future<Output = ()>) {
        let told = async {
            while self.work.join_next().await.is_some() {}
            self.go_on(means, false);
            while self.work.join_next().await.is_some() {}
        };
        let in_time = tokio::select! {
            () = told => true,
            () = enough => false,
            () = tokio::time::sleep(FAREWELL) => false,
        };
        if in_time {
            return;
        }
        tracing::warn!("what people do not know yet waits in the database");
        self.stop.send_replace(true);
        let ended = async { while self.work.join_next().await.is_some() {} };
        if timeout(BREAK_OFF, ended).await.is_err() {
            self.work.shutdown().await;
        }
    }
}

/// Does it, unless all is to be broken off first.
async fn unless(stop: &watch::Receiver<bool>, work: impl Future<Output = ()>) {
    tokio::select! {
        biased;
        () = until(stop.clone()) => {}
        () = work => {}
    }
}
