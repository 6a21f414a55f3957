//! A run whose worker was lost goes to another one: what had delivered has succeeded, the attempt
//! that went on otherwise is lost, and its task and what has not begun stay open.

use jiff::Timestamp;

use crate::database::AssertSqlSafe;
use crate::database::arg::args;
use crate::database::columns::Micros;
use crate::database::transaction::Transaction;
use crate::model::RunId;
use crate::store::error::StoreError;
use crate::store::fleet::queue::now_within;
use crate::store::timetable::ledger::LedgerState;
use crate::store::timetable::releases::{DealtWith, settle_dealt_with};
use crate::store::timetable::slots_of_runs;
use sqlx::types::Json;

/// Within the transaction of the claim.
pub(super) async fn take_over(sql: &mut Transaction, run: &RunId, worker: &str) -> Result<(), StoreError> {
    let reason =
        format!("worker {worker} did not renew its lease: it was lost, or cut off from the database");
    close_open_attempts(sql, run, &reason).await
}

/// Other runs of the entry that are running though their lease is over wait in the queue again.
/// `now` is the database's time, as an expression. Returns their messages, which may be shown.
pub(super) async fn put_back_overdue(
    sql: &mut Transaction,
    (run, entry): (&RunId, &str),
    now: &str,
) -> Result<Vec<i64>, StoreError> {
    let text = format!(
        "update queued_runs set state = 'queued', lease_until = 0, losses = losses + 1
         where entry = $1 and run_id <> $2 and state = 'running' and lease_until <= {now}
         returning message, run_id, coalesce(worker, 'its worker')"
    );
    let overdue: Vec<(i64, String, String)> = sql.fetch(AssertSqlSafe(text), &args![entry, run]).await?;
    let mut messages = Vec::new();
    for (message, other, worker) in overdue {
        take_over(sql, &RunId::new(other), &worker).await?;
        messages.push(message);
    }
    Ok(messages)
}

/// What a task delivered whose end is not recorded.
#[derive(sqlx::FromRow)]
struct Delivered {
    position: i64,
    at: Micros,
    release_source: Option<String>,
    releases: Json<Vec<String>>,
    group_name: String,
    name: String,
    command: String,
}

/// Closes the attempts that have no end.
pub(super) async fn close_open_attempts(
    sql: &mut Transaction,
    run: &RunId,
    reason: &str,
) -> Result<(), StoreError> {
    settle_delivered(sql, run).await?;
    let now = now_within(sql);
    let text = format!(
        "update attempts set finished_at = case when started_at > {now} then started_at else {now} end,
             outcome = 'lost', reason = $2
         where run_id = $1 and finished_at is null"
    );
    sql.execute(AssertSqlSafe(text), &args![run, reason]).await?;
    Ok(())
}

/// What ended well and was taken is not done again, though nobody lived to record its end: a
/// second delivery of a task would be passed over, since the first one is there. The releases that it has
/// dealt with are settled, as by the end of any task.
async fn settle_delivered(sql: &mut Transaction, run: &RunId) -> Result<(), StoreError> {
    const REASON: &str = "it ended well and delivered; its worker was lost before it had recorded that";
    let delivered: Vec<Delivered> = sql
        .fetch(
            "select i.position, i.at, i.release_source, i.releases, i.group_name, i.name, i.command from ingests i
             join tasks t on t.run_id = i.run_id and t.position = i.position
             where i.run_id = $1 and t.outcome is null order by i.position",
            &args![run],
        )
        .await?;
    for delivered in delivered {
        let Micros(at) = delivered.at;
        settle_one(sql, (run, delivered.position), at, REASON).await?;
        let position = usize::try_from(delivered.position).unwrap_or_default();
        slots_of_runs::settle(sql, run, position, LedgerState::Ran, REASON).await?;
        if let Some(source) = &delivered.release_source {
            let dealt_with = DealtWith {
                source,
                tags: delivered.releases.iter().map(String::as_str).collect(),
                group: &delivered.group_name,
                name: &delivered.name,
                command: &delivered.command,
            };
            settle_dealt_with(sql, run, &dealt_with, at).await?;
        }
    }
    Ok(())
}

async fn settle_one(
    sql: &mut Transaction,
    (run, position): (&RunId, i64),
    at: Timestamp,
    reason: &str,
) -> Result<(), StoreError> {
    let key = args![run, position, at, reason];
    for statement in [
        "update attempts set finished_at = case when started_at > $3 then started_at else $3 end,
             outcome = 'succeeded', exit_code = 0, reason = $4
         where run_id = $1 and position = $2 and finished_at is null",
        "update tasks set outcome = 'succeeded', exit_code = 0, reason = $4,
             attempts = (select count(*) from attempts a where a.run_id = $1 and a.position = $2),
             log = (select log from attempts a where a.run_id = $1 and a.position = $2
                 order by number desc limit 1),
             duration_ms = coalesce((select ($3 - min(started_at)) / 1000 from attempts a
                 where a.run_id = $1 and a.position = $2 and a.started_at <= $3), 0)
         where run_id = $1 and position = $2 and outcome is null",
    ] {
        sql.execute(statement, &key).await?;
    }
    Ok(())
}
