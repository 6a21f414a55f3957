//! How a scheduler stands, for whoever shows it: written by the scheduler, read by the web.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::model::Schedule;

/// A loop that has not turned for so long hangs: it waits for no database that long.
pub(crate) const LOOP_PATIENCE: Duration = Duration::from_secs(180);

/// How it stands at a moment.
#[derive(Debug, Clone)]
pub struct SchedulerStatus {
    /// The timetable that is in force.
    pub schedule: Arc<Schedule>,
    /// When it was read from its file, which could be used then.
    pub loaded_at: Timestamp,
    /// Why the file is not in force as it is now, if it is not.
    pub schedule_error: Option<String>,
    /// Whether it fires, or stands by while another scheduler does.
    pub leading: bool,
    /// When it last looked at the timetable.
    pub ticked_at: Option<Timestamp>,
    /// When it will have something to do next.
    pub next_at: Option<Timestamp>,
    /// Why the database could not be used the last time it was, if so.
    pub database_error: Option<String>,
    /// Why nobody could tell whether there is a new release the last time it was asked, if so.
    pub release_error: Option<String>,
    /// When the loop last turned, by a clock that nobody sets.
    pub turned_at: Instant,
    /// What is done beside the timetable, each with its last result.
    pub side_work: Vec<SideWorkStatus>,
}

/// The last result of one kind of work beside the timetable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SideWorkStatus {
    /// What it is: `notice delivery`, ...
    pub name: &'static str,
    /// When it was last begun.
    pub started_at: Option<Timestamp>,
    /// When it last ended.
    pub ended_at: Option<Timestamp>,
    /// What stood in its way the last time, if anything did.
    pub error: Option<String>,
}

impl SideWorkStatus {
    pub(crate) fn new(name: &'static str) -> Self {
        Self {
            name,
            started_at: None,
            ended_at: None,
            error: None,
        }
    }
}

impl SchedulerStatus {
    /// That of a scheduler which has just read its timetable, at `now`, and has done nothing yet.
    pub(crate) fn at_start(schedule: Schedule, now: Timestamp) -> Self {
        Self {
            schedule: Arc::new(schedule),
            loaded_at: now,
            schedule_error: None,
            leading: false,
            ticked_at: None,
            next_at: None,
            database_error: None,
            release_error: None,
            turned_at: tokio::time::Instant::now().into_std(),
            side_work: Vec::new(),
        }
    }

    /// The most important of it in a few words of our own.
    pub fn words(&self) -> &'static str {
        match (self.leading, &self.schedule_error, &self.database_error) {
            (true, None, None) => "leading",
            (true, Some(_), _) => "leading; the schedule file cannot be used as it is now",
            (true, None, Some(_)) => "leading; the database cannot be used",
            (false, ..) => "standing by",
        }
    }
}
