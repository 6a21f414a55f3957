//! How the scheduler stands, written from wherever that changes and read by the web. What
//! a person should know is said in the log once for each change.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::events::{SchedulerStatus, SideWorkStatus};
use crate::model::Schedule;
use crate::store::StoreError;
use crate::text::make_safe;

/// The one place where it is written. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Status(watch::Sender<SchedulerStatus>);

impl Status {
    pub(crate) fn new(schedule: Schedule, now: Timestamp) -> Self {
        let (standing, _) = watch::channel(SchedulerStatus::at_start(schedule, now));
        Self(standing)
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<SchedulerStatus> {
        self.0.subscribe()
    }

    pub(crate) fn read(&self) -> watch::Ref<'_, SchedulerStatus> {
        self.0.borrow()
    }

    /// The timetable in force.
    pub(crate) fn schedule(&self) -> Arc<Schedule> {
        Arc::clone(&self.read().schedule)
    }

    pub(crate) fn leads(&self) -> bool {
        self.read().leading
    }

    pub(crate) fn set_leads(&self, leads: bool) {
        self.0
            .send_if_modified(|standing| std::mem::replace(&mut standing.leading, leads) != leads);
    }

    /// The timetable was looked at, and `next` is when there will be something to do.
    pub(crate) fn set_ticked(&self, now: Timestamp, next: Option<Timestamp>) {
        self.0.send_modify(|standing| {
            standing.ticked_at = Some(now);
            standing.next_at = next;
        });
    }

    /// The loop has turned. That is no news to whoever waits for some.
    pub(crate) fn set_turned(&self) {
        self.0.send_if_modified(|standing| {
            standing.turned_at = Instant::now().into_std();
            false
        });
    }

    /// Another timetable is in force.
    pub(crate) fn set_schedule(&self, schedule: Schedule, now: Timestamp) {
        self.0.send_modify(|standing| {
            if standing.schedule.release != schedule.release {
                // It was said of another place.
                standing.release_error = None;
            }
            standing.schedule = Arc::new(schedule);
            standing.loaded_at = now;
            standing.schedule_error = None;
        });
    }

    /// The file cannot be used; the timetable stays as it was, which is said with its age.
    pub(crate) fn set_schedule_error(&self, error: &str) {
        self.0.send_modify(|standing| {
            let since = standing.loaded_at;
            standing.schedule_error = Some(format!("{error}\nin force is the schedule of {since:.0}"));
        });
    }

    /// The database could or could not be used.
    pub(crate) fn set_database_error(&self, error: Option<&StoreError>) {
        let error = error.map(|error| match error.way_back() {
            Some(way) => format!("{error}: {way}"),
            None => error.to_string(),
        });
        self.0.send_if_modified(|standing| {
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

    /// Whether there is a new release could or could not be found out.
    pub(crate) fn set_release_error(&self, error: Option<String>) {
        self.0.send_if_modified(|standing| {
            match (&standing.release_error, &error) {
                (before, Some(reason)) if before.as_ref() != Some(reason) => {
                    tracing::warn!(
                        "nobody can tell whether there is a new release: {}",
                        make_safe(reason)
                    );
                }
                (Some(_), None) => tracing::info!("it is known again whether there is a new release"),
                _ => {}
            }
            let differs = standing.release_error != error;
            standing.release_error = error;
            differs
        });
    }

    /// Changes what is known of one kind of side work, which is new the first time.
    pub(crate) fn change_side_work(&self, name: &'static str, change: impl FnOnce(&mut SideWorkStatus)) {
        self.0.send_modify(|standing| {
            let known = standing.side_work.iter().position(|work| work.name == name);
            let place = known.unwrap_or_else(|| {
                standing.side_work.push(SideWorkStatus::new(name));
                standing.side_work.len() - 1
            });
            change(&mut standing.side_work[place]);
        });
    }
}
