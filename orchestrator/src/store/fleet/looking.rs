//! How far a run of the queue is, for whoever looks: nothing is made or opened by it.

use jiff::Timestamp;
use serde::Serialize;

use crate::database::AssertSqlSafe;
use crate::database::arg::args;
use crate::database::columns::Micros;
use crate::model::RunId;
use crate::model::words::words;
use crate::store::error::StoreError;
use crate::store::fleet::queue::now;
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

/// A run of the queue that goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueHolder {
    /// What it holds: of those with the same, no two go on at a time.
    pub entry: String,
    /// Which.
    pub run: RunId,
    /// Who has it.
    pub worker: String,
}

impl Store {
    /// Runs of the queue that go on and hold one of these.
    ///
    /// # Errors
    /// The database fails.
    pub async fn going_with(&self, entries: &Vec<String>) -> Result<Vec<QueueHolder>, StoreError> {
        let text = format!(
            "select entry, run_id, worker from queued_runs
             where state = 'running' and lease_until > {} and {} order by message",
            now(&self.database),
            self.database.text(
                "entry in (select value from json_each($1))",
                "entry in (select jsonb_array_elements_text($1))",
            )
        );
        let rows: Vec<(String, String, String)> =
            self.database.fetch(AssertSqlSafe(text), &args![entries]).await?;
        let going = |(entry, run, worker): (String, String, String)| QueueHolder {
            entry,
            run: RunId::new(run),
            worker,
        };
        Ok(rows.into_iter().map(going).collect())
    }

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
