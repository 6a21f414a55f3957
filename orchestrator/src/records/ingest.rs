//! Taking a delivery: all of its records and its state in one transaction, exactly
//! once. The row in `ingests` that says so is written in the same transaction.
//!
//! The records are first laid into a temporary table of the connection, which holds up
//! nobody, and then merged by a few statements. So the last of several lines about the
//! same key wins and is counted once, in bounded memory, and SQLite's only writer is
//! busy for as long as the merge takes and no longer.

use std::path::Path;

use tokio::sync::mpsc;

use crate::database::Database;
use crate::records::delivery::Delivery;
use crate::records::error::RecordsError;
use crate::records::events_file::feed::feed;
use crate::records::merge::Ingested;
use crate::records::records::Records;
use crate::records::{postgres, sqlite};

impl Records {
    /// Takes a delivery, or finds that it has been taken before.
    ///
    /// # Errors
    /// The file cannot be read or the database fails; then nothing of it is kept.
    pub async fn ingest(&self, state_dir: &Path, delivery: &Delivery) -> Result<Ingested, RecordsError> {
        if delivery.only_reads {
            self.take_reads(delivery).await?;
            return Ok(Ingested::default());
        }
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
}
