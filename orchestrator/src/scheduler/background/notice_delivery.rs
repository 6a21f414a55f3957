//! Notices: those whom it concerns are told of runs that ended and slots that did not run.
//! A server that does not answer holds no slot back.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::execution::{Executor, SlotNotice};
use crate::scheduler::background::driver::{JobResult, SideJob, Wake};

/// Deliveries that failed are tried again, though nothing new happens.
const RETRY: Duration = Duration::from_secs(60);

/// Raises and delivers what is due.
pub(crate) struct NoticeDelivery {
    executor: Arc<Executor>,
    /// Slots that did not run, until the database has a notice of them.
    missed: Mutex<Vec<SlotNotice>>,
    wake: Wake,
    /// Old runs are forgotten when what they came to was told.
    then: Wake,
}

impl NoticeDelivery {
    pub(crate) fn new(executor: Arc<Executor>, then: Wake) -> Self {
        Self {
            executor,
            missed: Mutex::default(),
            wake: Wake::default(),
            then,
        }
    }

    /// A slot did not run.
    pub(crate) fn report_missed(&self, slot: SlotNotice) {
        self.missed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(slot);
        self.wake.wake();
    }

    fn take_missed(&self) -> Vec<SlotNotice> {
        std::mem::take(&mut *self.missed.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn anybody(&self) -> bool {
        !self.executor.notifier.channels.is_empty()
    }
}

impl SideJob for NoticeDelivery {
    fn name(&self) -> &'static str {
        "notice delivery"
    }

    fn wake(&self) -> &Wake {
        &self.wake
    }

    fn every(&self) -> Option<Duration> {
        self.anybody().then_some(RETRY)
    }

    fn run(&self) -> Pin<Box<dyn Future<Output = JobResult> + Send + '_>> {
        Box::pin(async {
            let missed = self.take_missed();
            let mut result = Ok(());
            if self.anybody() {
                for missed in &missed {
                    self.executor.notify_missed(missed).await;
                }
                result = self.executor.notify().await;
            }
            self.then.wake();
            result
        })
    }
}
