//! Writes a run's events into the database, in the order in which they happened.
//! Runs beside the run itself: a slow database holds no collector back for longer
//! than its queue, and a dead one not at all; the journal has everything.

use std::sync::Arc;

use jiff::Timestamp;
use sqlx::{Sqlite, Transaction};
use tokio::sync::mpsc;

use super::sqlite::Store;
use crate::model::RunId;
use crate::report::{AttemptRecord, Message, PlannedTask, RunEvent, Summary, TaskRef, TaskSummary};

/// What became of the recording.
#[derive(Debug)]
pub struct RecorderEnd {
    /// Events that did not reach the database, and why; `None` if all did.
    pub failure: Option<(usize, sqlx::Error)>,
}

/// Records what comes through `queue` until it ends. After a failure nothing more
/// is tried; what follows is counted.
pub async fn record(store: Store, run: RunId, mut queue: mpsc::Receiver<Message>) -> RecorderEnd {
    let mut failure: Option<(usize, sqlx::Error)> = None;
    let mut batch = Vec::new();
    while queue.recv_many(&mut batch, 64).await > 0 {
        let events: Vec<Arc<RunEvent>> = batch
            .drain(..)
            .filter_map(|message| match message {
                Message::Event(event) => Some(event),
                Message::Output(_) => None,
            })
            .collect();
        match &mut failure {
            Some((missing, _)) => *missing += events.len(),
            None => {
                if let Err(error) = store.write(&run, &events).await {
                    tracing::error!(
                        "the database cannot be written: {error}; the run goes on, its journal is complete"
                    );
                    failure = Some((events.len(), error));
                }
            }
        }
    }
    RecorderEnd { failure }
}

type Sql<'t> = Transaction<'t, Sqlite>;

impl Store {
    /// One transaction for a batch: whatever gathered while the last one was written.
    async fn write(&self, run: &RunId, events: &[Arc<RunEvent>]) -> Result<(), sqlx::Error> {
        let mut sql = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        for event in events {
            match event.as_ref() {
                RunEvent::RunStarted {
                    schedule,
                    group,
                    at,
                    tasks,
                    ..
                } => {
                    run_started(&mut sql, run, schedule, group.as_deref(), *at, tasks).await?;
                }
                RunEvent::TaskStarted {
                    task,
                    attempt,
                    at,
                    log,
                    ..
                } => {
                    attempt_started(&mut sql, run, task, *attempt, *at, log).await?;
                }
                RunEvent::TaskRetry { task, attempt, .. } => {
                    attempt_ended(&mut sql, run, task.position, attempt).await?;
                }
                RunEvent::TaskFinished {
                    task, last_attempt, ..
                } => {
                    attempt_ended(&mut sql, run, task.position, last_attempt).await?;
                    task_ended(&mut sql, run, task).await?;
                }
                RunEvent::TaskSkipped { task, .. } => task_ended(&mut sql, run, task).await?,
                RunEvent::RunFinished(summary) => run_finished(&mut sql, summary).await?,
            }
        }
        sql.commit().await
    }
}

async fn run_started(
    sql: &mut Sql<'_>,
    run: &RunId,
    schedule: &str,
    group: Option<&str>,
    at: Timestamp,
    tasks: &[PlannedTask],
) -> Result<(), sqlx::Error> {
    sqlx::query("insert into runs (id, schedule, group_name, started_at) values ($1, $2, $3, $4)")
        .bind(run.as_str())
        .bind(schedule)
        .bind(group)
        .bind(at.as_microsecond())
        .execute(&mut **sql)
        .await?;
    for planned in tasks {
        sqlx::query(
            "insert into tasks (run_id, position, group_name, command, args, schedule)
             values ($1, $2, $3, $4, $5, $6)",
        )
        .bind(run.as_str())
        .bind(number(planned.task.position))
        .bind(&planned.task.group)
        .bind(&planned.task.command)
        .bind(sqlx::types::Json(&planned.args))
        .bind(&planned.schedule)
        .execute(&mut **sql)
        .await?;
    }
    Ok(())
}

async fn attempt_started(
    sql: &mut Sql<'_>,
    run: &RunId,
    task: &TaskRef,
    attempt: u32,
    at: Timestamp,
    log: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into attempts (run_id, position, number, started_at, log) values ($1, $2, $3, $4, $5)",
    )
    .bind(run.as_str())
    .bind(number(task.position))
    .bind(attempt)
    .bind(at.as_microsecond())
    .bind(log)
    .execute(&mut **sql)
    .await?;
    Ok(())
}

async fn attempt_ended(
    sql: &mut Sql<'_>,
    run: &RunId,
    position: usize,
    attempt: &AttemptRecord,
) -> Result<(), sqlx::Error> {
    let done = sqlx::query(
        "update attempts set finished_at = $1, outcome = $2, exit_code = $3, signal = $4, reason = $5
         where run_id = $6 and position = $7 and number = $8 and finished_at is null",
    )
    .bind(attempt.finished_at.as_microsecond())
    .bind(&attempt.outcome)
    .bind(attempt.exit_code)
    .bind(&attempt.signal)
    .bind(&attempt.reason)
    .bind(run.as_str())
    .bind(number(position))
    .bind(attempt.number)
    .execute(&mut **sql)
    .await?;
    one_row(done.rows_affected())
}

async fn task_ended(sql: &mut Sql<'_>, run: &RunId, task: &TaskSummary) -> Result<(), sqlx::Error> {
    let done = sqlx::query(
        "update tasks set outcome = $1, exit_code = $2, signal = $3, reason = $4, category = $5, hint = $6,
             attempts = $7, duration_ms = $8, max_rss_bytes = $9, cpu_ms = $10, stdout_bytes = $11,
             stderr_bytes = $12, lines = $13, truncated = $14, leftovers = $15, log = $16, tail = $17
         where run_id = $18 and position = $19 and outcome is null",
    )
    .bind(&task.outcome)
    .bind(task.exit_code)
    .bind(&task.signal)
    .bind(&task.reason)
    .bind(&task.category)
    .bind(&task.hint)
    .bind(task.attempts)
    .bind(count(task.duration_ms))
    .bind(count(task.max_rss_bytes))
    .bind(count(task.cpu_ms))
    .bind(count(task.stdout_bytes))
    .bind(count(task.stderr_bytes))
    .bind(count(task.lines))
    .bind(task.truncated)
    .bind(sqlx::types::Json(&task.leftovers))
    .bind(&task.log)
    .bind(sqlx::types::Json(&task.tail))
    .bind(run.as_str())
    .bind(number(task.position))
    .execute(&mut **sql)
    .await?;
    one_row(done.rows_affected())
}

async fn run_finished(sql: &mut Sql<'_>, summary: &Summary) -> Result<(), sqlx::Error> {
    let done = sqlx::query(
        "update runs set finished_at = $1, succeeded = $2, failed = $3, skipped = $4, success = $5, exit_code = $6
         where id = $7 and finished_at is null",
    )
    .bind(summary.finished_at.as_microsecond())
    .bind(number(summary.succeeded))
    .bind(number(summary.failed))
    .bind(number(summary.skipped))
    .bind(summary.success)
    .bind(summary.exit_code)
    .bind(summary.run.as_str())
    .execute(&mut **sql)
    .await?;
    one_row(done.rows_affected())
}

/// A change that hits no row is a state that cannot be, and must not pass silently.
fn one_row(rows: u64) -> Result<(), sqlx::Error> {
    if rows == 1 {
        Ok(())
    } else {
        Err(sqlx::Error::RowNotFound)
    }
}

/// SQL has no unsigned numbers; what does not fit is as good as the largest that does.
fn count(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn number(value: usize) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
