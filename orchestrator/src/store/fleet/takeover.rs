//! A run whose worker was lost goes to another one: the attempt that went on is lost, and
//! its task and what has not begun stay open.

use crate::database::AssertSqlSafe;
use crate::database::arg::args;
use crate::database::transaction::Transaction;
use crate::model::RunId;
use crate::store::error::StoreError;

/// Within the transaction of the claim.
pub(super) async fn take_over(sql: &mut Transaction, run: &RunId, worker: &str) -> Result<(), StoreError> {
    let reason =
        format!("worker {worker} did not renew its lease: it was lost, or cut off from the database");
    lose_open_attempts(sql, run, &reason).await
}

/// Closes the attempts that have no end.
pub(super) async fn lose_open_attempts(
    sql: &mut Transaction,
    run: &RunId,
    reason: &str,
) -> Result<(), StoreError> {
    let now = sql.text(
        "cast(unixepoch('subsec') * 1000000 as integer)",
        "cast(extract(epoch from clock_timestamp()) * 1000000 as bigint)",
    );
    let text = format!(
        "update attempts set finished_at = case when started_at > {now} then started_at else {now} end,
             outcome = 'lost', reason = $2
         where run_id = $1 and finished_at is null"
    );
    sql.execute(AssertSqlSafe(text), &args![run, reason]).await?;
    Ok(())
}
