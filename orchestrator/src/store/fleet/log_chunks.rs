//! What collectors of queued runs wrote, for whoever looks from another machine: pieces of the
//! worker's log files. Its newest part only, and nothing depends on it: the file is the truth.

use crate::database::arg::args;
use crate::database::transaction::Transaction;
use crate::database::{AssertSqlSafe, ChannelListener, Database};
use crate::model::RunId;
use crate::rundir::{KEPT_OF_LOG, LogPiece, unpack_chunk};
use crate::store::error::StoreError;
use crate::store::fleet::fence::RunFence;
use crate::store::fleet::messages;
use crate::store::fleet::queue::{FleetQueue, queue_name};
use crate::store::store::Store;

/// A piece of the log of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogChunk {
    /// The claim under which it was written.
    pub fence: RunFence,
    /// The file, relative to the state directory of its worker.
    pub log: String,
    /// What it has.
    pub piece: LogPiece,
}

/// What is kept of a log: one piece without a hole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptLog {
    /// Where in the file it begins; a record begins there, too.
    pub first: u64,
    /// The bytes of the file from there on.
    pub bytes: Vec<u8>,
    /// Whether the file ends with them, and will not grow.
    pub ended: bool,
}

impl KeptLog {
    /// Where in the file the next piece would begin.
    pub fn end(&self) -> u64 {
        self.first + self.bytes.len() as u64
    }
}

impl FleetQueue {
    /// Keeps pieces of logs, all or none, and tells who follows their runs. A longer piece that
    /// begins where one is kept takes its place. What is sent under a claim that does not stand
    /// is not kept, and that is no error.
    ///
    /// # Errors
    /// The database fails.
    pub async fn keep_log_chunks(&self, chunks: &[LogChunk]) -> Result<(), StoreError> {
        let mut sql = self.database.begin().await?;
        if sql.is_postgres() {
            // A server that crashes may lose the last of it: the files have it.
            sql.run("set local synchronous_commit = off").await?;
        }
        let mut runs: Vec<&RunId> = Vec::new();
        for chunk in chunks {
            let kept = keep(&mut sql, chunk).await?;
            if kept && !runs.contains(&&chunk.fence.run) {
                runs.push(&chunk.fence.run);
            }
        }
        let channel = channel(&self.name);
        for run in runs {
            messages::notify(&mut sql, &channel, run.as_str()).await?;
        }
        Ok(sql.commit().await?)
    }
}

/// The row of the run is only read: a transaction that does not end must keep nobody from
/// renewing its lease. It has its own worker's epoch still when the run has ended.
async fn keep(sql: &mut Transaction, chunk: &LogChunk) -> Result<bool, StoreError> {
    let piece = &chunk.piece;
    let kept = sql
        .execute(
            "insert into log_chunks (run_id, log, first, length, last, data)
             select $1, $2, $3, $4, $5, $6 where exists (select 1 from queued_runs
                 where run_id = $1 and epoch = $7 and state <> 'queued')
             on conflict (run_id, log, first) do update
                 set length = excluded.length, last = excluded.last, data = excluded.data
                 where excluded.length > log_chunks.length or excluded.last",
            &args![
                &chunk.fence.run,
                &chunk.log,
                piece.first,
                piece.length,
                piece.last,
                &piece.packed,
                chunk.fence.epoch
            ],
        )
        .await?;
    let end = piece.first + piece.length;
    if kept > 0 && end > KEPT_OF_LOG {
        sql.execute(
            "delete from log_chunks where run_id = $1 and log = $2 and first < $3 and first + length <= $3",
            &args![&chunk.fence.run, &chunk.log, end - KEPT_OF_LOG],
        )
        .await?;
    }
    Ok(kept > 0)
}

/// Who follows runs listens here. Not where workers do: they are not to wake for it.
fn channel(queue: &str) -> String {
    format!("{queue}_logs")
}

#[derive(sqlx::FromRow)]
struct Row {
    first: i64,
    length: i64,
    last: bool,
    data: Vec<u8>,
}

impl Store {
    /// What is kept of a log from a place in its file on, and from nowhere before it; `None` if
    /// that is nothing.
    ///
    /// # Errors
    /// The database fails, or has a piece that is none.
    pub async fn kept_log(&self, run: &RunId, log: &str, from: u64) -> Result<Option<KeptLog>, StoreError> {
        let rows: Vec<Row> = self
            .database
            .fetch(
                "select first, length, last, data from log_chunks
                 where run_id = $1 and log = $2 and (first + length > $3 or last) order by first",
                &args![run, log, from],
            )
            .await?;
        let mut kept: Option<KeptLog> = None;
        for row in rows {
            let (Ok(first), Ok(length)) = (u64::try_from(row.first), u64::try_from(row.length)) else {
                return Err(StoreError::row(run, &"a piece of its log begins nowhere"));
            };
            let bytes = unpack_chunk(&row.data, length).map_err(|error| StoreError::row(run, &error))?;
            let passed = from.saturating_sub(first).min(length);
            let new = usize::try_from(passed).map_or(&[][..], |passed| &bytes[passed..]);
            match &mut kept {
                Some(kept) if kept.end() == first => {
                    kept.bytes.extend_from_slice(new);
                    kept.ended |= row.last;
                }
                // Before a hole is what its worker will not send again.
                kept => {
                    *kept = Some(KeptLog {
                        first: first + passed,
                        bytes: new.to_vec(),
                        ended: row.last,
                    });
                }
            }
        }
        Ok(kept)
    }

    /// Whether runs of other machines are in it, whose logs are elsewhere: a file is one machine's.
    pub fn may_have_distant_logs(&self) -> bool {
        matches!(self.database, Database::Postgres(_))
    }

    /// Hears the id of a run whenever something that its collectors wrote is kept. On SQLite
    /// nothing is heard.
    ///
    /// # Errors
    /// The database fails.
    pub async fn listen_to_logs(&self) -> Result<ChannelListener, StoreError> {
        let text = format!("select {} where true or $1", queue_name(&self.database));
        let rows: Vec<(String,)> = self.database.fetch(AssertSqlSafe(text), &args![true]).await?;
        let queue = rows.into_iter().next().map(|(queue,)| queue).unwrap_or_default();
        Ok(self.database.listen(&channel(&queue)).await?)
    }
}

#[cfg(test)]
impl Store {
    /// For tests: what a worker had sent of a log when it was lost, the file being longer at its
    /// beginning.
    pub(crate) async fn keep_log(&self, run: &str, log: &str, first: u64, bytes: &[u8]) {
        let packed = crate::rundir::logs::log_chunk::pack_chunk(bytes).unwrap();
        let mut sql = self.database.begin().await.unwrap();
        sql.execute(
            "insert into log_chunks (run_id, log, first, length, last, data) values ($1, $2, $3, $4, false, $5)",
            &args![run, log, first, bytes.len(), &packed],
        )
        .await
        .unwrap();
        sql.commit().await.unwrap();
    }
}
