//! A job that counts its runs.

use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::model::SystemClock;
use crate::model::fixtures::schedule;

#[derive(Default)]
struct Counter {
    runs: AtomicU32,
    wake: Wake,
    ended: Notify,
    every: Option<Duration>,
    panics: bool,
}

impl SideJob for Counter {
    fn name(&self) -> &'static str {
        "counter"
    }

    fn wake(&self) -> &Wake {
        &self.wake
    }

    fn every(&self) -> Option<Duration> {
        self.every
    }

    fn run(&self) -> Pin<Box<dyn Future<Output = JobResult> + Send + '_>> {
        Box::pin(async {
            self.ended.notify_one();
            assert!(!self.panics, "as it was asked to");
            match self.runs.fetch_add(1, Ordering::Relaxed) {
                0 => Ok(()),
                run => Err(format!("run {run}")),
            }
        })
    }
}

struct Driven {
    driver: Driver,
    job: Arc<Counter>,
    status: Status,
}

fn driven(job: Counter) -> Driven {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let (mut driver, job) = (Driver::default(), Arc::new(job));
    let status = Status::new(schedule([]), clock.now());
    driver.drive(Arc::clone(&job) as Arc<dyn SideJob>, &status, &clock);
    Driven { driver, job, status }
}

#[tokio::test]
async fn it_runs_when_woken_and_its_last_result_can_be_read() {
    let Driven {
        mut driver,
        job,
        status,
    } = driven(Counter::default());
    let read = || status.read().side_work[0].clone();
    assert_eq!((read().name, read().started_at), ("counter", None));
    job.wake.wake();
    driver.finish().await;
    assert_eq!(job.runs.load(Ordering::Relaxed), 1, "also while it ends");
    assert!(read().started_at.unwrap() <= read().ended_at.unwrap());
    assert_eq!(read().error, None);
}

#[tokio::test]
async fn it_runs_at_intervals_only_while_this_scheduler_leads() {
    let every = Some(Duration::from_millis(1));
    let Driven {
        mut driver,
        job,
        status,
    } = driven(Counter {
        every,
        ..Counter::default()
    });
    let silence = Duration::from_millis(20);
    let ran = tokio::time::timeout(silence, job.ended.notified()).await;
    assert!(ran.is_err(), "it stands by");
    status.set_leads(true);
    for _ in 0..3 {
        job.ended.notified().await;
    }
    driver.finish().await;
    let error = status.read().side_work[0].error.clone().unwrap();
    assert!(error.starts_with("run "), "{error}");
}

#[tokio::test]
async fn a_job_that_panics_is_run_again() {
    let Driven {
        mut driver,
        job,
        status,
    } = driven(Counter {
        panics: true,
        ..Counter::default()
    });
    for _ in 0..2 {
        job.wake.wake();
        job.ended.notified().await;
    }
    driver.finish().await;
    let error = status.read().side_work[0].error.clone().unwrap();
    assert!(error.starts_with("a defect of ours: "), "{error}");
}
