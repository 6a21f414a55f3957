//! Taking a delivery: all of its records and its state in one transaction, exactly
//! once. The row in `ingests` that says so is written in the same transaction.
//!
//! The records are first laid into a temporary table of the connection, which holds up
//! nobody, and then merged by a few statements. So the last of several lines about the
//! same key wins and is counted once, in bounded memory, and SQLite's only writer is
//! busy for as long as the merge takes and no longer.

use std::io::BufReader;
use std::path::Path;

use jiff::Timestamp;
use tokio::sync::mpsc;

use crate::database::Database;
use crate::database::arg::args;
use crate::database::columns::Micros;
use crate::events::RecordCounts;
use crate::records::delivery::Delivery;
use crate::records::error::RecordsError;
use crate::records::event::{CollectorEvent, Record, parse_event};
use crate::records::follow::open;
use crate::records::lines::{FileLine, Lines};
use crate::records::records::Records;
use crate::records::{postgres, sqlite};

/// How many records, and about how many bytes of them, travel together.
const BATCH: usize = 256;
const BATCH_BYTES: usize = 1 << 20;

/// What a delivery brought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ingested {
    /// New, changed, unchanged.
    pub counts: RecordCounts,
    /// When its collector last brought something new or changed, this time included.
    pub fresh_at: Option<Timestamp>,
}

/// What comes from the file.
pub(super) enum Fed {
    /// Some records, in the order of the file.
    Records(Vec<Record>),
    /// There are no more. Without this the reader failed, and nothing may be kept.
    End,
}

impl Records {
    /// Takes a delivery, or finds that it has been taken before.
    ///
    /// # Errors
    /// The file cannot be read or the database fails; then nothing of it is kept.
    pub async fn ingest(&self, state_dir: &Path, delivery: &Delivery) -> Result<Ingested, RecordsError> {
        let (sender, receiver) = mpsc::channel(2);
        let (path, bytes) = (state_dir.join(&delivery.events), delivery.bytes);
        let reading = tokio::task::spawn_blocking(move || feed(&path, bytes, &sender));
        let taken = async {
            let connection = self.database.connection().await?;
            match &self.database {
                Database::Sqlite(_) => sqlite::take(connection, delivery, receiver).await,
                Database::Postgres(_) => postgres::take(connection, delivery, receiver).await,
            }
        };
        let taken = taken.await;
        // What stopped the reader explains why there was nothing more to take.
        match reading.await {
            Ok(Err(error)) => Err(error),
            Ok(Ok(())) | Err(_) => taken,
        }
    }

    /// When a collector last brought something new or changed.
    ///
    /// # Errors
    /// The database fails.
    pub async fn fresh_at(&self, group: &str, command: &str) -> Result<Option<Timestamp>, RecordsError> {
        const SQL: &str = "select fresh_at from states where group_name = $1 and command = $2";
        let rows: Vec<(Option<Micros>,)> = self.database.fetch(SQL, &args![group, command]).await?;
        Ok(rows.into_iter().find_map(|(at,)| at).map(Timestamp::from))
    }
}

/// Reads the records of a file, which was examined before: its faults were told then.
fn feed(path: &Path, bytes: u64, sender: &mpsc::Sender<Fed>) -> Result<(), RecordsError> {
    use std::io::Read;
    let failed = |source| RecordsError::File {
        path: path.to_owned(),
        source,
    };
    if bytes > 0 {
        let file = open(path).map_err(failed)?;
        let mut lines = Lines::new(BufReader::with_capacity(64 << 10, file.take(bytes)));
        let mut batch = Batch::default();
        while let Some(line) = lines.next().map_err(failed)? {
            if !batch.add(&line, sender) {
                return Ok(());
            }
        }
        if lines.bytes() < bytes {
            return Err(RecordsError::Changed {
                path: path.to_owned(),
                reason: format!(
                    "it has {} bytes, and had {bytes} when it was examined",
                    lines.bytes()
                ),
            });
        }
        if let Some(line) = lines.rest()
            && !batch.add(&line, sender)
        {
            return Ok(());
        }
        if !batch.send(sender) {
            return Ok(());
        }
    }
    // Whoever takes may have failed, and says so itself.
    let _ = sender.blocking_send(Fed::End);
    Ok(())
}

#[derive(Default)]
struct Batch {
    records: Vec<Record>,
    bytes: usize,
}

impl Batch {
    /// `false` if nobody takes any more.
    fn add(&mut self, line: &FileLine<'_>, sender: &mpsc::Sender<Fed>) -> bool {
        let FileLine::Whole(_, bytes) = line else {
            return true;
        };
        let Ok(CollectorEvent::Record(record)) = parse_event(bytes) else {
            return true;
        };
        self.bytes += bytes.len();
        self.records.push(record);
        if self.records.len() < BATCH && self.bytes < BATCH_BYTES {
            return true;
        }
        self.send(sender)
    }

    fn send(&mut self, sender: &mpsc::Sender<Fed>) -> bool {
        self.bytes = 0;
        let records = std::mem::replace(&mut self.records, Vec::with_capacity(BATCH));
        records.is_empty() || sender.blocking_send(Fed::Records(records)).is_ok()
    }
}
