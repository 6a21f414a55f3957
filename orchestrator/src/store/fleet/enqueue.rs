//! A run is given to the queue: its slot, its rows in the ledger, its row here and its message
//! in one transaction, so that none of them is ever there without the others.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use crate::database::AssertSqlSafe;
use crate::database::arg::{Arg, args};
use crate::database::transaction::Transaction;
use crate::model::{LossPolicy, RunId};
use crate::store::change::change_one;
use crate::store::error::StoreError;
use crate::store::fleet::queue::{FleetQueue, now as now_of};
use crate::store::runs::known_tasks::KnownTask;
use crate::store::timetable::slots::{self, Claim, SlotRequest};

/// A run that is to wait for a worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewQueuedRun {
    /// Its id.
    pub run: RunId,
    /// Of those with the same entry, no two run at a time, and they run in the order in which
    /// they were given: the overlap queue of its slot, or that of its group.
    pub entry: String,
    /// What was asked for.
    pub schedule: String,
    /// The group it was narrowed to, if it was.
    pub group: Option<String>,
    /// The document of its plan, with placeholders for secrets, and the version of that.
    pub plan: (String, u32),
    /// What it is to run, in order: what the plan leaves out is not among it.
    pub tasks: Vec<KnownTask>,
    /// Labels that its worker must have.
    pub labels: Vec<String>,
    /// Secrets whose values its worker must have.
    pub secrets: Vec<String>,
    /// How long a worker keeps it without a word.
    pub lease: Duration,
    /// What becomes of it if that happens.
    pub on_lost: LossPolicy,
}

impl NewQueuedRun {
    /// What must be executable where it runs, each once.
    fn commands(&self) -> Vec<String> {
        let commands: BTreeSet<&str> = self.tasks.iter().map(|task| task.command.as_str()).collect();
        commands.into_iter().map(str::to_owned).collect()
    }
}

/// What became of a slot that was to be queued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnqueuedSlot {
    /// It is ours, and its run waits for a worker.
    Queued,
    /// Somebody was faster: this run, or nobody if it was passed over.
    Taken(Option<RunId>),
    /// Nobody has it, but this run of the entry waits or goes on, and it is not to wait behind that.
    Busy(RunId),
}

impl FleetQueue {
    /// Gives a run to the queue. Once only: a run that is there already stays as it is.
    ///
    /// # Errors
    /// The database fails; whoever asks again with the same run does no harm.
    pub async fn enqueue(&self, run: &NewQueuedRun, now: Timestamp) -> Result<(), StoreError> {
        let mut sql = self.database.begin().await?;
        self.insert(&mut sql, run, false, now).await?;
        Ok(sql.commit().await?)
    }

    /// The same, unless a run of the same entry waits or goes on: then that one is the answer.
    ///
    /// # Errors
    /// The database fails; whoever asks again with the same run does no harm.
    pub async fn enqueue_unless_busy(
        &self,
        run: &NewQueuedRun,
        now: Timestamp,
    ) -> Result<Option<RunId>, StoreError> {
        let mut sql = self.database.begin().await?;
        let other = find_other(&mut sql, run).await?;
        if other.is_none() {
            self.insert(&mut sql, run, false, now).await?;
        }
        sql.commit().await?;
        Ok(other)
    }

    /// Takes a slot and gives its run to the queue. With `waits` it waits behind a run of the
    /// same entry, without it gives way.
    ///
    /// # Errors
    /// The database fails; whoever asks again with the same run does no harm.
    pub async fn enqueue_slot(
        &self,
        request: SlotRequest<'_>,
        run: &NewQueuedRun,
        waits: bool,
        now: Timestamp,
    ) -> Result<EnqueuedSlot, StoreError> {
        let mut sql = self.database.begin().await?;
        if !waits && let Some(other) = find_other(&mut sql, run).await? {
            sql.commit().await?;
            return Ok(EnqueuedSlot::Busy(other));
        }
        slots::pass_over_each(&mut sql, request.older, now).await?;
        let claim = slots::claim(&mut sql, request.slot, Some(request.by), request.tasks, now).await?;
        let queued = match claim {
            Claim::Taken(other) => EnqueuedSlot::Taken(other),
            Claim::Busy(other, _) => EnqueuedSlot::Busy(other),
            Claim::Ours => {
                self.insert(&mut sql, run, true, now).await?;
                EnqueuedSlot::Queued
            }
        };
        sql.commit().await?;
        Ok(queued)
    }

    async fn insert(
        &self,
        sql: &mut Transaction,
        run: &NewQueuedRun,
        scheduled: bool,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let known: Vec<(i64,)> = sql
            .fetch(
                "select message from queued_runs where run_id = $1",
                &args![&run.run],
            )
            .await?;
        if !known.is_empty() {
            return Ok(());
        }
        let message = self.send(sql, &run.run, &run.entry).await?;
        let lease = i64::try_from(run.lease.as_millis()).unwrap_or(i64::MAX);
        let tasks = serde_json::to_string(&run.tasks).map_err(|error| {
            StoreError::Refused(format!("the tasks of a run have no form in JSON: {error}"))
        })?;
        let args: [Arg; 15] = args![
            &run.run,
            &run.entry,
            &run.schedule,
            &run.group,
            scheduled,
            &run.plan.0,
            run.plan.1,
            &run.labels,
            &run.secrets,
            lease,
            run.on_lost.as_str(),
            now,
            message,
            &tasks,
            &run.commands()
        ];
        let text = format!(
            "insert into queued_runs (run_id, entry, schedule, group_name, scheduled, plan, version, labels,
                 secrets, lease_ms, on_lost, queued_at, message, tasks, commands, ready_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, {})",
            now_of(&self.database)
        );
        change_one(sql, "giving a run to the queue", AssertSqlSafe(text), &args).await?;
        self.notify(sql, "").await
    }
}

async fn find_other(sql: &mut Transaction, run: &NewQueuedRun) -> Result<Option<RunId>, StoreError> {
    let others: Vec<(String,)> = sql
        .fetch(
            "select run_id from queued_runs where entry = $1 and state <> 'ended' and run_id <> $2
             order by message limit 1",
            &args![&run.entry, &run.run],
        )
        .await?;
    Ok(others.into_iter().next().map(|(run,)| RunId::new(run)))
}
