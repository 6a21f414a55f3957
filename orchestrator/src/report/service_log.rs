//! The run in our own diagnostics: start and end of each collector, outcome, exit
//! code, duration and log, as `tracing` events. What collectors write never goes
//! this way.

use std::time::Duration;

use crate::events::bus::Listener;
use crate::events::event::RunEvent;
use crate::events::summary::TaskSummary;
use crate::model::TaskStatus;
use crate::text::human_duration;
use crate::text::safe::make_safe;

/// The listener that writes it.
pub struct ServiceLog;

impl Listener for ServiceLog {
    fn event(&mut self, event: &RunEvent) {
        match event {
            RunEvent::RunStarted {
                run,
                schedule,
                group,
                tasks,
                ..
            } => {
                let group = group
                    .as_ref()
                    .map_or(String::new(), |group| format!(" of group {}", make_safe(group)));
                tracing::info!(
                    "run {run} ({schedule}{group}): {} collector{}",
                    tasks.len(),
                    if tasks.len() == 1 { "" } else { "s" }
                );
            }
            RunEvent::TaskStarted {
                task, attempt, log, ..
            } => {
                let attempt = if *attempt > 1 {
                    format!(", attempt {attempt}")
                } else {
                    String::new()
                };
                tracing::info!(log, "{} started{attempt}", name(&task.group, &task.name));
            }
            RunEvent::TaskRetry {
                task,
                attempt,
                delay_ms,
            } => tracing::warn!(
                "{} {}; attempt {} follows in {}",
                name(&task.group, &task.name),
                make_safe(&attempt.reason),
                attempt.number + 1,
                human_duration(Duration::from_millis(*delay_ms))
            ),
            RunEvent::TaskFinished { task, .. } => finished(task),
            RunEvent::TaskSkipped { task, .. } => {
                tracing::warn!(
                    "{} skipped: {}",
                    name(&task.group, &task.name),
                    make_safe(&task.reason)
                );
            }
            RunEvent::RunFinished(summary) => tracing::info!(
                "run {} ended: {} succeeded, {} failed, {} skipped",
                summary.run,
                summary.succeeded,
                summary.failed,
                summary.skipped
            ),
        }
    }
}

fn finished(task: &TaskSummary) {
    let name = name(&task.group, &task.name);
    let duration = human_duration(Duration::from_millis(task.duration_ms));
    let log = task.log.as_deref().unwrap_or("none");
    if task.outcome == TaskStatus::Succeeded {
        let brought = task.records.map_or(String::new(), |counts| format!(": {counts}"));
        tracing::info!(exit_code = 0, duration, log, "{name} succeeded{brought}");
    } else {
        let (exit_code, signal) = (task.exit_code, task.signal.as_deref());
        let reason = make_safe(&task.reason);
        let outcome = task.outcome.as_str();
        tracing::error!(outcome, exit_code, signal, duration, log, "{name} {reason}");
    }
    if let Some(why) = &task.suspect {
        tracing::warn!("{name} is suspect: {}", make_safe(why));
    }
    for warning in &task.warnings {
        tracing::warn!("{name}: {}", make_safe(warning));
    }
    if task.leaked {
        tracing::warn!(
            "{name} left processes behind, now killed: {}",
            make_safe(&task.leftovers.join(", "))
        );
    }
}

fn name(group: &str, name: &str) -> String {
    make_safe(&format!("{group}/{name}")).into_owned()
}
