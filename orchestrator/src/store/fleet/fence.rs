//! What keeps a worker that lost a run from the record: every write for a claimed run names
//! its claim, and holds only while that stands. The end of the run is written with the event
//! that tells it, and its message goes in the same transaction.

use crate::database::arg::args;
use crate::database::transaction::Transaction;
use crate::model::RunId;
use crate::store::error::StoreError;
use crate::store::fleet::{messages, queue};

/// A claim of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunFence {
    /// Which run.
    pub run: RunId,
    /// Which claim of it.
    pub epoch: i64,
}

impl RunFence {
    /// Holds the claim for the transaction.
    ///
    /// # Errors
    /// [`StoreError::Fenced`]: it does not stand any more. Or the database fails.
    pub(crate) async fn hold(&self, sql: &mut Transaction) -> Result<(), StoreError> {
        let text = sql.text(
            "select message from queued_runs where run_id = $1 and epoch = $2 and state = 'running'",
            "select message from queued_runs where run_id = $1 and epoch = $2 and state = 'running' for update",
        );
        let rows: Vec<(i64,)> = sql.fetch(text, &args![&self.run, self.epoch]).await?;
        if rows.is_empty() {
            return Err(StoreError::Fenced(self.run.to_string()));
        }
        Ok(())
    }

    /// Whether nobody has claimed the run since: also when this very claim has ended it.
    ///
    /// # Errors
    /// [`StoreError::Fenced`]: somebody has. Or the database fails.
    pub(crate) async fn check_newest(&self, sql: &mut Transaction) -> Result<(), StoreError> {
        let rows: Vec<(i64,)> = sql
            .fetch(
                "select message from queued_runs where run_id = $1 and epoch = $2",
                &args![&self.run, self.epoch],
            )
            .await?;
        if rows.is_empty() {
            return Err(StoreError::Fenced(self.run.to_string()));
        }
        Ok(())
    }

    /// Whether this claim has ended the run already.
    pub(crate) async fn has_ended(&self, sql: &mut Transaction) -> Result<bool, StoreError> {
        let rows: Vec<(i64,)> = sql
            .fetch(
                "select message from queued_runs where run_id = $1 and epoch = $2 and state = 'ended'",
                &args![&self.run, self.epoch],
            )
            .await?;
        Ok(!rows.is_empty())
    }

    /// The run has ended: nobody is shown it any more.
    pub(crate) async fn finish(&self, sql: &mut Transaction) -> Result<(), StoreError> {
        let (name, now) = (queue::queue_name_within(sql), queue::now_within(sql));
        let text = format!(
            "update queued_runs set state = 'ended', lease_until = 0, ended_at = {now}
             where run_id = $1 and epoch = $2 and state = 'running' returning message, {name},
                 exists (select 1 from queued_runs o where o.entry = queued_runs.entry and o.state = 'queued')"
        );
        let ended: Vec<(i64, String, bool)> = sql
            .fetch(
                crate::database::AssertSqlSafe(text),
                &args![&self.run, self.epoch],
            )
            .await?;
        match ended.into_iter().next() {
            Some((message, queue, is_next_there)) => {
                messages::delete(sql, &queue, message).await?;
                let word = if is_next_there { queue::NEXT } else { queue::ENDED };
                messages::notify(sql, &queue, word).await
            }
            None => Err(StoreError::Fenced(self.run.to_string())),
        }
    }
}
