//! A run that was shown is claimed: from then on it is this worker's, until its lease is over
//! and somebody else was shown it. Another run of its entry whose lease is over keeps nobody out:
//! its message need not be the first of the entry, and then nobody would be shown it while it is
//! in the way (docs/design/0027).

use std::time::Duration;

use crate::database::AssertSqlSafe;
use crate::database::arg::args;
use crate::database::transaction::Transaction;
use crate::model::{LossPolicy, RunId};
use crate::store::error::StoreError;
use crate::store::fleet::queue::{FleetQueue, now};
use crate::store::fleet::show::ShownRun;
use crate::store::fleet::takeover::{put_back_overdue, take_over};

/// What a worker may execute, and on which terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunGrant {
    /// Which.
    pub run: RunId,
    /// The number of the claim, which every write names.
    pub epoch: i64,
    /// The document of its plan.
    pub plan: String,
    /// How long it is kept without a renewal, from the claim on.
    pub lease: Duration,
    /// How many events of it are recorded: what they tell is not done again.
    pub recorded: u64,
    /// How many claims before ended without a word.
    pub losses: u32,
    /// What that means.
    pub on_lost: LossPolicy,
    /// Whether somebody wanted it to end meanwhile.
    pub cancelled: bool,
}

#[derive(Debug, sqlx::FromRow)]
struct Row {
    run_id: String,
    entry: String,
    state: String,
    epoch: i64,
    worker: Option<String>,
    plan: String,
    lease_ms: i64,
    losses: i64,
    on_lost: String,
    cancelled: bool,
    expired: bool,
    recorded: i64,
    busy: bool,
}

/// What becomes of a claim.
enum Judgement {
    Granted {
        lost: bool,
    },
    /// It has ended: its message is of no use.
    Ended,
    /// Another one has it, or its entry, for now.
    Busy,
}

impl Row {
    fn judge(&self, worker: &str, epoch: i64) -> Judgement {
        match self.state.as_str() {
            "ended" => Judgement::Ended,
            // The answer to this very claim was lost.
            "running" if self.epoch == epoch && self.worker.as_deref() == Some(worker) => {
                Judgement::Granted { lost: false }
            }
            _ if self.epoch >= epoch || !self.expired || self.busy => Judgement::Busy,
            state => Judgement::Granted {
                lost: state == "running",
            },
        }
    }
}

impl FleetQueue {
    /// Claims a run for the worker of this name; `None` if it is not to be had.
    ///
    /// # Errors
    /// The database fails; asked again, it gives the same answer.
    pub async fn claim(&self, shown: &ShownRun, worker: &str) -> Result<Option<RunGrant>, StoreError> {
        let mut sql = self.database.begin().await?;
        let Some(row) = self.lock(&mut sql, shown.message).await? else {
            self.delete(&mut sql, shown.message).await?;
            sql.commit().await?;
            return Ok(None);
        };
        let lost = match row.judge(worker, shown.shown) {
            Judgement::Granted { lost } => lost,
            judgement => {
                match judgement {
                    Judgement::Ended => self.delete(&mut sql, shown.message).await?,
                    _ if row.epoch < shown.shown => self.hide(&mut sql, shown.message, 1).await?,
                    _ => {}
                }
                sql.commit().await?;
                return Ok(None);
            }
        };
        let run = RunId::new(&row.run_id);
        let losses = row.losses + i64::from(lost);
        let now = now(&self.database);
        for message in put_back_overdue(&mut sql, (&run, &row.entry), now).await? {
            self.hide(&mut sql, message, 0).await?;
        }
        if lost {
            take_over(&mut sql, &run, row.worker.as_deref().unwrap_or("its worker")).await?;
        }
        let text = format!(
            "update queued_runs set state = 'running', epoch = $2, worker = $3, losses = $4,
                 lease_until = {now} + lease_ms * 1000 where message = $1"
        );
        let args = args![shown.message, shown.shown, worker, losses];
        match sql.execute(AssertSqlSafe(text), &args).await {
            Ok(_) => {}
            // Another run of its entry was claimed in this moment.
            Err(error) if error.is_unique_violation() => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        let seconds = (row.lease_ms + 999) / 1000;
        self.hide(&mut sql, shown.message, seconds).await?;
        sql.commit().await?;
        Ok(Some(row.grant(run, shown.shown, losses)?))
    }

    async fn lock(&self, sql: &mut Transaction, message: i64) -> Result<Option<Row>, StoreError> {
        let text = format!(
            "select run_id, entry, state, epoch, worker, plan, lease_ms, losses, on_lost,
                 cancelled_at is not null as cancelled, lease_until <= {now} as expired,
                 cast(coalesce((select events from runs where runs.id = run_id), 0) as bigint) as recorded,
                 exists (select 1 from queued_runs o where o.entry = queued_runs.entry
                     and o.state = 'running' and o.lease_until > {now}
                     and o.run_id <> queued_runs.run_id) as busy
             from queued_runs where message = $1 {}",
            self.database.text("", "for update"),
            now = now(&self.database),
        );
        let rows: Vec<Row> = sql.fetch(AssertSqlSafe(text), &args![message]).await?;
        Ok(rows.into_iter().next())
    }
}

impl Row {
    fn grant(self, run: RunId, epoch: i64, losses: i64) -> Result<RunGrant, StoreError> {
        let number = |value: i64| u64::try_from(value).unwrap_or_default();
        Ok(RunGrant {
            epoch,
            plan: self.plan,
            lease: Duration::from_millis(number(self.lease_ms)),
            recorded: number(self.recorded),
            losses: u32::try_from(losses).unwrap_or(u32::MAX),
            on_lost: LossPolicy::parse(&self.on_lost)
                .ok_or_else(|| StoreError::unknown_word("what follows a loss", &self.on_lost))?,
            cancelled: self.cancelled,
            run,
        })
    }
}
