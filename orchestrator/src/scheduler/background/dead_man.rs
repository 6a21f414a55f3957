//! The dead man's watch hears that the scheduler is alive, or that a run succeeded,
//! whichever it wants.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::execution::Executor;
use crate::scheduler::background::driver::{JobResult, SideJob, Wake};

/// Pulses for the watch of the settings.
pub(crate) struct DeadManPulse {
    executor: Arc<Executor>,
    every: Option<Duration>,
    wake: Wake,
}

impl DeadManPulse {
    /// `None` where there is no such watch.
    pub(crate) fn new(executor: &Arc<Executor>) -> Option<Self> {
        executor.notifier.dead_man.as_ref()?;
        Some(Self {
            every: executor.notifier.pulse_every(),
            executor: Arc::clone(executor),
            wake: Wake::default(),
        })
    }

    /// A run has succeeded.
    pub(crate) fn report_success(&self) {
        if self.every.is_none() {
            self.wake.wake();
        }
    }

    /// The scheduler begins to lead.
    pub(crate) fn report_alive(&self) {
        if self.every.is_some() {
            self.wake.wake();
        }
    }
}

impl SideJob for DeadManPulse {
    fn name(&self) -> &'static str {
        "dead man's watch"
    }

    fn wake(&self) -> &Wake {
        &self.wake
    }

    fn every(&self) -> Option<Duration> {
        self.every
    }

    fn run(&self) -> Pin<Box<dyn Future<Output = JobResult> + Send + '_>> {
        Box::pin(self.executor.notifier.pulse())
    }
}
