//! What is known of each task of the run, and the summary that comes of it.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use crate::engine::finished_attempt::FinishedAttempt;
use crate::events::{
    AttemptRecord, OutcomeWords, RecordCounts, RunEvent, RunPast, RunVerdict, Summary, TaskRef, TaskSummary,
};
use crate::model::{Outcome, RunId, RunState, SkipCause};
use crate::rundir::RunPlan;
use crate::text::milliseconds;

/// The record of a run that goes on. Tasks run one after another, so there is one
/// attempt that is the last.
pub(crate) struct RunTally {
    run: RunId,
    schedule: String,
    started_at: Timestamp,
    tasks: Vec<TaskTally>,
    last: Option<LastAttempt>,
}

struct TaskTally {
    task: Arc<TaskRef>,
    args: Vec<String>,
    releases: Vec<String>,
    release_source: Option<String>,
    attempts: u32,
    first_start: Option<Timestamp>,
    settled: Option<TaskSummary>,
}

struct LastAttempt {
    number: u32,
    started_at: Timestamp,
    log: String,
    timeout_ms: Option<u64>,
    end: Option<FinishedAttempt>,
}

impl RunTally {
    pub(crate) fn new(plan: &RunPlan, refs: &[Arc<TaskRef>], past: &RunPast, now: Timestamp) -> Self {
        let tasks = plan
            .plan
            .tasks
            .iter()
            .zip(refs)
            .enumerate()
            .map(|(place, (planned, task))| TaskTally {
                task: Arc::clone(task),
                args: planned.task.args.clone(),
                releases: planned.releases.clone(),
                release_source: planned.release_source.clone(),
                attempts: past.attempts(place),
                first_start: None,
                settled: past.settled(place).cloned(),
            })
            .collect();
        Self {
            run: plan.run.clone(),
            schedule: plan.schedule.clone(),
            started_at: now,
            tasks,
            last: None,
        }
    }

    pub(crate) fn started_at(&self) -> Timestamp {
        self.started_at
    }

    /// An attempt begins.
    pub(crate) fn begin(
        &mut self,
        task: usize,
        number: u32,
        at: Timestamp,
        log: &Path,
        timeout_ms: Option<u64>,
    ) {
        let entry = &mut self.tasks[task];
        entry.attempts = number;
        entry.first_start.get_or_insert(at);
        self.last = Some(LastAttempt {
            number,
            started_at: at,
            log: log.display().to_string(),
            timeout_ms,
            end: None,
        });
    }

    /// It is over.
    pub(crate) fn end(&mut self, end: FinishedAttempt) {
        if let Some(last) = &mut self.last {
            last.end = Some(end);
        }
    }

    /// The last attempt, if it is over.
    pub(crate) fn last_attempt(&self) -> Option<AttemptRecord> {
        let last = self.last.as_ref()?;
        let end = last.end.as_ref()?;
        let words = spell_outcome(&end.outcome, Some(end));
        Some(AttemptRecord {
            number: last.number,
            started_at: last.started_at,
            finished_at: end.finished_at,
            outcome: words.outcome,
            exit_code: words.exit_code,
            signal: words.signal,
            reason: words.reason,
            log: last.log.clone(),
            isolation: end.isolation.map(|isolation| isolation.as_str().to_owned()),
            timeout_ms: last.timeout_ms,
            // What held it is known of those that ran, and of them alone.
            max_rss_bytes: end.isolation.map(|_| end.usage.max_rss_bytes),
            cpu_ms: end
                .isolation
                .map(|_| milliseconds(end.usage.user_cpu + end.usage.system_cpu)),
            leftovers: end.leftovers.clone(),
        })
    }

    /// A task is settled; returns the event that tells it.
    pub(crate) fn settle(&mut self, task: usize, outcome: &Outcome, now: Timestamp) -> RunEvent {
        let attempt = match outcome {
            Outcome::Skipped(_) => None,
            _ => self.last_attempt(),
        };
        let summary = self.summarize(task, outcome);
        self.tasks[task].settled = Some(summary.clone());
        let task = Box::new(summary);
        match attempt {
            Some(last_attempt) => RunEvent::TaskFinished {
                at: now,
                task,
                last_attempt,
            },
            None => RunEvent::TaskSkipped {
                at: now,
                cause: Some(SkipCause::of(outcome)),
                task,
            },
        }
    }

    fn summarize(&self, task: usize, outcome: &Outcome) -> TaskSummary {
        let entry = &self.tasks[task];
        let tried = !matches!(outcome, Outcome::Skipped(_));
        let last = self.last.as_ref().filter(|_| tried);
        let end = last.and_then(|last| last.end.as_ref());
        let words = spell_outcome(outcome, end);
        let results = end.map(|end| &end.results);
        let duration = entry.first_start.zip(end).and_then(|(start, end)| {
            std::time::Duration::try_from(end.finished_at.duration_since(start)).ok()
        });
        let cpu = end.map_or_else(Default::default, |end| end.usage.user_cpu + end.usage.system_cpu);
        TaskSummary {
            position: entry.task.position,
            group: entry.task.group.clone(),
            name: entry.task.name.clone(),
            command: entry.task.command.clone(),
            args: entry.args.clone(),
            outcome: words.outcome.into(),
            exit_code: words.exit_code,
            signal: words.signal,
            reason: words.reason,
            category: words.category,
            hint: end.and_then(|end| end.hint.clone()),
            attempts: entry.attempts,
            duration_ms: milliseconds(duration.unwrap_or_default()),
            max_rss_bytes: end.map_or(0, |end| end.usage.max_rss_bytes),
            cpu_ms: milliseconds(cpu),
            stdout_bytes: end.map_or(0, |end| end.written.stdout_bytes),
            stderr_bytes: end.map_or(0, |end| end.written.stderr_bytes),
            lines: end.map_or(0, |end| end.written.lines),
            truncated: end.is_some_and(|end| end.truncated),
            leaked: end.is_some_and(|end| !end.leftovers.is_empty()),
            leftovers: end.map(|end| end.leftovers.clone()).unwrap_or_default(),
            releases: entry.releases.clone(),
            release_source: entry.release_source.clone(),
            deferred: results
                .map(|results| results.deferred.clone())
                .unwrap_or_default(),
            records: results.and_then(|results| results.counts),
            suspect: results.and_then(|results| results.suspect.clone()),
            warnings: results
                .map(|results| results.warnings.clone())
                .unwrap_or_default(),
            log: last
                .filter(|_| end.is_none_or(|end| end.logged))
                .map(|last| last.log.clone()),
            tail: end.map(|end| end.tail.clone()).unwrap_or_default(),
        }
    }

    /// What the database could not take at first is in it now.
    pub(crate) fn deliver(&mut self, position: usize, counts: RecordCounts) {
        let mut settled = self.tasks.iter_mut().filter_map(|entry| entry.settled.as_mut());
        if let Some(task) = settled.find(|task| task.position == position) {
            task.records = Some(counts);
        }
    }

    /// The summary, once every task is settled.
    pub(crate) fn summary(&mut self, state: &RunState, now: Timestamp) -> Summary {
        let tasks: Vec<TaskSummary> = self
            .tasks
            .iter_mut()
            .filter_map(|entry| entry.settled.take())
            .collect();
        let verdict = RunVerdict::of(state.outcomes().iter().flatten(), state.cancelled());
        Summary {
            run: self.run.clone(),
            schedule: self.schedule.clone(),
            started_at: self.started_at,
            finished_at: now,
            succeeded: verdict.succeeded,
            failed: verdict.failed,
            skipped: verdict.skipped,
            suspect: tasks.iter().filter(|task| task.suspect.is_some()).count(),
            success: verdict.success,
            exit_code: verdict.exit_code,
            tasks,
        }
    }
}

/// The outcome in words, with what the collector itself said of its failure.
fn spell_outcome(outcome: &Outcome, end: Option<&FinishedAttempt>) -> OutcomeWords {
    let mut words = OutcomeWords::from(outcome);
    if let Some(results) = end.map(|end| &end.results)
        && words.category.is_some()
    {
        if let Some(category) = results.reported.category {
            words.category = Some(category);
        }
        if let Some(said) = &results.said {
            words.reason = format!("{}: {said}", words.reason);
        }
    }
    words
}
