//! A run is to end, wherever it is: the wish stands in its row, and whoever has the run is
//! told at once.

use jiff::Timestamp;

use crate::database::arg::args;
use crate::model::RunId;
use crate::store::error::StoreError;
use crate::store::fleet::queue::FleetQueue;

/// What became of the wish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QueuedCancel {
    /// It is none of the queue's.
    Unknown,
    /// It has ended.
    Ended,
    /// It waits: whoever takes it starts nothing.
    Waits,
    /// This worker has it.
    Told(String),
}

impl FleetQueue {
    /// Wishes that a run ends.
    ///
    /// # Errors
    /// The database fails.
    pub async fn cancel(&self, run: &RunId, now: Timestamp) -> Result<QueuedCancel, StoreError> {
        let mut sql = self.database.begin().await?;
        let rows: Vec<(String, Option<String>)> = sql
            .fetch(
                "update queued_runs set cancelled_at = coalesce(cancelled_at, $2)
                 where run_id = $1 and state <> 'ended' returning state, worker",
                &args![run, now],
            )
            .await?;
        let answer = match rows.into_iter().next() {
            Some((state, Some(worker))) if state == "running" => QueuedCancel::Told(worker),
            Some(_) => QueuedCancel::Waits,
            None => {
                let known: Vec<(String,)> = sql
                    .fetch("select state from queued_runs where run_id = $1", &args![run])
                    .await?;
                match known.is_empty() {
                    true => QueuedCancel::Unknown,
                    false => QueuedCancel::Ended,
                }
            }
        };
        if matches!(answer, QueuedCancel::Told(_)) {
            self.notify(&mut sql, "cancel").await?;
        }
        sql.commit().await?;
        Ok(answer)
    }
}
