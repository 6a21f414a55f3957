//! Applies a run's events to the database: in order, each exactly once. The number
//! of the last event is kept in the run's row and changes in the same transaction,
//! so that whoever is not sure whether a batch arrived may simply send it again.
//!
//! The transitions, and there are no others: a run starts and finishes, or is lost;
//! a task is pending and then ended; an attempt is started and then ended.

use jiff::Timestamp;

use super::error::StoreError;
use super::journal::Numbered;
use super::sql::{Sql, args};
use super::store::Store;
use super::{recovery, slots};
use crate::model::{Owner, RunId};
use crate::report::{AttemptRecord, PlannedTask, RunEvent, Summary, TaskRef, TaskSummary};

impl Store {
    /// One transaction for a batch. Events that the database has are passed over.
    pub(super) async fn apply(&self, run: &RunId, events: &[Numbered]) -> Result<(), StoreError> {
        match self.try_apply(run, events).await {
            // Somebody else wrote the same run in the same moment and was faster: now
            // it is there to be seen. What is wrong in itself is so the second time too.
            Err(StoreError::Statement(sqlx::Error::Database(error))) if error.is_unique_violation() => {
                self.try_apply(run, events).await
            }
            done => done,
        }
    }

    async fn try_apply(&self, run: &RunId, events: &[Numbered]) -> Result<(), StoreError> {
        let mut sql = self.begin().await?;
        let select = self.text(
            "select events, lost from runs where id = $1",
            "select events, lost from runs where id = $1 for update",
        );
        let row: Vec<(i64, Option<String>)> = sql.fetch(select, &args![run]).await?;
        let known = row.first().map_or(0, |(events, _)| *events);
        let is_new = |(number, _): &&Numbered| i64::try_from(*number).is_ok_and(|number| number > known);
        let new: Vec<&Numbered> = events.iter().filter(is_new).collect();
        if let Some((last, _)) = new.last() {
            match row.first() {
                None if !matches!(*new[0].1, RunEvent::RunStarted { .. }) => {
                    return Err(StoreError::Refused(format!("run {run} has no beginning")));
                }
                Some((_, Some(lost))) => recovery::reopen(&mut sql, run, lost).await?,
                _ => {}
            }
            for (_, event) in &new {
                one(&mut sql, run, event).await?;
            }
            sql.change_one(
                "counting events",
                "update runs set events = $1 where id = $2 and events = $3",
                &args![*last, run, known],
            )
            .await?;
        }
        sql.commit().await
    }
}

async fn one(sql: &mut Sql, run: &RunId, event: &RunEvent) -> Result<(), StoreError> {
    match event {
        RunEvent::RunStarted {
            schedule,
            group,
            at,
            owner,
            slot,
            tasks,
            ..
        } => {
            run_started(sql, run, schedule, group, *at, owner).await?;
            for task in tasks {
                planned(sql, run, *at, task).await?;
            }
            if let Some(slot) = slot {
                slots::taken(sql, run, slot, *at, tasks).await?;
            }
            Ok(())
        }
        RunEvent::TaskStarted {
            task,
            attempt,
            at,
            log,
            ..
        } => attempt_started(sql, run, task, *attempt, *at, log).await,
        RunEvent::TaskRetry { task, attempt, .. } => attempt_ended(sql, run, task.position, attempt).await,
        RunEvent::TaskFinished {
            task, last_attempt, ..
        } => {
            attempt_ended(sql, run, task.position, last_attempt).await?;
            task_ended(sql, run, task).await?;
            slots::settled(sql, run, task.position, "ran", &task.reason).await
        }
        RunEvent::TaskSkipped { task, .. } => {
            task_ended(sql, run, task).await?;
            slots::settled(sql, run, task.position, "skipped", &task.reason).await
        }
        RunEvent::RunFinished(summary) => run_finished(sql, summary).await,
    }
}

async fn run_started(
    sql: &mut Sql,
    run: &RunId,
    schedule: &str,
    group: &Option<String>,
    at: Timestamp,
    owner: &Owner,
) -> Result<(), StoreError> {
    sql.change_one(
        "starting a run",
        "insert into runs
             (id, schedule, group_name, started_at, owner_host, owner_boot, owner_pid, owner_start)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        &args![
            run,
            schedule,
            group,
            at,
            &owner.host,
            &owner.boot,
            owner.pid,
            owner.started
        ],
    )
    .await
}

async fn planned(sql: &mut Sql, run: &RunId, at: Timestamp, task: &PlannedTask) -> Result<(), StoreError> {
    sql.change_one(
        "planning a task",
        "insert into tasks (run_id, position, run_started_at, group_name, command, args, schedule)
         values ($1, $2, $3, $4, $5, $6, $7)",
        &args![
            run,
            task.task.position,
            at,
            &task.task.group,
            &task.task.command,
            &task.args,
            &task.schedule
        ],
    )
    .await
}

async fn attempt_started(
    sql: &mut Sql,
    run: &RunId,
    task: &TaskRef,
    attempt: u32,
    at: Timestamp,
    log: &str,
) -> Result<(), StoreError> {
    sql.change_one(
        "starting an attempt",
        "insert into attempts (run_id, position, number, started_at, log)
         select run_id, position, $3, $4, $5 from tasks
         where run_id = $1 and position = $2 and outcome is null",
        &args![run, task.position, attempt, at, log],
    )
    .await
}

/// The start may be missing: where a full disk kept the journal from taking it.
async fn attempt_ended(
    sql: &mut Sql,
    run: &RunId,
    position: usize,
    attempt: &AttemptRecord,
) -> Result<(), StoreError> {
    sql.change_one(
        "ending an attempt",
        "insert into attempts
             (run_id, position, number, started_at, finished_at, outcome, exit_code, signal, reason, log)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         on conflict (run_id, position, number) do update set
             finished_at = excluded.finished_at, outcome = excluded.outcome,
             exit_code = excluded.exit_code, signal = excluded.signal, reason = excluded.reason
         where attempts.finished_at is null",
        &args![
            run,
            position,
            attempt.number,
            attempt.started_at,
            attempt.finished_at,
            &attempt.outcome,
            attempt.exit_code,
            &attempt.signal,
            &attempt.reason,
            &attempt.log
        ],
    )
    .await
}

async fn task_ended(sql: &mut Sql, run: &RunId, task: &TaskSummary) -> Result<(), StoreError> {
    sql.change_one(
        "ending a task",
        "update tasks set outcome = $1, exit_code = $2, signal = $3, reason = $4, category = $5, hint = $6,
             attempts = $7, duration_ms = $8, max_rss_bytes = $9, cpu_ms = $10, stdout_bytes = $11,
             stderr_bytes = $12, lines = $13, truncated = $14, leftovers = $15, log = $16, tail = $17
         where run_id = $18 and position = $19 and outcome is null",
        &args![
            &task.outcome,
            task.exit_code,
            &task.signal,
            &task.reason,
            &task.category,
            &task.hint,
            task.attempts,
            task.duration_ms,
            task.max_rss_bytes,
            task.cpu_ms,
            task.stdout_bytes,
            task.stderr_bytes,
            task.lines,
            task.truncated,
            &task.leftovers,
            &task.log,
            &task.tail,
            run,
            task.position
        ],
    )
    .await
}

async fn run_finished(sql: &mut Sql, summary: &Summary) -> Result<(), StoreError> {
    complete(sql, summary).await?;
    sql.change_one(
        "finishing a run",
        "update runs set finished_at = $1, succeeded = $2, failed = $3, skipped = $4, success = $5, exit_code = $6
         where id = $7 and finished_at is null
           and not exists (select 1 from tasks where run_id = $7 and outcome is null)",
        &args![
            summary.finished_at,
            summary.succeeded,
            summary.failed,
            summary.skipped,
            summary.success,
            summary.exit_code,
            &summary.run
        ],
    )
    .await
}

/// What a full disk kept the journal from taking is in the summary as well.
async fn complete(sql: &mut Sql, summary: &Summary) -> Result<(), StoreError> {
    let open: Vec<(i64,)> = sql
        .fetch(
            "select position from tasks where run_id = $1 and outcome is null",
            &args![&summary.run],
        )
        .await?;
    let is_open = |task: &&TaskSummary| open.iter().any(|(at,)| usize::try_from(*at) == Ok(task.position));
    for task in summary.tasks.iter().filter(is_open) {
        sql.execute(
            "update attempts set finished_at = $1, outcome = $2, reason = $3
             where run_id = $4 and position = $5 and finished_at is null",
            &args![
                summary.finished_at,
                &task.outcome,
                &task.reason,
                &summary.run,
                task.position
            ],
        )
        .await?;
        task_ended(sql, &summary.run, task).await?;
        let state = if task.outcome == "skipped" {
            "skipped"
        } else {
            "ran"
        };
        slots::settled(sql, &summary.run, task.position, state, &task.reason).await?;
    }
    Ok(())
}
