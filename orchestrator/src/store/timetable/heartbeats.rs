//! Which schedulers there are, and which one leads. One leads; the others stand by.
//! Two that lead for a moment do no harm: a slot is taken once.

use jiff::Timestamp;
use serde::Serialize;

use crate::database::arg::args;
use crate::database::columns::{Micros, OwnerColumns};
use crate::database::transaction::Transaction;
use crate::model::Owner;
use crate::model::words::words;
use crate::store::error::StoreError;
use crate::store::owner::is_gone;
use crate::store::store::Store;

/// A scheduler as it last described itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Heartbeat {
    /// Its process.
    pub owner: Owner,
    /// When it began.
    pub started_at: Timestamp,
    /// When it last said anything, by its own clock.
    pub seen_at: Timestamp,
    /// When it last looked at the timetable; `None` while it stands by.
    pub ticked_at: Option<Timestamp>,
    /// When it will next have something to do.
    pub next_at: Option<Timestamp>,
    /// The schedule file as it was named.
    pub schedule_file: String,
    /// Why the file is not in force as it is now.
    pub schedule_error: Option<String>,
    /// Why nobody can tell whether there is a new release.
    pub release_error: Option<String>,
    /// Whether workers execute its runs, or its own process; `None` of one of an earlier version.
    pub to_queue: Option<bool>,
}

/// Who leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leader {
    /// The one that asked.
    Ours,
    /// Another one.
    Other(Box<Heartbeat>),
}

words! {
    /// What a scheduler does.
    pub enum SchedulerRole {
        /// It claims slots.
        Leading = "leading",
        /// It waits until nobody leads.
        Standby = "standby",
    }
}

#[derive(sqlx::FromRow)]
struct HeartbeatColumns {
    #[sqlx(flatten)]
    owner: OwnerColumns,
    state: String,
    started_at: Micros,
    seen_at: Micros,
    ticked_at: Option<Micros>,
    next_at: Option<Micros>,
    schedule_file: String,
    schedule_error: Option<String>,
    release_error: Option<String>,
    to_queue: Option<bool>,
}

impl HeartbeatColumns {
    fn read(self) -> Result<(Heartbeat, SchedulerRole), StoreError> {
        let role = SchedulerRole::parse(&self.state)
            .ok_or_else(|| StoreError::unknown_word("the state of a scheduler", &self.state))?;
        let heartbeat = Heartbeat {
            owner: self.owner.0,
            started_at: self.started_at.0,
            seen_at: self.seen_at.0,
            ticked_at: self.ticked_at.map(Timestamp::from),
            next_at: self.next_at.map(Timestamp::from),
            schedule_file: self.schedule_file,
            schedule_error: self.schedule_error,
            release_error: self.release_error,
            to_queue: self.to_queue,
        };
        Ok((heartbeat, role))
    }
}

impl Store {
    /// Writes down what a scheduler says of itself, and says who leads: it, if nobody
    /// else does. One that is certainly gone leads no more; neither does `silent`,
    /// which the caller has heard nothing of for too long.
    ///
    /// # Errors
    /// The database fails.
    pub async fn report_heartbeat(
        &self,
        heartbeat: &Heartbeat,
        silent: Option<&Owner>,
    ) -> Result<Leader, StoreError> {
        match self.try_report(heartbeat, silent).await {
            // Somebody else took the lead in the same moment: now it is there to be seen.
            Err(error) if error.is_unique_violation() => self.try_report(heartbeat, silent).await,
            done => done,
        }
    }

    async fn try_report(&self, heartbeat: &Heartbeat, silent: Option<&Owner>) -> Result<Leader, StoreError> {
        let mut sql = self.database.begin().await?;
        let mut leader = Leader::Ours;
        let rows: Vec<HeartbeatColumns> = sql.fetch("select * from beats", &[]).await?;
        for row in rows {
            let (other, role) = row.read()?;
            if other.owner == heartbeat.owner {
                continue;
            }
            if is_gone(&other.owner, &heartbeat.owner) || silent == Some(&other.owner) {
                forget(&mut sql, &other.owner).await?;
            } else if role == SchedulerRole::Leading {
                leader = Leader::Other(Box::new(other));
            }
        }
        let role = match leader {
            Leader::Ours => SchedulerRole::Leading,
            Leader::Other(_) => SchedulerRole::Standby,
        };
        sql.execute(
            "insert into beats (owner_host, owner_boot, owner_pid, owner_start, state, started_at, seen_at,
                 ticked_at, next_at, schedule_file, schedule_error, release_error, to_queue)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
             on conflict (owner_host, owner_boot, owner_pid, owner_start) do update set
                 state = excluded.state, seen_at = excluded.seen_at, ticked_at = excluded.ticked_at,
                 next_at = excluded.next_at, schedule_error = excluded.schedule_error,
                 release_error = excluded.release_error",
            &args![
                &heartbeat.owner.host,
                &heartbeat.owner.boot,
                heartbeat.owner.pid,
                heartbeat.owner.started,
                role.as_str(),
                heartbeat.started_at,
                heartbeat.seen_at,
                heartbeat.ticked_at,
                heartbeat.next_at,
                &heartbeat.schedule_file,
                &heartbeat.schedule_error,
                &heartbeat.release_error,
                heartbeat.to_queue.unwrap_or_default()
            ],
        )
        .await?;
        sql.commit().await?;
        Ok(leader)
    }

    /// A scheduler ends: whoever stands by may lead at once.
    ///
    /// # Errors
    /// The database fails.
    pub async fn end_heartbeat(&self, owner: &Owner) -> Result<(), StoreError> {
        let mut sql = self.database.begin().await?;
        forget(&mut sql, owner).await?;
        Ok(sql.commit().await?)
    }

    /// Every scheduler that has not said goodbye, the leading one first.
    ///
    /// # Errors
    /// The database fails, or holds something that cannot be read.
    pub async fn heartbeats(&self) -> Result<Vec<Heartbeat>, StoreError> {
        let schedulers = self.schedulers().await?;
        Ok(schedulers.into_iter().map(|(heartbeat, _)| heartbeat).collect())
    }

    /// The same, and what each of them does.
    ///
    /// # Errors
    /// Those of [`Store::heartbeats`].
    pub async fn schedulers(&self) -> Result<Vec<(Heartbeat, SchedulerRole)>, StoreError> {
        let rows: Vec<HeartbeatColumns> = self
            .database
            .fetch("select * from beats order by state, started_at", &[])
            .await?;
        rows.into_iter().map(HeartbeatColumns::read).collect()
    }
}

async fn forget(sql: &mut Transaction, owner: &Owner) -> Result<(), StoreError> {
    sql.execute(
        "delete from beats
         where owner_host = $1 and owner_boot = $2 and owner_pid = $3 and owner_start = $4",
        &args![&owner.host, &owner.boot, owner.pid, owner.started],
    )
    .await?;
    Ok(())
}
