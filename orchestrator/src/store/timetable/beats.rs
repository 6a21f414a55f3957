//! Which schedulers there are, and which one leads. One leads; the others stand by.
//! Two that lead for a moment do no harm: a slot is taken once.

use jiff::Timestamp;
use serde::Serialize;

use crate::database::arg::args;
use crate::database::transaction::Transaction;
use crate::model::Owner;
use crate::store::error::StoreError;
use crate::store::owner::is_gone;
use crate::store::store::Store;

/// A scheduler as it last described itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Beat {
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
}

/// Who leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lead {
    /// The one that asked.
    Ours,
    /// Another one.
    Other(Box<Beat>),
}

#[derive(sqlx::FromRow)]
struct Row {
    owner_host: String,
    owner_boot: String,
    owner_pid: i64,
    owner_start: i64,
    state: String,
    started_at: i64,
    seen_at: i64,
    ticked_at: Option<i64>,
    next_at: Option<i64>,
    schedule_file: String,
    schedule_error: Option<String>,
    release_error: Option<String>,
}

impl Row {
    /// The scheduler, and whether it leads.
    fn beat(self) -> Result<(Beat, bool), StoreError> {
        let wrong =
            |what: &dyn ToString| StoreError::Refused(format!("a scheduler's row: {}", what.to_string()));
        let instant = |at: i64| Timestamp::from_microsecond(at).map_err(|error| wrong(&error));
        let beat = Beat {
            owner: Owner {
                host: self.owner_host,
                boot: self.owner_boot,
                pid: u32::try_from(self.owner_pid).map_err(|error| wrong(&error))?,
                started: u64::try_from(self.owner_start).map_err(|error| wrong(&error))?,
            },
            started_at: instant(self.started_at)?,
            seen_at: instant(self.seen_at)?,
            ticked_at: self.ticked_at.map(instant).transpose()?,
            next_at: self.next_at.map(instant).transpose()?,
            schedule_file: self.schedule_file,
            schedule_error: self.schedule_error,
            release_error: self.release_error,
        };
        Ok((beat, self.state == "leading"))
    }
}

impl Store {
    /// Writes down what a scheduler says of itself, and says who leads: it, if nobody
    /// else does. One that is certainly gone leads no more; neither does `silent`,
    /// which the caller has heard nothing of for too long.
    ///
    /// # Errors
    /// The database fails.
    pub async fn report_beat(&self, beat: &Beat, silent: Option<&Owner>) -> Result<Lead, StoreError> {
        match self.try_report(beat, silent).await {
            // Somebody else took the lead in the same moment: now it is there to be seen.
            Err(error) if error.is_unique_violation() => self.try_report(beat, silent).await,
            done => done,
        }
    }

    async fn try_report(&self, beat: &Beat, silent: Option<&Owner>) -> Result<Lead, StoreError> {
        let mut sql = self.database.begin().await?;
        let mut lead = Lead::Ours;
        let rows: Vec<Row> = sql.fetch("select * from beats", &[]).await?;
        for row in rows {
            let (other, leads) = row.beat()?;
            if other.owner == beat.owner {
                continue;
            }
            if is_gone(&other.owner, &beat.owner) || silent == Some(&other.owner) {
                forget(&mut sql, &other.owner).await?;
            } else if leads {
                lead = Lead::Other(Box::new(other));
            }
        }
        let state = match lead {
            Lead::Ours => "leading",
            Lead::Other(_) => "standby",
        };
        sql.execute(
            "insert into beats (owner_host, owner_boot, owner_pid, owner_start, state, started_at, seen_at,
                 ticked_at, next_at, schedule_file, schedule_error, release_error)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
             on conflict (owner_host, owner_boot, owner_pid, owner_start) do update set
                 state = excluded.state, seen_at = excluded.seen_at, ticked_at = excluded.ticked_at,
                 next_at = excluded.next_at, schedule_error = excluded.schedule_error,
                 release_error = excluded.release_error",
            &args![
                &beat.owner.host,
                &beat.owner.boot,
                beat.owner.pid,
                beat.owner.started,
                state,
                beat.started_at,
                beat.seen_at,
                beat.ticked_at.map(Timestamp::as_microsecond),
                beat.next_at.map(Timestamp::as_microsecond),
                &beat.schedule_file,
                &beat.schedule_error,
                &beat.release_error
            ],
        )
        .await?;
        sql.commit().await?;
        Ok(lead)
    }

    /// A scheduler ends: whoever stands by may lead at once.
    ///
    /// # Errors
    /// The database fails.
    pub async fn end_beat(&self, owner: &Owner) -> Result<(), StoreError> {
        let mut sql = self.database.begin().await?;
        forget(&mut sql, owner).await?;
        Ok(sql.commit().await?)
    }

    /// Every scheduler that has not said goodbye, the leading one first.
    ///
    /// # Errors
    /// The database fails, or holds something that cannot be read.
    pub async fn beats(&self) -> Result<Vec<Beat>, StoreError> {
        let rows: Vec<Row> = self
            .database
            .fetch("select * from beats order by state, started_at", &[])
            .await?;
        rows.into_iter().map(|row| Ok(row.beat()?.0)).collect()
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
