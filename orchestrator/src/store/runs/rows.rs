//! Rows as the database has them, and what they mean.

use jiff::Timestamp;
use sqlx::FromRow;
use sqlx::types::Json;

use crate::database::columns::{Micros, OwnerColumns};
use crate::events::{RecordCounts, TaskSummary};
use crate::model::{Category, RunId, TaskStatus};
use crate::store::error::StoreError;
use crate::store::runs::record::{LastOutcome, RecordedAttempt, RunHeader, RunStatus};

#[derive(FromRow)]
pub(crate) struct RunRow {
    id: String,
    schedule: String,
    group_name: Option<String>,
    started_at: Micros,
    finished_at: Option<Micros>,
    succeeded: i64,
    failed: i64,
    skipped: i64,
    suspect: i64,
    success: Option<bool>,
    exit_code: Option<i64>,
    lost: Option<String>,
    #[sqlx(flatten)]
    owner: OwnerColumns,
}

#[derive(FromRow)]
pub(crate) struct TaskRow {
    pub(crate) position: i64,
    group_name: String,
    name: String,
    command: String,
    args: Json<Vec<String>>,
    schedule: String,
    outcome: Option<String>,
    exit_code: Option<i64>,
    signal: Option<String>,
    reason: Option<String>,
    category: Option<String>,
    hint: Option<String>,
    attempts: i64,
    duration_ms: i64,
    max_rss_bytes: i64,
    cpu_ms: i64,
    stdout_bytes: i64,
    stderr_bytes: i64,
    lines: i64,
    truncated: bool,
    leftovers: Json<Vec<String>>,
    log: Option<String>,
    tail: Json<Vec<String>>,
    suspect: Option<String>,
    warnings: Json<Vec<String>>,
    // Of the delivery, if there was one.
    added: Option<i64>,
    changed: Option<i64>,
    unchanged: Option<i64>,
}

#[derive(FromRow)]
pub(crate) struct AttemptRow {
    pub(crate) position: i64,
    number: i64,
    started_at: Micros,
    finished_at: Option<Micros>,
    outcome: Option<String>,
    exit_code: Option<i64>,
    signal: Option<String>,
    reason: Option<String>,
    log: String,
    isolation: Option<String>,
    // One migration behind they are not there yet.
    #[sqlx(default)]
    timeout_ms: Option<i64>,
    #[sqlx(default)]
    max_rss_bytes: Option<i64>,
    #[sqlx(default)]
    cpu_ms: Option<i64>,
    #[sqlx(default)]
    leftovers: Option<Json<Vec<String>>>,
}

#[derive(FromRow)]
pub(crate) struct LastRow {
    run_id: String,
    run_started_at: Micros,
    command: String,
    args: Json<Vec<String>>,
    outcome: Option<String>,
    reason: Option<String>,
    suspect: Option<String>,
    begun: bool,
}

impl LastRow {
    pub(crate) fn last(self, group: &str, name: &str) -> Result<LastOutcome, StoreError> {
        let run = RunId::new(self.run_id);
        let unfinished = if self.begun { "running" } else { "pending" };
        Ok(LastOutcome {
            group: group.to_owned(),
            name: name.to_owned(),
            command: self.command,
            args: self.args.0,
            started_at: self.run_started_at.0,
            run,
            outcome: self.outcome.unwrap_or_else(|| unfinished.to_owned()),
            reason: self.reason.unwrap_or_default(),
            suspect: self.suspect,
        })
    }
}

impl RunRow {
    pub(crate) fn header(self) -> Result<RunHeader, StoreError> {
        let run = RunId::new(self.id);
        Ok(RunHeader {
            schedule: self.schedule,
            group: self.group_name,
            state: match (&self.lost, self.finished_at) {
                (Some(_), _) => RunStatus::Lost,
                (None, Some(_)) => RunStatus::Finished,
                (None, None) => RunStatus::Running,
            },
            started_at: self.started_at.0,
            finished_at: self.finished_at.map(Timestamp::from),
            succeeded: number(&run, self.succeeded)?,
            failed: number(&run, self.failed)?,
            skipped: number(&run, self.skipped)?,
            suspect: number(&run, self.suspect)?,
            success: self.success,
            exit_code: self.exit_code.map(|code| number(&run, code)).transpose()?,
            lost: self.lost,
            owner: self.owner.0,
            run,
        })
    }
}

impl TaskRow {
    /// The task and its cadence.
    pub(crate) fn task(
        self,
        run: &RunId,
        attempts: &[RecordedAttempt],
    ) -> Result<(TaskSummary, String), StoreError> {
        let unfinished = if attempts.is_empty() {
            TaskStatus::Pending
        } else {
            TaskStatus::Running
        };
        let recorded: u32 = number(run, self.attempts)?;
        let counts = match (self.added, self.changed, self.unchanged) {
            (Some(added), Some(changed), Some(unchanged)) => Some(RecordCounts {
                new: number(run, added)?,
                changed: number(run, changed)?,
                unchanged: number(run, unchanged)?,
            }),
            _ => None,
        };
        let summary = TaskSummary {
            position: number(run, self.position)?,
            group: self.group_name,
            name: self.name,
            command: self.command,
            args: self.args.0,
            outcome: match &self.outcome {
                Some(word) => TaskStatus::parse(word)
                    .ok_or_else(|| StoreError::unknown_word("the outcome of a task", word))?,
                None => unfinished,
            },
            exit_code: self.exit_code.map(|code| number(run, code)).transpose()?,
            signal: self.signal,
            reason: self.reason.unwrap_or_default(),
            category: match &self.category {
                Some(word) => Some(
                    Category::parse(word)
                        .ok_or_else(|| StoreError::unknown_word("the category of a task", word))?,
                ),
                None => None,
            },
            hint: self.hint,
            attempts: recorded.max(u32::try_from(attempts.len()).unwrap_or(u32::MAX)),
            duration_ms: number(run, self.duration_ms)?,
            max_rss_bytes: number(run, self.max_rss_bytes)?,
            cpu_ms: number(run, self.cpu_ms)?,
            stdout_bytes: number(run, self.stdout_bytes)?,
            stderr_bytes: number(run, self.stderr_bytes)?,
            lines: number(run, self.lines)?,
            truncated: self.truncated,
            leaked: !self.leftovers.0.is_empty(),
            leftovers: self.leftovers.0,
            releases: Vec::new(),
            release_source: None,
            deferred: Vec::new(),
            records: counts,
            suspect: self.suspect,
            warnings: self.warnings.0,
            log: self
                .log
                .or_else(|| attempts.last().map(|attempt| attempt.log.clone())),
            tail: self.tail.0,
        };
        Ok((summary, self.schedule))
    }
}

impl AttemptRow {
    pub(crate) fn attempt(self, run: &RunId) -> Result<RecordedAttempt, StoreError> {
        Ok(RecordedAttempt {
            number: number(run, self.number)?,
            started_at: self.started_at.0,
            finished_at: self.finished_at.map(Timestamp::from),
            outcome: self.outcome,
            exit_code: self.exit_code.map(|code| number(run, code)).transpose()?,
            signal: self.signal,
            reason: self.reason,
            log: self.log,
            isolation: self.isolation,
            timeout_ms: self.timeout_ms.map(|value| number(run, value)).transpose()?,
            max_rss_bytes: self.max_rss_bytes.map(|value| number(run, value)).transpose()?,
            cpu_ms: self.cpu_ms.map(|value| number(run, value)).transpose()?,
            leftovers: self.leftovers.map(|leftovers| leftovers.0).unwrap_or_default(),
        })
    }
}

pub(crate) fn number<T: TryFrom<i64, Error: ToString>>(run: &RunId, value: i64) -> Result<T, StoreError> {
    T::try_from(value).map_err(|error| StoreError::row(run, &error.to_string()))
}
