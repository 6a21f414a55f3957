//! Who writes and who reads each collection: noted with the deliveries, the newest time only,
//! so that it is bounded by the tasks and their collections. A collector that reads by
//! `records show` or `records export` need not say so; one that reads by SQL says it itself.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::database::DatabaseError;
use crate::database::arg::args;
use crate::database::columns::Micros;
use crate::database::connection::Connection;
use crate::model::RunId;
use crate::model::words::words;
use crate::records::delivery::Delivery;
use crate::records::error::RecordsError;
use crate::records::records::Records;

/// What was written or read longer ago says nothing of how it is now.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(30 * 24);

/// More edges than this nobody can be told of.
const MOST: i64 = 20_000;

words! {
    /// What a task does with a collection.
    pub enum CollectionUse {
        /// It reads it.
        Read = "read",
        /// It delivers to it.
        Write = "write",
    }
}

/// A task and a collection that it reads or writes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Edge {
    /// The collection.
    pub collection: String,
    /// Which of the two.
    pub direction: CollectionUse,
    /// The group of the task.
    pub group: String,
    /// The task's name in it.
    pub name: String,
    /// Its collector.
    pub command: String,
    /// The newest run in which it did so.
    pub run: RunId,
    /// When that was.
    pub at: Timestamp,
}

/// One that came late changes nothing. `$5` and `$6` are run and instant.
const NOTE: &str = "insert into lineage as l (group_name, name, direction, collection, command, run_id, at)
     values ($1, $2, 'read', $3, $4, $5, $6)
     on conflict (group_name, name, direction, collection) do update set
         command = excluded.command, run_id = excluded.run_id, at = excluded.at
     where l.at <= excluded.at";

/// Of a delivery to very many collections, the first thousand.
const NOTE_WRITES: &str =
    "insert into lineage as l (group_name, name, direction, collection, command, run_id, at)
     select i.group_name, i.name, 'write', d.collection, i.command, i.run_id, i.at
     from deliveries d join ingests i on i.id = d.ingest
     where d.ingest = $1 order by d.collection limit 1000
     on conflict (group_name, name, direction, collection) do update set
         command = excluded.command, run_id = excluded.run_id, at = excluded.at
     where l.at <= excluded.at";

/// A task that reads other collections every night leaves no row of each.
const FORGET: &str = "delete from lineage where group_name = $1 and name = $2 and at < $3";

/// Notes which collections a delivery brought something to.
pub(super) async fn note_writes(connection: &mut Connection, ingest: i64) -> Result<(), DatabaseError> {
    connection.execute(NOTE_WRITES, &args![ingest]).await?;
    Ok(())
}

/// Notes what its collector read, and forgets what it did long ago.
pub(super) async fn note_reads(
    connection: &mut Connection,
    delivery: &Delivery,
) -> Result<(), DatabaseError> {
    let (group, name, command) = (&delivery.group, &delivery.name, &delivery.command);
    // Sorted, so that two of one task wait for each other and never both.
    for collection in &delivery.reads {
        let read = args![group, name, collection, command, &delivery.run, delivery.at];
        connection.execute(NOTE, &read).await?;
    }
    let since = delivery.at.checked_sub(REMEMBERED).unwrap_or(Timestamp::MIN);
    connection.execute(FORGET, &args![group, name, since]).await?;
    Ok(())
}

impl Records {
    /// Notes what was read by a collector that brought nothing.
    pub(super) async fn take_reads(&self, delivery: &Delivery) -> Result<(), RecordsError> {
        let mut transaction = self.database.begin().await?;
        note_reads(&mut transaction, delivery).await?;
        Ok(transaction.commit().await?)
    }

    /// Who wrote and read what in the thirty days before `now`, in order of collection.
    ///
    /// # Errors
    /// The database fails.
    pub async fn edges(&self, now: Timestamp) -> Result<Vec<Edge>, RecordsError> {
        const SQL: &str = "select collection, direction, group_name, name, command, run_id, at
             from lineage where at >= $1 order by collection, direction, group_name, name limit $2";
        let since = now.checked_sub(REMEMBERED).unwrap_or(Timestamp::MIN);
        let rows: Vec<Row> = self.database.fetch(SQL, &args![since, MOST]).await?;
        rows.into_iter().map(edge).collect()
    }
}

type Row = (String, String, String, String, String, String, Micros);

fn edge(row: Row) -> Result<Edge, RecordsError> {
    let (collection, direction, group, name, command, run, at) = row;
    Ok(Edge {
        collection,
        direction: CollectionUse::parse(&direction).ok_or_else(|| {
            DatabaseError::unreadable("direction", format!("{direction:?} is no direction"))
        })?,
        group,
        name,
        command,
        run: RunId::new(run),
        at: at.into(),
    })
}
