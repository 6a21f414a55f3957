//! The scheduler's own metrics. Pure.

use crate::events::SchedulerStatus;
use crate::report::Exposition;

/// How it stands, in the text format of Prometheus.
pub(crate) fn gauges(standing: &SchedulerStatus) -> String {
    let mut text = Exposition::default();
    let mut gauge = |name: &str, help: &str, value: i64| {
        text.family(name, "gauge", help);
        text.sample(name, &[], value);
    };
    gauge(
        "orchestrate_scheduler_leading",
        "1 if this scheduler fires, 0 if it stands by.",
        standing.leading.into(),
    );
    gauge(
        "orchestrate_schedule_file_ok",
        "0 if the schedule file cannot be used as it is now.",
        standing.schedule_error.is_none().into(),
    );
    gauge(
        "orchestrate_schedule_loaded_timestamp_seconds",
        "When the schedule that is in force was read from a file that could be used.",
        standing.loaded_at.as_second(),
    );
    gauge(
        "orchestrate_database_ok",
        "0 if the scheduler could not use the database the last time.",
        standing.database_error.is_none().into(),
    );
    gauge(
        "orchestrate_release_known",
        "0 if nobody could tell whether there is a new release the last time it was asked.",
        standing.release_error.is_none().into(),
    );
    if let Some(at) = standing.ticked_at {
        gauge(
            "orchestrate_last_tick_timestamp_seconds",
            "When the scheduler last looked at the timetable.",
            at.as_second(),
        );
    }
    if let Some(at) = standing.next_at {
        gauge(
            "orchestrate_next_slot_timestamp_seconds",
            "When the scheduler has something to do next.",
            at.as_second(),
        );
    }
    text.into_text()
}
