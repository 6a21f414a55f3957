//! Old runs are forgotten, as the settings say (`retention:`), when others have ended.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::execution::Executor;
use crate::scheduler::background::driver::{JobResult, SideJob, Wake};

/// Forgets what is due.
pub(crate) struct Forgetting {
    executor: Arc<Executor>,
    wake: Wake,
}

impl Forgetting {
    pub(crate) fn new(executor: Arc<Executor>, wake: Wake) -> Self {
        Self { executor, wake }
    }
}

impl SideJob for Forgetting {
    fn name(&self) -> &'static str {
        "retention"
    }

    fn wake(&self) -> &Wake {
        &self.wake
    }

    /// Nothing grows old enough while no run ends.
    fn every(&self) -> Option<Duration> {
        None
    }

    fn run(&self) -> Pin<Box<dyn Future<Output = JobResult> + Send + '_>> {
        Box::pin(self.executor.tidy())
    }
}
