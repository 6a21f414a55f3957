//! Where the timetable comes from: the schedule file, read again when it may have changed.
//! A file that cannot be used changes nothing.

use std::path::PathBuf;
use std::sync::Arc;

use crate::model::{Clock, Schedule, changes};
use crate::scheduler::host::systemd;
use crate::scheduler::status::Status;

/// The file, and what reads it.
pub(crate) struct ScheduleSource {
    pub(crate) file: PathBuf,
    pub(crate) load: Box<dyn Fn() -> Result<Schedule, String>>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) status: Status,
}

impl ScheduleSource {
    /// Reads the file again; whether another timetable is in force by that.
    pub(crate) fn reload(&self) -> bool {
        systemd::notify_reloading();
        let replaced = self.replace();
        systemd::notify_ready(self.status.read().words());
        replaced
    }

    fn replace(&self) -> bool {
        let file = self.file.display();
        let before = self.status.schedule();
        let schedule = match (self.load)() {
            Ok(schedule) => schedule,
            Err(error) => {
                tracing::error!("{file} cannot be used; the timetable stays as it was:\n{error}");
                self.status.set_schedule_error(&error);
                return false;
            }
        };
        let changes = changes(&before, &schedule);
        let had_error = self.status.read().schedule_error.is_some();
        if *before == schedule && !had_error {
            tracing::debug!("{file}: nothing differs");
            return false;
        }
        tracing::info!("{file} was read again: {} changes", changes.len());
        for change in &changes {
            tracing::info!("{change}");
        }
        self.status.set_schedule(schedule, self.clock.now());
        true
    }
}
