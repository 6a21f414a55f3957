//! The collectors of a run as a table: how each ended, when it ran, against what is usual.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::model::{TaskStatus, telling_line};
use crate::queries::run_details::RunDetails;
use crate::queries::status::judge::told_cause;
use crate::store::{RecordedAttempt, TaskState};
use crate::web::live::feed::Doing;
use crate::web::views::doing::doing_words;
use crate::web::views::home::attention::sentence;
use crate::web::views::links;
use crate::web::views::look::OutcomeLook;
use crate::web::views::numbers::{brought, bytes, took};

/// The width of the box in which bars of time lie.
pub(crate) const WIDTH: i64 = 1000;

/// A collector of the run.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ShownTask {
    pub(crate) position: usize,
    pub(crate) look: OutcomeLook,
    pub(crate) name: String,
    pub(crate) group: String,
    pub(crate) href: String,
    /// What it was given, where it was given anything.
    pub(crate) args: String,
    pub(crate) bars: Vec<Bar>,
    /// The thin line of the usual time.
    pub(crate) usual_bar: Option<Bar>,
    pub(crate) took: String,
    pub(crate) usual: String,
    pub(crate) tries: String,
    pub(crate) memory: String,
    pub(crate) records: String,
    pub(crate) why: String,
    /// Whether that is what one expects, and can be left out on a small screen.
    pub(crate) fine: bool,
    /// Whether it goes on, so that what is said of it changes.
    pub(crate) runs: bool,
}

/// A stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bar {
    pub(crate) look: OutcomeLook,
    pub(crate) x: i64,
    pub(crate) width: i64,
}

/// The time that the table's bars cover.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
}

impl Span {
    /// From the run's beginning to its end, or to now.
    pub(crate) fn of(details: &RunDetails, now: Timestamp) -> Self {
        let header = &details.record.header;
        let attempts = details.record.tasks.iter().flat_map(|task| &task.attempt_list);
        let ends = attempts.filter_map(|attempt| attempt.finished_at);
        let to = header.finished_at.unwrap_or(now).max(header.started_at);
        Self {
            from: header.started_at,
            to: ends.fold(to, Timestamp::max),
        }
    }

    fn place(self, at: Timestamp) -> i64 {
        let whole = self.to.as_microsecond() - self.from.as_microsecond();
        let passed = at.as_microsecond() - self.from.as_microsecond();
        i64::try_from(i128::from(passed) * i128::from(WIDTH) / i128::from(whole.max(1)))
            .unwrap_or_default()
            .clamp(0, WIDTH)
    }

    fn bar(self, look: OutcomeLook, from: Timestamp, to: Timestamp) -> Bar {
        let x = self.place(from);
        // What was is seen, however short it was.
        let width = (self.place(to) - x).max(3);
        Bar {
            look,
            x: x.min(WIDTH - width),
            width,
        }
    }
}

/// The rows, in the order of the plan.
pub(crate) fn rows(details: &RunDetails, doing: &BTreeMap<usize, Doing>, now: Timestamp) -> Vec<ShownTask> {
    let span = Span::of(details, now);
    let several = details
        .record
        .tasks
        .windows(2)
        .any(|pair| pair[0].summary.group != pair[1].summary.group);
    let tasks = details.record.tasks.iter().zip(&details.usual_ms);
    tasks
        .map(|(task, usual)| {
            let mut row = row(task, *usual, span, now);
            if let Some(doing) = doing.get(&row.position).filter(|_| row.runs) {
                let words = doing_words(doing);
                if !words.is_empty() {
                    row.why = words;
                }
            }
            if !several {
                row.group.clear();
            }
            row
        })
        .collect()
}

fn row(task: &TaskState, usual_ms: Option<u64>, span: Span, now: Timestamp) -> ShownTask {
    let summary = &task.summary;
    let look = OutcomeLook::of(summary.word());
    let begun = task.attempt_list.first().map(|attempt| attempt.started_at);
    let ended = begun.is_some() && !matches!(summary.outcome, TaskStatus::Running);
    let duration = match (ended, begun) {
        (true, _) => took(summary.duration_ms),
        (false, Some(begun)) => {
            let so_far = now.duration_since(begun).as_millis();
            took(u64::try_from(so_far).unwrap_or_default())
        }
        (false, None) => String::new(),
    };
    let usual_bar = usual_ms.zip(begun).map(|(usual, begun)| {
        let length = jiff::SignedDuration::from_millis(i64::try_from(usual).unwrap_or_default());
        span.bar(look, begun, begun.checked_add(length).unwrap_or(span.to))
    });
    ShownTask {
        position: summary.position,
        look,
        name: summary.name.clone(),
        group: summary.group.clone(),
        href: links::collector(&summary.group, &summary.name),
        args: summary.args.join(" "),
        bars: task
            .attempt_list
            .iter()
            .map(|attempt| attempt_bar(attempt, span, now))
            .collect(),
        usual_bar,
        took: duration,
        usual: usual_ms.map(took).unwrap_or_default(),
        tries: match summary.attempts {
            0 => String::new(),
            tries => tries.to_string(),
        },
        memory: match summary.max_rss_bytes {
            0 => String::new(),
            size => bytes(size),
        },
        records: summary.records.map_or_else(String::new, |counts| {
            let words = brought(counts);
            match words.is_empty() {
                true => "0 new".to_owned(),
                false => words,
            }
        }),
        why: why(task),
        fine: summary.outcome == TaskStatus::Succeeded && summary.suspect.is_none(),
        runs: summary.outcome == TaskStatus::Running,
    }
}

fn attempt_bar(attempt: &RecordedAttempt, span: Span, now: Timestamp) -> Bar {
    let look = OutcomeLook::of(attempt.outcome.as_deref().unwrap_or("running"));
    span.bar(look, attempt.started_at, attempt.finished_at.unwrap_or(now))
}

/// Why, in a line.
pub(crate) fn why(task: &TaskState) -> String {
    let summary = &task.summary;
    match summary.outcome {
        TaskStatus::Running => "runs".to_owned(),
        TaskStatus::Pending => "waits for its turn".to_owned(),
        outcome => {
            if let Some(doubt) = &summary.suspect {
                return sentence(&format!("succeeded, but {doubt}"));
            }
            let failed = outcome == TaskStatus::Failed;
            let said = telling_line(&summary.tail).filter(|_| failed);
            sentence(&told_cause(&summary.reason, summary.attempts, said))
        }
    }
}
