//! What a scheduler says of its timetable when it starts: how much there is, what comes next,
//! and which collectors are not there or cannot start.

use std::path::Path;

use jiff::Timestamp;

use crate::cli::shell::collectors::unusable_collectors;
use crate::model::{Schedule, release_checks, timetable};
use crate::process::Launcher;

/// So many are named.
const NAMED: usize = 5;

/// Into the log, since nobody sits there.
pub(crate) fn introduce(schedule: &Schedule, file: &Path, launcher: &Launcher, now: Timestamp) {
    let entries = timetable(schedule);
    let next = entries
        .iter()
        .filter_map(|entry| Some((entry.next_due_after(now)?, entry.key())))
        .min_by_key(|(at, _)| *at);
    let enabled: Vec<_> = schedule.tasks().filter(|task| task.enabled).collect();
    match next {
        Some((at, key)) => tracing::info!(
            "enabled tasks in the timetable: {}; the next slot is {key} at {at}",
            enabled.len()
        ),
        None => tracing::warn!(
            "{} has no enabled task with a time: nothing will ever fire",
            file.display()
        ),
    }
    if schedule.release.poll.is_some() && release_checks(schedule).is_empty() {
        tracing::warn!("release: poll: no enabled task waits for a release, so none is looked for");
    }
    let missing = unusable_collectors(launcher, schedule);
    for message in missing.iter().take(NAMED) {
        tracing::warn!("{message}");
    }
    if missing.len() > NAMED {
        tracing::warn!(
            "collectors that cannot be found or started besides: {} (orchestrate check)",
            missing.len() - NAMED
        );
    }
}
