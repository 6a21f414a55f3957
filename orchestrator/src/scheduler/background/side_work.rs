//! All side work of a scheduler, and how its loop speaks to it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::execution::{Executor, StopSwitch};
use crate::scheduler::background::dead_man::DeadManPulse;
use crate::scheduler::background::driver::{Driver, SideJob, Wake};
use crate::scheduler::background::notice_delivery::NoticeDelivery;
use crate::scheduler::background::release_checks::{ReleaseAnswer, ReleaseChecks};
use crate::scheduler::background::retention::Forgetting;
use crate::scheduler::background::undelivered::UndeliveredImport;
use crate::scheduler::dispatch::local::RunningRuns;
use crate::scheduler::status::Status;

/// How long a scheduler that has nothing else to do any more goes on telling people.
const FAREWELL: Duration = Duration::from_secs(3);

/// The jobs that somebody speaks to, and the driver of all.
pub(crate) struct SideWork {
    pub(crate) notices: Arc<NoticeDelivery>,
    pub(crate) release_checks: Arc<ReleaseChecks>,
    dead_man: Option<Arc<DeadManPulse>>,
    answers: mpsc::UnboundedReceiver<ReleaseAnswer>,
    driver: Driver,
    break_off: StopSwitch,
}

impl SideWork {
    /// Begins to drive it; `running` are the runs of this process.
    pub(crate) fn start(executor: &Arc<Executor>, running: RunningRuns, status: &Status) -> Self {
        let (sender, answers) = mpsc::unbounded_channel();
        let forgotten = Wake::default();
        let release_checks = Arc::new(ReleaseChecks::new(executor.clone(), sender));
        let notices = Arc::new(NoticeDelivery::new(executor.clone(), forgotten.clone()));
        let dead_man = DeadManPulse::new(executor).map(Arc::new);
        // They finish in this order: what notices are about is forgotten after them.
        let mut jobs: Vec<Arc<dyn SideJob>> = vec![
            Arc::clone(&release_checks) as Arc<dyn SideJob>,
            Arc::new(UndeliveredImport::new(executor.clone(), running)),
        ];
        jobs.extend(dead_man.clone().map(|job| job as Arc<dyn SideJob>));
        jobs.push(Arc::clone(&notices) as Arc<dyn SideJob>);
        jobs.push(Arc::new(Forgetting::new(executor.clone(), forgotten)));
        let mut driver = Driver::default();
        for job in jobs {
            driver.drive(job, status, &executor.engine.clock);
        }
        Self {
            notices,
            release_checks,
            dead_man,
            answers,
            driver,
            break_off: executor.notifier.break_off.clone(),
        }
    }

    /// This scheduler leads now.
    pub(crate) fn report_lead(&self) {
        if let Some(dead_man) = &self.dead_man {
            dead_man.report_alive();
        }
    }

    /// A run has ended.
    pub(crate) fn report_run(&self, success: bool) {
        self.notices.wake().wake();
        if let Some(dead_man) = self.dead_man.as_ref().filter(|_| success) {
            dead_man.report_success();
        }
    }

    /// What a release check found, for those who wait for it. Safe to drop.
    pub(crate) async fn next_answer(&mut self) -> ReleaseAnswer {
        match self.answers.recv().await {
            Some(answer) => answer,
            // The checks live as long as this.
            None => std::future::pending().await,
        }
    }

    /// Waits for what is to be finished before the scheduler ends. What people are not told
    /// in a moment, or until `enough`, waits in the database.
    pub(crate) async fn finish(&mut self, enough: impl Future<Output = ()>) {
        let mut finished = std::pin::pin!(self.driver.finish());
        tokio::select! {
            () = &mut finished => return,
            () = enough => {}
            () = tokio::time::sleep(FAREWELL) => {}
        }
        self.break_off.throw();
        finished.await;
    }
}
