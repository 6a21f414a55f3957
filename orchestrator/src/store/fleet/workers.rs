//! Who executes queued runs: each worker says every few seconds that it is there. Nothing
//! depends on it but what people see; whether a run is lost is told by its lease.

use jiff::Timestamp;
use serde::Serialize;

use crate::database::AssertSqlSafe;
use crate::database::arg::args;
use crate::database::columns::{Micros, OwnerColumns};
use crate::model::words::words;
use crate::model::{Owner, RunId};
use crate::store::error::StoreError;
use crate::store::fleet::fit::{LeftRun, WorkerOffer, left_by};
use crate::store::fleet::queue::{FleetQueue, now};
use crate::store::owner::is_gone;
use crate::store::store::Store;
use sqlx::types::Json;

/// A worker that said nothing for so long is gone, in microseconds.
const SILENT: i64 = 20_000_000;

/// So many of the runs that wait are looked at for what each worker leaves to others.
const MOST_LEFT: u32 = 200;

/// One that is gone is listed for so long, in microseconds.
const LISTED: i64 = 24 * 3_600_000_000;

words! {
    /// What a worker does.
    pub enum WorkerState {
        /// It takes runs.
        Working = "working",
        /// It takes no more, and ends what it has.
        Draining = "draining",
        /// It has ended, or says nothing any more.
        Gone = "gone",
    }
}

/// What a worker says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerBeat {
    /// By which it is known.
    pub name: String,
    /// Its process.
    pub owner: Owner,
    /// What it does.
    pub state: WorkerState,
    /// How many runs it takes at a time.
    pub capacity: usize,
    /// Its labels.
    pub labels: Vec<String>,
    /// Secrets of its settings that have no value there.
    pub lacks: Vec<String>,
    /// Of the commands that runs which wait need, those for which nothing can be executed there.
    pub lacks_commands: Vec<String>,
    /// Secrets that have a value.
    pub secrets: Vec<String>,
    /// The newest version of plans that it reads.
    pub plan_version: u32,
    /// When it began, by its own clock.
    pub started_at: Timestamp,
}

/// What became of a beat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BeatAnswer {
    /// It is noted.
    Noted {
        /// The time of the database when it was.
        at: Timestamp,
    },
    /// Another worker of this name is there.
    NameTaken,
}

/// A worker, as others see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WorkerLine {
    /// By which it is known.
    pub worker: String,
    /// The machine.
    pub host: String,
    /// Of the program.
    pub version: String,
    /// What it does.
    pub state: WorkerState,
    /// How many runs it takes at a time.
    pub capacity: u64,
    /// Those that it has.
    pub running: Vec<RunId>,
    /// Its labels.
    pub labels: Vec<String>,
    /// Secrets that it cannot give to a collector.
    pub lacks: Vec<String>,
    /// Commands of runs that wait for which nothing can be executed there.
    pub lacks_commands: Vec<String>,
    /// When it last said that it is there.
    pub seen_at: Timestamp,
    /// How far its clock is ahead of the database's.
    pub clock_skew_ms: Option<i64>,
    /// Runs that wait and that it leaves to others, the oldest first.
    pub leaves: Vec<LeftRun>,
    /// What it has to offer, where it says so.
    #[serde(skip)]
    pub offer: Option<WorkerOffer>,
}

#[derive(sqlx::FromRow)]
struct Row {
    name: String,
    owner_host: String,
    version: String,
    state: String,
    capacity: i64,
    labels: Json<Vec<String>>,
    lacks: Json<Vec<String>>,
    seen_at: Micros,
    clock_skew_ms: Option<i64>,
    secrets: Option<Json<Vec<String>>>,
    plan_version: Option<i64>,
    lacks_commands: Option<Json<Vec<String>>>,
    silent: bool,
}

#[derive(sqlx::FromRow)]
struct Holder {
    #[sqlx(flatten)]
    owner: OwnerColumns,
}

impl FleetQueue {
    /// Notes that a worker is there, and how far its clock was from the database's.
    ///
    /// # Errors
    /// The database fails.
    pub async fn note_worker(
        &self,
        beat: &WorkerBeat,
        clock_skew_ms: Option<i64>,
    ) -> Result<BeatAnswer, StoreError> {
        let answer = self.try_note(beat, clock_skew_ms).await?;
        // One that was killed a moment ago does not keep its successor waiting.
        if answer == BeatAnswer::NameTaken && self.remove_gone(beat).await? {
            return self.try_note(beat, clock_skew_ms).await;
        }
        Ok(answer)
    }

    /// Whether who has the name is a process of this machine that is no more.
    async fn remove_gone(&self, beat: &WorkerBeat) -> Result<bool, StoreError> {
        let rows: Vec<Holder> = self
            .database
            .fetch(
                "select owner_host, owner_boot, owner_pid, owner_start from workers where name = $1",
                &args![&beat.name],
            )
            .await?;
        let Some(Holder {
            owner: OwnerColumns(owner),
        }) = rows.into_iter().next()
        else {
            return Ok(true);
        };
        if !is_gone(&owner, &beat.owner) {
            return Ok(false);
        }
        let mut sql = self.database.begin().await?;
        sql.execute(
            "update workers set state = 'gone' where name = $1 and owner_pid = $2 and owner_start = $3",
            &args![&beat.name, owner.pid, owner.started],
        )
        .await?;
        sql.commit().await?;
        Ok(true)
    }

    async fn try_note(
        &self,
        beat: &WorkerBeat,
        clock_skew_ms: Option<i64>,
    ) -> Result<BeatAnswer, StoreError> {
        let now = now(&self.database);
        let text = format!(
            "insert into workers (name, owner_host, owner_boot, owner_pid, owner_start, version, state,
                 capacity, labels, lacks, started_at, seen_at, clock_skew_ms, secrets, plan_version, lacks_commands)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, {now}, $12, $13, $14, $15)
             on conflict (name) do update set
                 owner_host = excluded.owner_host, owner_boot = excluded.owner_boot,
                 owner_pid = excluded.owner_pid, owner_start = excluded.owner_start,
                 version = excluded.version, state = excluded.state, capacity = excluded.capacity,
                 labels = excluded.labels, lacks = excluded.lacks, started_at = excluded.started_at,
                 seen_at = excluded.seen_at, clock_skew_ms = excluded.clock_skew_ms,
                 secrets = excluded.secrets, plan_version = excluded.plan_version,
                 lacks_commands = excluded.lacks_commands
             where workers.state = 'gone' or workers.seen_at < {now} - {SILENT}
                or (workers.owner_host = excluded.owner_host and workers.owner_boot = excluded.owner_boot
                    and workers.owner_pid = excluded.owner_pid and workers.owner_start = excluded.owner_start)
             returning seen_at"
        );
        let args = args![
            &beat.name,
            &beat.owner.host,
            &beat.owner.boot,
            beat.owner.pid,
            beat.owner.started,
            env!("CARGO_PKG_VERSION"),
            beat.state.as_str(),
            beat.capacity,
            &beat.labels,
            &beat.lacks,
            beat.started_at,
            clock_skew_ms,
            &beat.secrets,
            beat.plan_version,
            &beat.lacks_commands
        ];
        let mut sql = self.database.begin().await?;
        let rows: Vec<(Micros,)> = sql.fetch(AssertSqlSafe(text), &args).await?;
        sql.commit().await?;
        Ok(match rows.first() {
            Some((at,)) => BeatAnswer::Noted { at: at.0 },
            None => BeatAnswer::NameTaken,
        })
    }
}

impl Store {
    /// Workers that are there, and those that are gone since yesterday, by name.
    ///
    /// # Errors
    /// The database fails, or holds something that cannot be read.
    pub async fn workers(&self) -> Result<Vec<WorkerLine>, StoreError> {
        let now = now(&self.database);
        let text = format!(
            "select name, owner_host, version, state, capacity, labels, lacks, seen_at, clock_skew_ms, secrets,
                 plan_version, lacks_commands, seen_at < {now} - {SILENT} as silent
             from workers where seen_at >= {now} - {LISTED} order by name"
        );
        let rows: Vec<Row> = self.database.fetch(AssertSqlSafe(text), &[]).await?;
        let running: Vec<(String, String)> = self
            .database
            .fetch(
                "select worker, run_id from queued_runs where state = 'running' order by message",
                &[],
            )
            .await?;
        let mut lines: Vec<WorkerLine> = rows
            .into_iter()
            .map(|row| row.line(&running))
            .collect::<Result<_, _>>()?;
        if lines.iter().any(WorkerLine::is_there) {
            let waiting = self.waiting(MOST_LEFT).await?;
            for line in &mut lines {
                if line.is_there() {
                    line.leaves = left_by(&line.labels, line.offer.as_ref(), &waiting);
                }
            }
        }
        Ok(lines)
    }
}

impl WorkerLine {
    /// Whether it takes runs.
    pub fn is_there(&self) -> bool {
        self.state == WorkerState::Working
    }
}

impl Row {
    fn line(self, running: &[(String, String)]) -> Result<WorkerLine, StoreError> {
        let said = WorkerState::parse(&self.state)
            .ok_or_else(|| StoreError::unknown_word("the state of a worker", &self.state))?;
        let of_it = running.iter().filter(|(worker, _)| *worker == self.name);
        let lacks_commands = self.lacks_commands.map(|lacks| lacks.0).unwrap_or_default();
        let offer = self
            .secrets
            .zip(self.plan_version)
            .map(|(secrets, version)| WorkerOffer {
                secrets: secrets.0,
                plan_version: u32::try_from(version).unwrap_or_default(),
                lacks_commands: lacks_commands.clone(),
            });
        Ok(WorkerLine {
            leaves: Vec::new(),
            offer,
            running: of_it.map(|(_, run)| RunId::new(run)).collect(),
            worker: self.name,
            host: self.owner_host,
            version: self.version,
            state: if self.silent { WorkerState::Gone } else { said },
            capacity: u64::try_from(self.capacity).unwrap_or_default(),
            labels: self.labels.0,
            lacks: self.lacks.0,
            lacks_commands,
            seen_at: self.seen_at.0,
            clock_skew_ms: self.clock_skew_ms,
        })
    }
}
