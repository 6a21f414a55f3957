//! The scheduler's own state. What it does with it is in `run`, `lead`, `turn` and `drain`.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::task::{Id, JoinSet};

use crate::events::Standing;
use crate::execution::{Audience, Executor, LocalAdmission};
use crate::model::{EntryKey, Schedule};
use crate::report::Metrics;
use crate::scheduler::background::notices::Telling;
use crate::scheduler::background::release_checks::Asking;
use crate::scheduler::background::undelivered::Arrears;
use crate::scheduler::dispatch::start::Ended;
use crate::scheduler::planning::lateness::Lateness;
use crate::scheduler::planning::overlap::Lanes;
use crate::store::{Heartbeat, PassedSlot};

/// What a scheduler needs.
pub struct Setup {
    /// To execute and to remember.
    pub executor: Arc<Executor>,
    /// The schedule file, to be watched.
    pub schedule_file: PathBuf,
    /// What is in it now.
    pub schedule: Schedule,
    /// Reads it again; the error is in words for people, with places.
    pub load: Box<dyn Fn() -> Result<Schedule, String>>,
    /// Who is told of each run.
    pub audience: Box<dyn Fn() -> Audience>,
    /// How many runs may go on at a time; those of one entry follow each other anyway.
    pub concurrency: usize,
    /// How long runs may go on after the scheduler was asked to end.
    pub drain_timeout: Duration,
    /// Counts.
    pub metrics: Metrics,
}

/// Why there can be no scheduler.
#[derive(Debug, thiserror::Error)]
pub enum BeatError {
    /// The kernel does not give what it needs.
    #[error("the system gives no {what}")]
    System {
        /// What: a timer, ...
        what: &'static str,
        /// Its word.
        source: std::io::Error,
    },
}

impl BeatError {
    pub(crate) fn system(what: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::System { what, source }
    }
}

/// A scheduler.
pub struct Scheduler {
    pub(crate) setup: Setup,
    pub(crate) lanes: Lanes,
    /// Firings and questions that go on.
    pub(crate) at_work: JoinSet<Ended>,
    /// What each of them is for.
    pub(crate) places: HashMap<Id, (EntryKey, Timestamp)>,
    pub(crate) admission: LocalAdmission,
    /// Becomes true when nothing more is to begin.
    pub(crate) stop: watch::Sender<bool>,
    pub(crate) standing: watch::Sender<Standing>,
    /// Slots that are to be passed over and that the database does not have yet.
    pub(crate) unsettled: Vec<(EntryKey, PassedSlot)>,
    pub(crate) telling: Telling,
    pub(crate) arrears: Arrears,
    pub(crate) asking: Asking,
    pub(crate) lateness: Lateness,
    started_at: Timestamp,
}

impl Scheduler {
    /// One that has done nothing yet, and how it stands at any time.
    pub fn new(setup: Setup) -> (Self, watch::Receiver<Standing>) {
        let now = setup.executor.now();
        let (standing, seen) = watch::channel(Standing {
            schedule: Arc::new(setup.schedule.clone()),
            loaded_at: now,
            schedule_error: None,
            leading: false,
            ticked_at: None,
            next_at: None,
            database_error: None,
            release_error: None,
        });
        let scheduler = Self {
            lanes: Lanes::default(),
            at_work: JoinSet::new(),
            places: HashMap::new(),
            admission: LocalAdmission::new(setup.concurrency),
            stop: watch::channel(false).0,
            standing,
            unsettled: Vec::new(),
            telling: Telling::new(),
            arrears: Arrears::default(),
            asking: Asking::default(),
            lateness: Lateness::default(),
            started_at: now,
            setup,
        };
        (scheduler, seen)
    }

    /// What time it is.
    pub(crate) fn now(&self) -> Timestamp {
        self.setup.executor.now()
    }

    /// The timetable in force.
    pub(crate) fn schedule(&self) -> Arc<Schedule> {
        Arc::clone(&self.standing.borrow().schedule)
    }

    /// How it stands, for the database.
    pub(crate) fn beat(&self) -> Heartbeat {
        let standing = self.standing.borrow();
        Heartbeat {
            owner: self.setup.executor.owner.clone(),
            started_at: self.started_at,
            seen_at: self.now(),
            ticked_at: standing.ticked_at,
            next_at: standing.next_at,
            schedule_file: self.setup.schedule_file.display().to_string(),
            schedule_error: standing.schedule_error.clone(),
            release_error: standing.release_error.clone(),
        }
    }

    /// The database could or could not be used; said once for each change.
    pub(crate) fn database(&self, error: Option<String>) {
        self.standing.send_if_modified(|standing| {
            match (&standing.database_error, &error) {
                (None, Some(error)) => {
                    tracing::error!("the scheduler cannot use the database: {error}; it tries again");
                }
                (Some(_), None) => tracing::info!("the scheduler can use the database again"),
                _ => {}
            }
            let differs = standing.database_error != error;
            standing.database_error = error;
            differs
        });
    }
}
