//! Old runs are forgotten, as the settings say (`retention:`), when others have ended.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use crate::execution::{Means, tidy};
use crate::scheduler::background::driver::{JobResult, SideJob, Wake};

/// Forgets what is due.
pub(crate) struct Forgetting {
    means: Means,
    wake: Wake,
}

impl Forgetting {
    pub(crate) fn new(means: Means, wake: Wake) -> Self {
        Self { means, wake }
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
        Box::pin(async { tidy(&self.means).await })
    }
}
