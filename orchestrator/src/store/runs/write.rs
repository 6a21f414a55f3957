//! Applies a run's events to the database: in order, each exactly once. The number
//! of the last event is kept in the run's row and changes in the same transaction,
//! so that whoever is not sure whether a batch arrived may simply send it again.
//!
//! What may become of what is in `transition`.

use std::collections::HashSet;
use std::sync::Arc;

use crate::database::arg::{Arg, args};
use crate::database::transaction::Transaction;
use crate::events::{AttemptRecord, RunEvent, Summary, TaskSummary};
use crate::model::{RunId, TaskStatus};
use crate::rundir::journal::Numbered;
use crate::store::change::change_one;
use crate::store::error::StoreError;
use crate::store::fleet::fence::RunFence;
use crate::store::runs::transition::StateChange;
use crate::store::runs::{bulk, reopen};
use crate::store::store::Store;
use crate::store::timetable::ledger::LedgerState;
use crate::store::timetable::{releases, slots_of_runs};

/// What events that are missing before a batch mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gaps {
    /// They were written before: [`StoreError::Forgotten`].
    Forgotten,
    /// A full disk kept them from the journal: what is known is all there is.
    Accepted,
}

impl Store {
    /// One transaction for a batch. Events that the database has are passed over. Of a run of
    /// the queue nothing is written but while its claim stands.
    pub(crate) async fn apply(
        &self,
        run: &RunId,
        events: &[Numbered],
        gaps: Gaps,
        fence: Option<&RunFence>,
    ) -> Result<(), StoreError> {
        match self.try_apply(run, events, gaps, fence).await {
            // Somebody else wrote the same run in the same moment and was faster: now
            // it is there to be seen. What is wrong in itself is so the second time too.
            Err(error) if error.is_unique_violation() => self.try_apply(run, events, gaps, fence).await,
            done => done,
        }
    }

    /// Events of a claimed run, numbered; all that the database lacks of them, or nothing.
    ///
    /// # Errors
    /// [`StoreError::Fenced`]: the claim does not stand any more. Or the database fails.
    pub async fn apply_claimed(
        &self,
        fence: &RunFence,
        events: &[(u64, Arc<RunEvent>)],
    ) -> Result<(), StoreError> {
        self.apply(&fence.run, events, Gaps::Forgotten, Some(fence)).await
    }

    async fn try_apply(
        &self,
        run: &RunId,
        events: &[Numbered],
        gaps: Gaps,
        fence: Option<&RunFence>,
    ) -> Result<(), StoreError> {
        let mut sql = self.database.begin().await?;
        let select = self.database.text(
            "select events, lost, exists (select 1 from slots where run_id = $1)
                 or exists (select 1 from ledger where run_id = $1) from runs where id = $1",
            "select events, lost, exists (select 1 from slots where run_id = $1)
                 or exists (select 1 from ledger where run_id = $1) from runs where id = $1 for update",
        );
        let row: Vec<(i64, Option<String>, bool)> = sql.fetch(select, &args![run]).await?;
        let known = row.first().map_or(0, |(events, ..)| *events);
        let new = after(known, events);
        let first = new.first().map_or(0, |(number, _)| *number);
        if gaps == Gaps::Forgotten && i64::try_from(first).is_ok_and(|first| first > known + 1) {
            return Err(StoreError::Forgotten(run.to_string()));
        }
        if new.is_empty()
            && let Some(fence) = fence
        {
            // All of it is there: by this claim, or by one that came later.
            fence.check_newest(&mut sql).await?;
        }
        if let Some((last, _)) = new.last() {
            if let Some(fence) = fence {
                fence.hold(&mut sql).await?;
            }
            match row.first() {
                None if !matches!(*new[0].1, RunEvent::RunStarted { .. }) => {
                    return Err(StoreError::Refused(format!("run {run} has no beginning")));
                }
                Some((_, Some(lost), _)) => reopen::reopen(&mut sql, run, lost).await?,
                _ => {}
            }
            let has_slot = row.first().is_some_and(|(.., has_slot)| *has_slot);
            write(&mut sql, run, &new, has_slot).await?;
            let ends = new
                .iter()
                .any(|(_, event)| matches!(**event, RunEvent::RunFinished(_)));
            if let Some(fence) = fence.filter(|_| ends) {
                fence.finish(&mut sql).await?;
            }
            change_one(
                &mut sql,
                "counting events",
                "update runs set events = $1 where id = $2 and events = $3",
                &args![*last, run, known],
            )
            .await?;
        }
        Ok(sql.commit().await?)
    }
}

/// Events behind those that are known, each only once, also where a batch repeats what is in it already.
fn after(known: i64, events: &[Numbered]) -> Vec<&Numbered> {
    let mut reached = known;
    let is_new = |(number, _): &&Numbered| match i64::try_from(*number) {
        Ok(number) if number > reached => {
            reached = number;
            true
        }
        _ => false,
    };
    events.iter().filter(is_new).collect()
}

/// Writes new events, which are in order. Ends are written together: whatever order
/// they had among each other, the rows are the same. What the database could not see
/// that way (an end twice, a start after the end) is refused here.
async fn write(
    sql: &mut Transaction,
    run: &RunId,
    events: &[&Numbered],
    mut has_slot: bool,
) -> Result<(), StoreError> {
    let (mut retried, mut last, mut tasks, mut finished) = (Vec::new(), Vec::new(), Vec::new(), None);
    let (mut started, mut settled) = (HashSet::new(), HashSet::new());
    let ended: HashSet<(usize, u32)> = events.iter().filter_map(|(_, event)| ended(event)).collect();
    for (_, event) in events {
        match &**event {
            RunEvent::RunStarted { slot, tasks, at, .. } => {
                if resume_run(sql, run, event).await? {
                    continue;
                }
                start_run(sql, run, event).await?;
                bulk::plan_tasks(sql, run, *at, tasks).await?;
                has_slot |= slots_of_runs::begin_at_slots(sql, run, slot.as_ref(), *at, tasks).await?;
            }
            RunEvent::TaskStarted { task, attempt, .. } => {
                ensure(
                    !settled.contains(&task.position),
                    "starting an attempt at a task that ended",
                )?;
                ensure(
                    started.insert((task.position, *attempt)),
                    "starting an attempt twice",
                )?;
                // One that ended meanwhile needs no row of its own before.
                if !ended.contains(&(task.position, *attempt)) {
                    start_attempt(sql, run, event).await?;
                }
            }
            RunEvent::TaskRetry { task, attempt, .. } => {
                ensure(!settled.contains(&task.position), "retrying a task that ended")?;
                retried.push((task.position, attempt));
            }
            RunEvent::TaskFinished {
                at,
                task,
                last_attempt,
            } => {
                ensure(settled.insert(task.position), "ending a task twice")?;
                releases::settle_releases(sql, run, task, *at).await?;
                last.push((task.position, last_attempt));
                tasks.push((&**task, LedgerState::Ran));
            }
            RunEvent::TaskSkipped { task, .. } => {
                ensure(settled.insert(task.position), "ending a task twice")?;
                tasks.push((&**task, LedgerState::Skipped));
            }
            RunEvent::RunFinished(summary) => {
                ensure(finished.replace(summary).is_none(), "finishing a run twice")?;
            }
        }
    }
    let mut attempts = retried;
    // Where a run is cancelled while another attempt is waited for, the same end is told twice.
    attempts.retain(|attempt| !last.contains(attempt));
    ensure(
        attempts.len() + last.len() == ended.len(),
        "ending an attempt twice",
    )?;
    attempts.extend(new_ends(sql, run, last, &started).await?);
    write_ends(sql, run, &attempts, tasks, has_slot).await?;
    match finished {
        Some(summary) => finish_run(sql, summary).await,
        None => Ok(()),
    }
}

/// Those that were not told when another attempt was to follow. One that was `started` in the
/// same batch is new.
async fn new_ends<'a>(
    sql: &mut Transaction,
    run: &RunId,
    last: Vec<(usize, &'a AttemptRecord)>,
    started: &HashSet<(usize, u32)>,
) -> Result<Vec<(usize, &'a AttemptRecord)>, StoreError> {
    let mut new = Vec::with_capacity(last.len());
    for (position, attempt) in last {
        let begun_here = started.contains(&(position, attempt.number));
        if begun_here || !has_ended(sql, run, position, attempt).await? {
            new.push((position, attempt));
        }
    }
    Ok(new)
}

/// Whether this very end is known: it was told when another attempt was to follow.
async fn has_ended(
    sql: &mut Transaction,
    run: &RunId,
    position: usize,
    attempt: &AttemptRecord,
) -> Result<bool, StoreError> {
    let same: Vec<(i64,)> = sql
        .fetch(
            "select number from attempts
             where run_id = $1 and position = $2 and number = $3 and finished_at = $4 and reason = $5
               and exists (select 1 from tasks
                   where tasks.run_id = $1 and tasks.position = $2 and tasks.outcome is null)",
            &args![
                run,
                position,
                attempt.number,
                attempt.finished_at,
                &attempt.reason
            ],
        )
        .await?;
    Ok(!same.is_empty())
}

async fn write_ends(
    sql: &mut Transaction,
    run: &RunId,
    attempts: &[(usize, &AttemptRecord)],
    tasks: Vec<(&TaskSummary, LedgerState)>,
    has_slot: bool,
) -> Result<(), StoreError> {
    bulk::end_attempts(sql, run, attempts).await?;
    let summaries: Vec<&TaskSummary> = tasks.iter().map(|(task, _)| *task).collect();
    bulk::end_tasks(sql, run, &summaries).await?;
    // Most runs are by hand and have no slot in the ledger.
    for (task, state) in tasks.into_iter().filter(|_| has_slot) {
        slots_of_runs::settle(sql, run, task.position, state, &task.reason).await?;
    }
    Ok(())
}

fn ensure(holds: bool, change: &str) -> Result<(), StoreError> {
    if holds {
        Ok(())
    } else {
        Err(StoreError::Refused(change.to_owned()))
    }
}

/// The attempt whose end this is, as position and number.
fn ended(event: &RunEvent) -> Option<(usize, u32)> {
    match event {
        RunEvent::TaskRetry { task, attempt, .. } => Some((task.position, attempt.number)),
        RunEvent::TaskFinished {
            task, last_attempt, ..
        } => Some((task.position, last_attempt.number)),
        _ => None,
    }
}

/// A run of the queue that another worker began goes on with this one. `false` if it is new.
async fn resume_run(sql: &mut Transaction, run: &RunId, event: &RunEvent) -> Result<bool, StoreError> {
    let RunEvent::RunStarted {
        owner,
        epoch: Some(_),
        ..
    } = event
    else {
        return Ok(false);
    };
    let changed = sql
        .execute(
            "update runs set owner_host = $2, owner_boot = $3, owner_pid = $4, owner_start = $5
             where id = $1 and finished_at is null",
            &args![run, &owner.host, &owner.boot, owner.pid, owner.started],
        )
        .await?;
    Ok(changed == 1)
}

async fn start_run(sql: &mut Transaction, run: &RunId, event: &RunEvent) -> Result<(), StoreError> {
    let RunEvent::RunStarted {
        schedule,
        group,
        at,
        owner,
        quiet,
        ..
    } = event
    else {
        return Ok(());
    };
    change_one(
        sql,
        StateChange::StartRun,
        "insert into runs
             (id, schedule, group_name, started_at, owner_host, owner_boot, owner_pid, owner_start, judged,
              quiet)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        &args![
            run,
            schedule,
            group,
            *at,
            &owner.host,
            &owner.boot,
            owner.pid,
            owner.started,
            false,
            *quiet
        ],
    )
    .await
}

async fn start_attempt(sql: &mut Transaction, run: &RunId, event: &RunEvent) -> Result<(), StoreError> {
    let RunEvent::TaskStarted {
        task,
        attempt,
        at,
        timeout_ms,
        log,
        ..
    } = event
    else {
        return Ok(());
    };
    change_one(
        sql,
        StateChange::StartAttempt,
        "insert into attempts (run_id, position, number, started_at, log, timeout_ms)
         select run_id, position, $3, $4, $5, cast($6 as bigint) from tasks
         where run_id = $1 and position = $2 and outcome is null",
        &args![run, task.position, *attempt, *at, log, *timeout_ms],
    )
    .await
}

async fn finish_run(sql: &mut Transaction, summary: &Summary) -> Result<(), StoreError> {
    if sql.execute(FINISH, &finish_args(summary)).await? == 1 {
        return Ok(());
    }
    complete(sql, summary).await?;
    change_one(sql, StateChange::FinishRun, FINISH, &finish_args(summary)).await
}

const FINISH: &str = "update runs set finished_at = $1, succeeded = $2, failed = $3, skipped = $4, success = $5, exit_code = $6,
             suspect = $8
         where id = $7 and finished_at is null
           and not exists (select 1 from tasks where run_id = $7 and outcome is null)";

fn finish_args(summary: &Summary) -> [Arg; 8] {
    args![
        summary.finished_at,
        summary.succeeded,
        summary.failed,
        summary.skipped,
        summary.success,
        summary.exit_code,
        &summary.run,
        summary.suspect
    ]
}

/// What a full disk kept the journal from taking is in the summary as well.
async fn complete(sql: &mut Transaction, summary: &Summary) -> Result<(), StoreError> {
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
                task.outcome.as_str(),
                &task.reason,
                &summary.run,
                task.position
            ],
        )
        .await?;
        bulk::end_tasks(sql, &summary.run, &[task]).await?;
        releases::settle_releases(sql, &summary.run, task, summary.finished_at).await?;
        let state = match task.outcome {
            TaskStatus::Skipped => LedgerState::Skipped,
            _ => LedgerState::Ran,
        };
        slots_of_runs::settle(sql, &summary.run, task.position, state, &task.reason).await?;
    }
    Ok(())
}
