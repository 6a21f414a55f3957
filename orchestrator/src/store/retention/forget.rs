//! The one way in which runs and slots are forgotten, by hand or by itself: rows and
//! directories together, never the last success or the last failure of a collector.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::Path;

use jiff::Timestamp;
use sqlx::AssertSqlSafe;

use crate::database::arg::args;
use crate::model::RunId;
use crate::rundir::StateDir;
use crate::rundir::unrecorded;
use crate::store::error::StoreError;
use crate::store::store::Store;

/// How many runs are forgotten by one transaction.
pub(crate) const BATCH: usize = 100;

impl Store {
    /// Those of `runs` that hold the last success or the last failure of a collector.
    pub(crate) async fn precious_among(&self, runs: &[RunId]) -> Result<HashSet<RunId>, StoreError> {
        // For each task one step into the index that leads to what came after it.
        const BEFORE: &str = "select distinct run_id from tasks
             where run_id in (select value from ";
        const AFTER: &str = ") and outcome is not null and outcome <> 'skipped'
               and case when outcome = 'succeeded' then not exists (
                     select 1 from tasks as newer
                     where newer.name = tasks.name and newer.outcome = 'succeeded'
                       and newer.group_name = tasks.group_name
                       and (newer.run_started_at, newer.run_id) > (tasks.run_started_at, tasks.run_id))
                   else not exists (
                     select 1 from tasks as newer
                     where newer.name = tasks.name
                       and newer.outcome in ('failed', 'timed_out', 'cancelled', 'not_started', 'lost')
                       and newer.group_name = tasks.group_name
                       and (newer.run_started_at, newer.run_id) > (tasks.run_started_at, tasks.run_id))
                   end";
        let each = self
            .database
            .text("json_each($1)", "jsonb_array_elements_text($1) as x(value)");
        let ids: Vec<String> = runs.iter().map(ToString::to_string).collect();
        let rows: Vec<(String,)> = self
            .database
            .fetch(AssertSqlSafe(format!("{BEFORE}{each}{AFTER}")), &args![&ids])
            .await?;
        Ok(rows.into_iter().map(|(run,)| RunId::new(run)).collect())
    }

    /// The directory first: a row without one still says what happened, a directory
    /// without a row would lie there for ever.
    pub(crate) async fn forget(&self, state_dir: &Path, runs: &[RunId]) -> Result<(), StoreError> {
        let (root, doomed) = (state_dir.to_owned(), runs.to_vec());
        // A log may be large, and somebody else's run may go on in this process.
        tokio::task::spawn_blocking(move || remove(&root, &doomed))
            .await
            .map_err(|error| StoreError::Refused(format!("removing runs: {error}")))??;
        let mut sql = self.database.begin().await?;
        for run in runs {
            // What it changed is its own; what it brought is everybody's.
            sql.execute(
                "delete from record_changes where ingest in (select id from ingests where run_id = $1)",
                &args![run],
            )
            .await?;
            sql.execute("delete from runs where id = $1", &args![run]).await?;
            let of_queue = "delete from queued_runs where run_id = $1 and state = 'ended'";
            sql.execute(of_queue, &args![run]).await?;
        }
        Ok(sql.commit().await?)
    }

    /// Slots before `since`, but each entry's newest: it says where a scheduler goes on.
    pub(crate) async fn forget_slots(&self, since: Timestamp) -> Result<(), StoreError> {
        let mut sql = self.database.begin().await?;
        sql.execute(
            "delete from slots where slot < $1
               and slot < (select max(newest.slot) from slots as newest where newest.entry = slots.entry)",
            &args![since],
        )
        .await?;
        Ok(sql.commit().await?)
    }

    /// What is kept of the logs of runs that began before `since`, whichever machine they were on:
    /// one that is gone forgets nothing any more.
    pub(crate) async fn forget_logs(&self, since: Timestamp) -> Result<(), StoreError> {
        let mut sql = self.database.begin().await?;
        sql.execute(
            "delete from log_chunks where run_id in
                 (select id from runs where started_at < $1 and finished_at is not null)",
            &args![since],
        )
        .await?;
        Ok(sql.commit().await?)
    }
}

fn remove(state_dir: &Path, runs: &[RunId]) -> Result<(), StoreError> {
    for run in runs {
        let dir = StateDir(state_dir).run(run);
        let removed = match fs::remove_dir_all(&dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        };
        removed
            .and_then(|()| unrecorded::forget(state_dir, run))
            .map_err(|source| StoreError::File { path: dir, source })?;
    }
    Ok(())
}

/// Bytes of the files in a run's directory, which has no folders.
pub(crate) fn size(dir: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(dir)? {
        bytes += entry?.metadata()?.len();
    }
    Ok(bytes)
}
