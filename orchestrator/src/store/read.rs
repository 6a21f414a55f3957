//! Reading runs back: the list, and one run whole.

use jiff::Timestamp;
use serde::Serialize;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::sqlite::{Store, StoreError};
use crate::model::RunId;
use crate::report::TaskSummary;

/// Which runs to list.
#[derive(Debug, Clone, Default)]
pub struct HistoryFilter {
    /// Only runs in which this collector took part.
    pub command: Option<String>,
    /// Only runs in which this group took part.
    pub group: Option<String>,
    /// The newest so many.
    pub last: u32,
}

/// A run in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunHeader {
    /// Its id.
    pub run: RunId,
    /// What was asked for.
    pub schedule: String,
    /// The group it was narrowed to.
    pub group: Option<String>,
    /// `running` until its end was recorded, then `finished`.
    pub state: &'static str,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Tasks that succeeded.
    pub succeeded: u32,
    /// Tasks that failed.
    pub failed: u32,
    /// Tasks that were skipped.
    pub skipped: u32,
    /// Whether all that should have run succeeded.
    pub success: Option<bool>,
    /// What `orchestrate` exited with.
    pub exit_code: Option<u8>,
}

/// A run, whole. A finished one serializes to what `run` gave as its summary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunRecord {
    /// The run.
    #[serde(flatten)]
    pub header: RunHeader,
    /// Its tasks in order.
    pub tasks: Vec<TaskState>,
}

/// A task of a recorded run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TaskState {
    /// How it ended; its outcome is `running` or `pending` while it has not.
    #[serde(flatten)]
    pub summary: TaskSummary,
    /// Its attempts in order.
    pub attempt_list: Vec<Attempt>,
}

/// An attempt of a recorded run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attempt {
    /// Counted from 1.
    pub number: u32,
    /// When it was started.
    pub started_at: Timestamp,
    /// When its tree was gone.
    pub finished_at: Option<Timestamp>,
    /// The keyword of its outcome.
    pub outcome: Option<String>,
    /// The cause in words.
    pub reason: Option<String>,
    /// Its log file, relative to the state directory.
    pub log: String,
}

/// How a collector ended the last time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LastOutcome {
    /// Its group.
    #[serde(skip)]
    pub group: String,
    /// The collector.
    #[serde(skip)]
    pub command: String,
    /// The run it took part in.
    pub run: RunId,
    /// When that run began.
    pub started_at: Timestamp,
    /// The keyword of its outcome.
    pub outcome: String,
}

impl Store {
    /// For each collector of each group, how it ended the last time.
    ///
    /// # Errors
    /// The database fails.
    pub async fn last_outcomes(&self) -> Result<Vec<LastOutcome>, StoreError> {
        // SQLite takes the bare columns from the row that has the maximum.
        let rows = sqlx::query(
            "select tasks.group_name, command, outcome, run_id, max(started_at) as started_at
             from tasks join runs on runs.id = run_id
             where outcome is not null group by tasks.group_name, command",
        )
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| {
                let run = RunId::new(row.try_get::<String, _>("run_id")?);
                Ok(LastOutcome {
                    group: row.try_get("group_name")?,
                    command: row.try_get("command")?,
                    outcome: row.try_get("outcome")?,
                    started_at: instant(&run, row.try_get("started_at")?)?,
                    run,
                })
            })
            .collect()
    }

    /// Runs, newest first.
    ///
    /// # Errors
    /// The database fails.
    pub async fn history(&self, filter: &HistoryFilter) -> Result<Vec<RunHeader>, StoreError> {
        let rows = sqlx::query(
            "select * from runs
             where ($1 is null or exists (select 1 from tasks where run_id = runs.id and command = $1))
               and ($2 is null or exists (select 1 from tasks where run_id = runs.id and group_name = $2))
             order by started_at desc, id desc limit $3",
        )
        .bind(&filter.command)
        .bind(&filter.group)
        .bind(filter.last)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(header).collect()
    }

    /// The ids that begin with `prefix`, at most two: enough to see that it is not unique.
    /// `last` stands for the newest run.
    ///
    /// # Errors
    /// The database fails.
    pub async fn find_run(&self, prefix: &str) -> Result<Vec<RunId>, StoreError> {
        let ids: Vec<String> = if prefix == "last" {
            sqlx::query_scalar("select id from runs order by started_at desc, id desc limit 1")
                .fetch_all(&self.pool)
                .await?
        } else {
            sqlx::query_scalar("select id from runs where substr(id, 1, length($1)) = $1 order by id limit 2")
                .bind(prefix)
                .fetch_all(&self.pool)
                .await?
        };
        Ok(ids.into_iter().map(RunId::new).collect())
    }

    /// One run with its tasks and attempts; `None` if there is no such run.
    ///
    /// # Errors
    /// The database fails, or holds something that cannot be read.
    pub async fn run(&self, run: &RunId) -> Result<Option<RunRecord>, StoreError> {
        let Some(row) = sqlx::query("select * from runs where id = $1")
            .bind(run.as_str())
            .fetch_optional(&self.pool)
            .await?
        else {
            return Ok(None);
        };
        let tasks = sqlx::query("select * from tasks where run_id = $1 order by position")
            .bind(run.as_str())
            .fetch_all(&self.pool)
            .await?;
        let attempts = sqlx::query("select * from attempts where run_id = $1 order by position, number")
            .bind(run.as_str())
            .fetch_all(&self.pool)
            .await?;
        let tasks = tasks
            .iter()
            .map(|row| {
                let position: i64 = row.try_get("position")?;
                let mut list = Vec::new();
                for attempt_row in &attempts {
                    if attempt_row.try_get::<i64, _>("position")? == position {
                        list.push(attempt(run, attempt_row)?);
                    }
                }
                Ok(TaskState {
                    summary: task(run, row, &list)?,
                    attempt_list: list,
                })
            })
            .collect::<Result<_, StoreError>>()?;
        Ok(Some(RunRecord {
            header: header(&row)?,
            tasks,
        }))
    }
}

fn header(row: &SqliteRow) -> Result<RunHeader, StoreError> {
    let run = RunId::new(row.try_get::<String, _>("id")?);
    let finished_at: Option<i64> = row.try_get("finished_at")?;
    Ok(RunHeader {
        schedule: row.try_get("schedule")?,
        group: row.try_get("group_name")?,
        state: if finished_at.is_some() {
            "finished"
        } else {
            "running"
        },
        started_at: instant(&run, row.try_get("started_at")?)?,
        finished_at: finished_at.map(|at| instant(&run, at)).transpose()?,
        succeeded: row.try_get("succeeded")?,
        failed: row.try_get("failed")?,
        skipped: row.try_get("skipped")?,
        success: row.try_get("success")?,
        exit_code: row.try_get("exit_code")?,
        run,
    })
}

fn task(run: &RunId, row: &SqliteRow, attempts: &[Attempt]) -> Result<TaskSummary, StoreError> {
    let json = |name: &str| -> Result<Vec<String>, StoreError> {
        let text: String = row.try_get(name)?;
        serde_json::from_str(&text).map_err(|error| unreadable(run, &format!("{name}: {error}")))
    };
    let number = |name: &str| -> Result<u64, StoreError> {
        let value: i64 = row.try_get(name)?;
        u64::try_from(value).map_err(|_| unreadable(run, &format!("{name} is negative")))
    };
    let leftovers = json("leftovers")?;
    let outcome: Option<String> = row.try_get("outcome")?;
    let unfinished = if attempts.is_empty() { "pending" } else { "running" };
    let recorded: u32 = row.try_get("attempts")?;
    Ok(TaskSummary {
        position: usize::try_from(number("position")?).unwrap_or(usize::MAX),
        group: row.try_get("group_name")?,
        command: row.try_get("command")?,
        args: json("args")?,
        outcome: outcome.unwrap_or_else(|| unfinished.to_owned()),
        exit_code: row.try_get("exit_code")?,
        signal: row.try_get("signal")?,
        reason: row.try_get::<Option<String>, _>("reason")?.unwrap_or_default(),
        category: row.try_get("category")?,
        hint: row.try_get("hint")?,
        attempts: recorded.max(u32::try_from(attempts.len()).unwrap_or(u32::MAX)),
        duration_ms: number("duration_ms")?,
        max_rss_bytes: number("max_rss_bytes")?,
        cpu_ms: number("cpu_ms")?,
        stdout_bytes: number("stdout_bytes")?,
        stderr_bytes: number("stderr_bytes")?,
        lines: number("lines")?,
        truncated: row.try_get("truncated")?,
        leaked: !leftovers.is_empty(),
        leftovers,
        records: None,
        log: row
            .try_get::<Option<String>, _>("log")?
            .or_else(|| attempts.last().map(|attempt| attempt.log.clone())),
        tail: json("tail")?,
    })
}

fn attempt(run: &RunId, row: &SqliteRow) -> Result<Attempt, StoreError> {
    let finished_at: Option<i64> = row.try_get("finished_at")?;
    Ok(Attempt {
        number: row.try_get("number")?,
        started_at: instant(run, row.try_get("started_at")?)?,
        finished_at: finished_at.map(|at| instant(run, at)).transpose()?,
        outcome: row.try_get("outcome")?,
        reason: row.try_get("reason")?,
        log: row.try_get("log")?,
    })
}

fn instant(run: &RunId, microseconds: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_microsecond(microseconds).map_err(|error| unreadable(run, &error.to_string()))
}

fn unreadable(run: &RunId, reason: &str) -> StoreError {
    StoreError::Row {
        run: run.to_string(),
        reason: reason.to_owned(),
    }
}
