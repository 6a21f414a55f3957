//! Runs that wait for a worker, with all that may be why; for whoever looks.

use jiff::Timestamp;
use sqlx::types::Json;

use crate::database::AssertSqlSafe;
use crate::database::arg::args;
use crate::database::columns::Micros;
use crate::model::RunId;
use crate::store::error::StoreError;
use crate::store::fleet::queue::now;
use crate::store::runs::known_tasks::KnownTask;
use crate::store::store::Store;

/// A run that nobody has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingRun {
    /// Its id.
    pub run: RunId,
    /// What was asked for.
    pub schedule: String,
    /// The group it was narrowed to.
    pub group: Option<String>,
    /// When it was given to the queue, by the clock of whoever did.
    pub queued_at: Timestamp,
    /// What it is to run, in order.
    pub tasks: Vec<KnownTask>,
    /// Labels that its worker must have.
    pub labels: Vec<String>,
    /// Secrets whose values its worker must have.
    pub secrets: Vec<String>,
    /// What must be executable where it runs.
    pub commands: Vec<String>,
    /// Of its plan.
    pub version: u32,
    /// Whether it waits because its group is paused.
    pub paused: bool,
    /// The run of the same entry that goes first, and who has it.
    pub behind: Option<(RunId, Option<String>)>,
}

#[derive(sqlx::FromRow)]
struct Row {
    run_id: String,
    schedule: String,
    group_name: Option<String>,
    queued_at: Micros,
    tasks: String,
    labels: Json<Vec<String>>,
    secrets: Json<Vec<String>>,
    commands: Json<Vec<String>>,
    version: i64,
    paused: bool,
    behind: Option<String>,
    behind_worker: Option<String>,
}

impl Row {
    fn waiting_run(self) -> Result<WaitingRun, StoreError> {
        let worker = self.behind_worker;
        Ok(WaitingRun {
            tasks: serde_json::from_str(&self.tasks)
                .map_err(|_| StoreError::unknown_word("the tasks of a queued run", &self.tasks))?,
            run: RunId::new(self.run_id),
            schedule: self.schedule,
            group: self.group_name,
            queued_at: self.queued_at.0,
            labels: self.labels.0,
            secrets: self.secrets.0,
            commands: self.commands.0,
            version: u32::try_from(self.version).unwrap_or(u32::MAX),
            paused: self.paused,
            behind: self.behind.map(|run| (RunId::new(run), worker)),
        })
    }
}

impl Store {
    /// Runs that wait: for their first worker, or for another one after a loss; the oldest first.
    ///
    /// # Errors
    /// The database fails.
    pub async fn waiting(&self, most: u32) -> Result<Vec<WaitingRun>, StoreError> {
        let now = now(&self.database);
        // The one that goes on, or the first of those that wait.
        let behind = |column: &str| {
            format!(
                "(select {column} from queued_runs o where o.entry = q.entry and o.run_id <> q.run_id
                      and (o.state = 'running' and o.lease_until > {now}
                          or o.state <> 'ended' and o.message < q.message)
                  order by case o.state when 'running' then 0 else 1 end, o.message limit 1)"
            )
        };
        let text = format!(
            "select q.run_id, q.schedule, q.group_name, q.queued_at, q.tasks, q.labels, q.secrets, q.commands, q.version,
                 (q.scheduled and q.state = 'queued' and exists (select 1 from pauses p
                     where p.group_name = q.group_name and p.resumed_at is null)) as paused,
                 {} as behind, {} as behind_worker
             from queued_runs q
             where q.state = 'queued' or q.state = 'running' and q.lease_until <= {now}
             order by q.message limit $1",
            behind("o.run_id"),
            behind("case o.state when 'running' then o.worker end"),
        );
        let rows: Vec<Row> = self.database.fetch(AssertSqlSafe(text), &args![most]).await?;
        rows.into_iter().map(Row::waiting_run).collect()
    }
}
