//! Counts what happens, for Prometheus: a listener of every run, and what the scheduler
//! adds. Counters begin at zero with the process; what must outlive it (the last success
//! of a task) is told to it at the start. Rendered by `web`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::events::bus::Listener;
use crate::events::event::RunEvent;
use crate::events::summary::TaskSummary;
use crate::model::{SkipCause, Task, TaskStatus};
use crate::report::exposition::Exposition;

/// Upper bounds of the classes of lag, in seconds.
const LAG_BOUNDS: [f64; 12] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 15.0, 60.0, 600.0,
];

/// The counters. Cheap to clone; all clones count together.
#[derive(Debug, Clone, Default)]
pub struct Metrics(Arc<Mutex<Counts>>);

#[derive(Debug, Default)]
struct Counts {
    running: u64,
    runs: BTreeMap<&'static str, u64>,
    tasks: BTreeMap<TaskKey, TaskCounts>,
    skipped: BTreeMap<&'static str, u64>,
    release_answers: BTreeMap<&'static str, u64>,
    lag: [u64; LAG_BOUNDS.len()],
    lag_count: u64,
    lag_sum: f64,
}

/// Group, name and collector.
type TaskKey = (String, String, String);

#[derive(Debug, Default)]
struct TaskCounts {
    outcomes: BTreeMap<TaskStatus, u64>,
    seconds: f64,
    durations: u64,
    leftovers: u64,
    last_success: Option<Timestamp>,
}

impl Metrics {
    /// A listener for one run.
    pub fn listener(&self) -> Box<dyn Listener> {
        Box::new(self.clone())
    }

    /// A slot has begun, so long after it should have.
    pub(crate) fn count_start(&self, lag: Duration) {
        self.change(|counts| {
            let seconds = lag.as_secs_f64();
            counts.lag_count += 1;
            counts.lag_sum += seconds;
            for (count, bound) in counts.lag.iter_mut().zip(LAG_BOUNDS) {
                *count += u64::from(seconds <= bound);
            }
        });
    }

    /// A task did not run at a slot.
    pub(crate) fn count_skip(&self, cause: SkipCause) {
        self.change(|counts| counts.skip(cause));
    }

    /// It was asked for a group whether there is a new release: `new`, `none` or `unknown`.
    pub(crate) fn count_release_answer(&self, answer: &'static str) {
        self.change(|counts| *counts.release_answers.entry(answer).or_default() += 1);
    }

    /// When a task succeeded before this process began to count.
    pub(crate) fn remember_success(&self, task: &Task, at: Timestamp) {
        self.change(|counts| {
            let counts = counts.task(task.group.as_str(), task.name.as_str(), task.command.as_str());
            counts.last_success = counts.last_success.max(Some(at));
        });
    }

    /// All of them, in the text format of Prometheus.
    pub fn render(&self) -> String {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = Exposition::default();
        counts.write(&mut text);
        text.into_text()
    }

    fn change(&self, f: impl FnOnce(&mut Counts)) {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Listener for Metrics {
    fn event(&mut self, event: &RunEvent) {
        self.change(|counts| match event {
            RunEvent::RunStarted { .. } => counts.running += 1,
            RunEvent::TaskFinished { at, task, .. } => counts.finished(task, *at),
            RunEvent::TaskSkipped { task, cause, .. } => {
                counts.skip(cause.unwrap_or(SkipCause::Other));
                counts.outcome(task);
            }
            RunEvent::RunFinished(summary) => {
                counts.running = counts.running.saturating_sub(1);
                let outcome = match (summary.success, summary.exit_code) {
                    (true, _) => "succeeded",
                    (false, 129 | 130 | 143) => "cancelled",
                    (false, _) => "failed",
                };
                *counts.runs.entry(outcome).or_default() += 1;
            }
            RunEvent::TaskStarted { .. } | RunEvent::TaskRetry { .. } => {}
        });
    }
}

impl Counts {
    fn task(&mut self, group: &str, name: &str, command: &str) -> &mut TaskCounts {
        self.tasks
            .entry((group.to_owned(), name.to_owned(), command.to_owned()))
            .or_default()
    }

    fn skip(&mut self, cause: SkipCause) {
        *self.skipped.entry(cause.as_str()).or_default() += 1;
    }

    fn outcome(&mut self, task: &TaskSummary) {
        let counts = self.task(&task.group, &task.name, &task.command);
        *counts.outcomes.entry(task.outcome).or_default() += 1;
    }

    fn finished(&mut self, task: &TaskSummary, at: Timestamp) {
        self.outcome(task);
        let counts = self.task(&task.group, &task.name, &task.command);
        counts.durations += 1;
        counts.seconds += Duration::from_millis(task.duration_ms).as_secs_f64();
        counts.leftovers += u64::try_from(task.leftovers.len()).unwrap_or(u64::MAX);
        if task.outcome == TaskStatus::Succeeded {
            counts.last_success = counts.last_success.max(Some(at));
        }
    }

    fn write(&self, text: &mut Exposition) {
        text.family(
            "orchestrate_runs_in_progress",
            "gauge",
            "Runs that go on in this process.",
        );
        text.sample("orchestrate_runs_in_progress", &[], self.running);
        text.family("orchestrate_runs_total", "counter", "Runs that ended, by how.");
        for (outcome, count) in &self.runs {
            text.sample("orchestrate_runs_total", &[("outcome", outcome)], count);
        }
        text.family("orchestrate_tasks_total", "counter", "Tasks that ended, by how.");
        for ((group, name, command), counts) in &self.tasks {
            for (outcome, count) in &counts.outcomes {
                let labels = [
                    ("group", group.as_str()),
                    ("name", name),
                    ("command", command),
                    ("outcome", outcome.as_str()),
                ];
                text.sample("orchestrate_tasks_total", &labels, count);
            }
        }
        self.write_tasks(text);
        let name = "orchestrate_tasks_skipped_total";
        text.family(
            name,
            "counter",
            "Tasks that did not run at a slot or in a run, by cause.",
        );
        for (cause, count) in &self.skipped {
            text.sample(name, &[("cause", cause)], count);
        }
        let name = "orchestrate_release_answers_total";
        text.family(
            name,
            "counter",
            "Whether a slot found a new release for its group, by answer.",
        );
        for (answer, count) in &self.release_answers {
            text.sample(name, &[("answer", answer)], count);
        }
        self.write_lag(text);
    }

    fn write_tasks(&self, text: &mut Exposition) {
        text.family(
            "orchestrate_task_duration_seconds",
            "summary",
            "How long tasks took.",
        );
        for (labels, counts) in self.labelled().filter(|(_, counts)| counts.durations > 0) {
            text.sample("orchestrate_task_duration_seconds_sum", &labels, counts.seconds);
            text.sample(
                "orchestrate_task_duration_seconds_count",
                &labels,
                counts.durations,
            );
        }
        let name = "orchestrate_task_last_success_timestamp_seconds";
        text.family(
            name,
            "gauge",
            "When a task last succeeded, in seconds since 1970.",
        );
        for (labels, counts) in self.labelled() {
            if let Some(at) = counts.last_success {
                text.sample(name, &labels, at.as_second());
            }
        }
        let name = "orchestrate_leftovers_killed_total";
        text.family(
            name,
            "counter",
            "Processes that a collector left behind and that were ended.",
        );
        for (labels, counts) in self.labelled() {
            text.sample(name, &labels, counts.leftovers);
        }
    }

    fn write_lag(&self, text: &mut Exposition) {
        let name = "orchestrate_schedule_lag_seconds";
        text.family(
            name,
            "histogram",
            "From the planned instant of a slot to its begin.",
        );
        let bucket = "orchestrate_schedule_lag_seconds_bucket";
        for (count, bound) in self.lag.iter().zip(LAG_BOUNDS) {
            text.sample(bucket, &[("le", &bound.to_string())], count);
        }
        text.sample(bucket, &[("le", "+Inf")], self.lag_count);
        text.sample("orchestrate_schedule_lag_seconds_sum", &[], self.lag_sum);
        text.sample("orchestrate_schedule_lag_seconds_count", &[], self.lag_count);
    }

    fn labelled(&self) -> impl Iterator<Item = ([(&'static str, &str); 3], &TaskCounts)> {
        self.tasks.iter().map(|((group, name, command), counts)| {
            let labels = [
                ("group", group.as_str()),
                ("name", name.as_str()),
                ("command", command.as_str()),
            ];
            (labels, counts)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lag_is_counted_in_every_class_that_holds_it() {
        let metrics = Metrics::default();
        metrics.count_start(Duration::from_millis(7));
        metrics.count_start(Duration::from_secs(3600));
        let text = metrics.render();
        for line in [
            "orchestrate_schedule_lag_seconds_bucket{le=\"0.005\"} 0",
            "orchestrate_schedule_lag_seconds_bucket{le=\"0.01\"} 1",
            "orchestrate_schedule_lag_seconds_bucket{le=\"600\"} 1",
            "orchestrate_schedule_lag_seconds_bucket{le=\"+Inf\"} 2",
            "orchestrate_schedule_lag_seconds_count 2",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }

    #[test]
    fn an_older_success_does_not_hide_a_newer_one() {
        let metrics = Metrics::default();
        let at = |second| Timestamp::from_second(second).unwrap();
        let task = crate::model::fixtures::task("g", "c\"\n", crate::model::Cadence::Daily);
        metrics.remember_success(&task, at(200));
        metrics.remember_success(&task, at(100));
        let line =
            r#"orchestrate_task_last_success_timestamp_seconds{group="g",name="c\"\n",command="c\"\n"} 200"#;
        let text = metrics.render();
        assert!(text.lines().any(|found| found == line), "{text}");
    }

    #[test]
    fn the_success_of_one_twin_is_not_that_of_the_other() {
        let metrics = Metrics::default();
        let mut task = crate::model::fixtures::task("g", "c", crate::model::Cadence::Daily);
        metrics.remember_success(&task, Timestamp::from_second(100).unwrap());
        task.name = crate::model::TaskName::new("c#2");
        metrics.remember_success(&task, Timestamp::from_second(200).unwrap());
        let text = metrics.render();
        for (name, at) in [("c", 100), ("c#2", 200)] {
            let series = "orchestrate_task_last_success_timestamp_seconds";
            let line = format!(r#"{series}{{group="g",name="{name}",command="c"}} {at}"#);
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }
}
