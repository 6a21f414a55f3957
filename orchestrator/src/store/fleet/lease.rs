//! How long a worker has a run: prolonged while its claim stands, given back, or given up.

use crate::database::AssertSqlSafe;
use crate::database::arg::args;
use crate::database::transaction::Transaction;
use crate::model::RunId;
use crate::store::error::StoreError;
use crate::store::fleet::fence::RunFence;
use crate::store::fleet::queue::{FleetQueue, now};
use crate::store::fleet::show::ShownRun;
use crate::store::fleet::takeover::close_open_attempts;

/// What a renewal is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewal {
    /// The run is kept for the lease, from now on.
    Kept {
        /// Somebody wants it to end.
        cancelled: bool,
    },
    /// Another claim has it, or it has ended.
    Fenced,
}

impl FleetQueue {
    /// Prolongs the lease of a run, unless it is over: a renewal that arrives later than that would
    /// keep the run from others for one lease more, for a worker that has given it up.
    ///
    /// # Errors
    /// The database fails.
    pub async fn renew(&self, fence: &RunFence) -> Result<Renewal, StoreError> {
        let mut sql = self.database.begin().await?;
        let text = format!(
            "update queued_runs set lease_until = {now} + lease_ms * 1000
             where run_id = $1 and epoch = $2 and state = 'running' and lease_until > {now}
             returning message, (lease_ms + 999) / 1000, cancelled_at is not null",
            now = now(&self.database)
        );
        let kept: Vec<(i64, i64, bool)> = sql
            .fetch(AssertSqlSafe(text), &args![&fence.run, fence.epoch])
            .await?;
        let renewal = match kept.first() {
            None => Renewal::Fenced,
            Some((message, seconds, cancelled)) => {
                self.hide(&mut sql, *message, *seconds).await?;
                Renewal::Kept {
                    cancelled: *cancelled,
                }
            }
        };
        sql.commit().await?;
        Ok(renewal)
    }

    /// Gives a run back that this claim could not finish; what went on of it is lost, for this
    /// reason. With `lost_attempt` that counts as the loss of a worker. `false` if it is not this
    /// claim's any more; asked again, it gives the same answer.
    ///
    /// # Errors
    /// The database fails.
    pub async fn give_back(
        &self,
        fence: &RunFence,
        reason: &str,
        lost_attempt: bool,
    ) -> Result<bool, StoreError> {
        let mut sql = self.database.begin().await?;
        let Some(message) = set_queued(&mut sql, fence, lost_attempt, now(&self.database)).await? else {
            let given: Vec<(i64,)> = sql
                .fetch(
                    "select message from queued_runs where run_id = $1 and epoch = $2 and state = 'queued'",
                    &args![&fence.run, fence.epoch],
                )
                .await?;
            sql.commit().await?;
            return Ok(!given.is_empty());
        };
        close_open_attempts(&mut sql, &fence.run, reason).await?;
        self.hide(&mut sql, message, 0).await?;
        self.notify(&mut sql, "").await?;
        sql.commit().await?;
        Ok(true)
    }

    /// Leaves a run that was shown and not claimed to others, after so many seconds.
    ///
    /// # Errors
    /// The database fails.
    pub async fn leave(&self, shown: &ShownRun, seconds: u32) -> Result<(), StoreError> {
        let mut sql = self.database.begin().await?;
        let claimed: Vec<(i64,)> = sql
            .fetch(
                "select epoch from queued_runs where run_id = $1 and epoch >= $2",
                &args![&shown.run, shown.shown],
            )
            .await?;
        if claimed.is_empty() {
            self.hide(&mut sql, shown.message, seconds.into()).await?;
        }
        Ok(sql.commit().await?)
    }
}

async fn set_queued(
    sql: &mut Transaction,
    fence: &RunFence,
    lost_attempt: bool,
    now: &str,
) -> Result<Option<i64>, StoreError> {
    let text = format!(
        "update queued_runs set state = 'queued', lease_until = 0, losses = losses + $3, ready_at = {now}
         where run_id = $1 and epoch = $2 and state = 'running' returning message"
    );
    let rows: Vec<(i64,)> = sql
        .fetch(
            AssertSqlSafe(text),
            &args![&fence.run, fence.epoch, i64::from(lost_attempt)],
        )
        .await?;
    Ok(rows.into_iter().next().map(|(message,)| message))
}

impl FleetQueue {
    /// Runs that were cancelled and are this worker's.
    ///
    /// # Errors
    /// The database fails.
    pub async fn cancelled_of(&self, worker: &str) -> Result<Vec<RunId>, StoreError> {
        let rows: Vec<(String,)> = self
            .database
            .fetch(
                "select run_id from queued_runs
                 where state = 'running' and worker = $1 and cancelled_at is not null",
                &args![worker],
            )
            .await?;
        Ok(rows.into_iter().map(|(run,)| RunId::new(run)).collect())
    }
}
