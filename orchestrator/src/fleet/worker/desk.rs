//! All that a worker process has of one run: what was shown and granted, the hands on its engine,
//! and the questions of the engine that are not answered yet.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};

use crate::fleet::protocol::{AttemptKey, Fence, Lease, Reply, Write};
use crate::fleet::worker::journal_feed::JournalFeed;
use crate::model::{LeaseDeadline, Order};
use crate::store::{RunFence, RunGrant, ShownRun};

/// One run, from its showing to the close of its claim.
pub(super) struct RunDesk {
    pub(super) fence: Fence,
    pub(super) shown: ShownRun,
    pub(super) grant: Option<RunGrant>,
    /// The end of the engine's orders, once it has begun.
    pub(super) orders: Option<mpsc::Sender<Order>>,
    /// Told to the supervisors of its collectors, which end them by themselves. Before the first
    /// start it is over: nothing runs without one.
    pub(super) deadline: watch::Sender<LeaseDeadline>,
    pub(super) feed: JournalFeed,
    /// An attempt that waits for the events before it to come here.
    pub(super) due: Option<DueAttempt>,
    /// An attempt that waits for the protocol.
    pub(super) start: Option<oneshot::Sender<()>>,
    pub(super) delivery: DeliveryDesk,
    /// Why it is given back, if it is.
    pub(super) reason: Option<String>,
    /// Whether it was said that the database does not take its record.
    pub(super) said_unwritten: bool,
}

/// An attempt that the engine wants to make.
#[derive(Debug)]
pub(super) struct DueAttempt {
    pub(super) attempt: AttemptKey,
    pub(super) upto: u64,
    pub(super) go: oneshot::Sender<()>,
}

/// A delivery that is asked for by the protocol and carried out by the engine.
#[derive(Debug, Default)]
pub(super) struct DeliveryDesk {
    /// The engine waits for it.
    pub(super) go: Option<oneshot::Sender<()>>,
    /// The protocol waits for what becomes of that of this task, counted from 0.
    pub(super) asked: Option<usize>,
    /// The engine wants it no more.
    pub(super) is_withdrawn: bool,
}

impl RunDesk {
    pub(super) fn new(fence: Fence, shown: ShownRun) -> Self {
        let over = LeaseDeadline {
            terminate_at: Duration::ZERO,
            kill_at: Duration::ZERO,
        };
        Self {
            fence,
            shown,
            grant: None,
            orders: None,
            deadline: watch::channel(over).0,
            feed: JournalFeed::default(),
            due: None,
            start: None,
            delivery: DeliveryDesk::default(),
            reason: None,
            said_unwritten: false,
        }
    }

    /// As the database knows the claim.
    pub(super) fn run_fence(&self) -> RunFence {
        RunFence {
            run: self.shown.run.clone(),
            epoch: self.fence.epoch.0.into(),
        }
    }

    /// That was granted.
    pub(super) fn lease(&self) -> Lease {
        Lease::new(self.grant.as_ref().map_or(Duration::ZERO, |grant| grant.lease))
    }

    /// What became of a write: what is stored need not be kept, and the first that is not is told.
    pub(super) fn note_written(&mut self, write: Write, reply: Reply, why: Option<String>) {
        let run = &self.shown.run;
        match reply {
            Reply::Stored => {
                if let Write::Record(upto) = write {
                    self.feed.forget(upto);
                }
                if std::mem::take(&mut self.said_unwritten) {
                    tracing::info!("the database is back; nothing of run {run} is missing in it");
                }
            }
            Reply::Fenced => {}
            Reply::Lost | Reply::Refused => {
                let why = why.unwrap_or_default();
                if !std::mem::replace(&mut self.said_unwritten, true) {
                    let again = if reply == Reply::Lost {
                        "; it is tried again"
                    } else {
                        ""
                    };
                    tracing::warn!("the record of run {run} is not written: {why}{again}");
                }
                if reply == Reply::Refused {
                    self.reason = Some(format!("could not record it: {why}"));
                }
            }
        }
    }

    /// Nothing is started or taken any more.
    pub(super) fn close_gates(&mut self) {
        self.due = None;
        self.start = None;
        self.delivery.go = None;
    }

    pub(super) fn order(&self, order: Order) {
        if let Some(orders) = &self.orders {
            // A run that takes no more orders has ended or has them all.
            let _ = orders.try_send(order);
        }
    }
}
