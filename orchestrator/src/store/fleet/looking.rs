//! How far a run of the queue is, for whoever looks: nothing is made or opened by it.

use jiff::Timestamp;
use serde::Serialize;

use crate::database::arg::args;
use crate::database::columns::Micros;
use crate::model::RunId;
use crate::model::words::words;
use crate::store::error::StoreError;
use crate::store::store::Store;

words! {
    /// How far a run of the queue is.
    pub enum QueuedState {
        /// It waits for a worker.
        Queued = "queued",
        /// A worker has it.
        Running = "running",
        /// It has its end.
        Ended = "ended",
    }
}

/// A run of the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QueuedRun {
    /// Its id.
    pub run: RunId,
    /// What was asked for.
    pub schedule: String,
    /// The group it was narrowed to.
    pub group: Option<String>,
    /// How far it is.
    pub state: QueuedState,
    /// When it was given to the queue.
    pub queued_at: Timestamp,
    /// Who has it, or had it last.
    pub worker: Option<String>,
}

#[derive(sqlx::FromRow)]
struct Row {
    run_id: String,
    schedule: String,
    group_name: Option<String>,
    state: String,
    queued_at: Micros,
    worker: Option<String>,
}

impl Row {
    fn queued_run(self) -> Result<QueuedRun, StoreError> {
        Ok(QueuedRun {
            run: RunId::new(self.run_id),
            schedule: self.schedule,
            group: self.group_name,
            state: QueuedState::parse(&self.state)
                .ok_or_else(|| StoreError::unknown_word("the state of a queued run", &self.state))?,
            queued_at: self.queued_at.0,
            worker: self.worker,
        })
    }
}

impl Store {
    /// A run of the queue; `None` for any other.
    ///
    /// # Errors
    /// The database fails.
    pub async fn queued_run(&self, run: &RunId) -> Result<Option<QueuedRun>, StoreError> {
        const SQL: &str = "select run_id, schedule, group_name, state, queued_at, worker
             from queued_runs where run_id = $1";
        let rows: Vec<Row> = self.database.fetch(SQL, &args![run]).await?;
        rows.into_iter().next().map(Row::queued_run).transpose()
    }
}
