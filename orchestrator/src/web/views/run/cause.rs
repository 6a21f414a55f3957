//! One collector of a run looked at: the cause of its end as a time line of its attempts, what it
//! used, and the last lines that it wrote.

use jiff::Timestamp;

use crate::model::{RunId, TaskStatus};
use crate::store::{RecordedAttempt, TaskState};
use crate::web::views::links;
use crate::web::views::look::OutcomeLook;
use crate::web::views::moment::ShownMoment;
use crate::web::views::numbers::{bytes, grouped, took};
use crate::web::views::run::facts::Fact;
use crate::web::views::run::rows::why;

/// What is said of it.
#[derive(Debug)]
pub(crate) struct TaskCause {
    pub(crate) look: OutcomeLook,
    pub(crate) heading: String,
    pub(crate) lead: String,
    pub(crate) hint: Option<String>,
    pub(crate) steps: Vec<AttemptStep>,
    pub(crate) used: Vec<Fact>,
    pub(crate) leftovers: Vec<String>,
    pub(crate) warnings: Vec<String>,
    /// The last lines of a failure.
    pub(crate) tail: Vec<String>,
    /// For each attempt its number and its log.
    pub(crate) logs: Vec<(u32, String)>,
}

/// Something that happened.
#[derive(Debug)]
pub(crate) struct AttemptStep {
    pub(crate) at: String,
    pub(crate) words: String,
    /// Whether it is where it went wrong.
    pub(crate) hot: bool,
}

/// The task that is looked at where nobody chose one: the first that is not well, else the one
/// that runs, else the first that ran.
pub(crate) fn chosen(tasks: &[TaskState], wanted: Option<usize>) -> Option<&TaskState> {
    let at = |wanted| tasks.iter().find(|task| task.summary.position == wanted);
    let bad = || {
        tasks
            .iter()
            .find(|task| OutcomeLook::of(task.summary.word()).is_bad())
    };
    let running = || {
        let mut tasks = tasks.iter();
        tasks.find(|task| task.summary.outcome == TaskStatus::Running)
    };
    let ran = || tasks.iter().find(|task| !task.attempt_list.is_empty());
    wanted
        .and_then(at)
        .or_else(bad)
        .or_else(running)
        .or_else(ran)
        .or_else(|| tasks.first())
}

/// All of it.
pub(crate) fn cause(run: &RunId, task: &TaskState, now: Timestamp) -> TaskCause {
    let summary = &task.summary;
    let look = OutcomeLook::of(summary.word());
    let heading = match look.key {
        "succeeded" => format!("How {} went", summary.name),
        "running" => format!("{} runs", summary.name),
        "pending" => format!("{} waits", summary.name),
        "skipped" => format!("Why {} did not run", summary.name),
        "suspect" => format!("Why {} is suspect", summary.name),
        "not_started" => format!("Why {} could not start", summary.name),
        "cancelled" => format!("Why {} was cancelled", summary.name),
        "lost" => format!("What became of {}", summary.name),
        _ => format!("Why {} {}", summary.name, look.word),
    };
    let log = |attempt: &RecordedAttempt| {
        let href = links::log(run, summary.position, attempt.number)?;
        Some((attempt.number, href))
    };
    TaskCause {
        look,
        heading,
        lead: why(task),
        hint: summary.hint.clone(),
        steps: task
            .attempt_list
            .iter()
            .flat_map(|attempt| steps(attempt, task.attempt_list.len(), now))
            .collect(),
        used: used(task),
        leftovers: summary.leftovers.clone(),
        warnings: summary.warnings.clone(),
        tail: summary.tail.clone(),
        logs: task.attempt_list.iter().filter_map(log).collect(),
    }
}

fn steps(attempt: &RecordedAttempt, of: usize, now: Timestamp) -> Vec<AttemptStep> {
    let attempt_name = match of {
        1 => "it".to_owned(),
        _ => format!("try {}", attempt.number),
    };
    let mut steps = vec![AttemptStep {
        at: ShownMoment::new(attempt.started_at, now).seconds,
        words: format!("{attempt_name} began"),
        hot: false,
    }];
    if let (Some(at), Some(outcome)) = (attempt.finished_at, &attempt.outcome) {
        let reason = attempt.reason.clone().unwrap_or_default();
        let words = match reason.is_empty() {
            true => OutcomeLook::of(outcome).word.to_owned(),
            false => reason,
        };
        let within = at.duration_since(attempt.started_at).as_millis();
        let within = took(u64::try_from(within).unwrap_or_default());
        // Of several, each says what it used; of one the figures below do.
        let used = match (of, attempt.max_rss_bytes, attempt.cpu_ms) {
            (2.., Some(memory), Some(cpu)) => format!("; {} of memory, {} of CPU", bytes(memory), took(cpu)),
            _ => String::new(),
        };
        let left = match attempt.leftovers.as_slice() {
            [] => String::new(),
            left => format!("; left behind: {}", left.join(", ")),
        };
        steps.push(AttemptStep {
            at: ShownMoment::new(at, now).seconds,
            words: format!("{words}, after {within}{used}{left}"),
            hot: OutcomeLook::of(outcome).is_bad(),
        });
    }
    steps
}

fn used(task: &TaskState) -> Vec<Fact> {
    let summary = &task.summary;
    if task.attempt_list.is_empty() || matches!(summary.outcome, TaskStatus::Running | TaskStatus::Pending) {
        return Vec::new();
    }
    let limit = task.attempt_list.last().and_then(|attempt| attempt.timeout_ms);
    let time = took(summary.duration_ms);
    let mut used = vec![(
        "Time",
        match limit {
            Some(limit) => format!("{time}, at most {}", took(limit)),
            None => time,
        },
    )];
    if summary.max_rss_bytes > 0 {
        used.push(("Memory", bytes(summary.max_rss_bytes)));
        used.push(("CPU", took(summary.cpu_ms)));
    }
    let written = summary.stdout_bytes + summary.stderr_bytes;
    used.push((
        "Wrote",
        format!(
            "{} {}, {}",
            grouped(summary.lines),
            if summary.lines == 1 { "line" } else { "lines" },
            bytes(written)
        ),
    ));
    let isolation = task
        .attempt_list
        .last()
        .and_then(|attempt| attempt.isolation.clone());
    if let Some(isolation) = isolation {
        used.push(("Held by", isolation));
    }
    used
}
