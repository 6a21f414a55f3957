//! Taking a delivery into SQLite. Its one writer is held only while the merge goes on.

use tokio::sync::mpsc;

use crate::database::AssertSqlSafe;
use crate::database::arg::Arg;
use crate::database::connection::Connection;
use crate::database::limits::WORK;
use crate::records::delivery::Delivery;
use crate::records::error::RecordsError;
use crate::records::events_file::event::Record;
use crate::records::events_file::feed::Fed;
use crate::records::merge::{Ingested, keep, merge};
use crate::records::sighting::superseded;

/// A temporary table lies in a file of its own (or in memory, while it is small). Lines
/// are appended as they come: a tree in the order of keys that come in none would be
/// read and written over and over.
const PREPARE: &str = "pragma temp.cache_size = -32768;
    create temp table lines (collection text not null, key text not null, data text not null) strict;
    create temp table delivered (
        collection text not null, key text not null, data text not null,
        primary key (collection, key)) strict, without rowid;
    begin";

/// Sorted once. The last line about a key wins: beside `max()`, SQLite takes the other
/// columns from the row that has it (<https://sqlite.org/lang_select.html#bareagg>).
const SORT: &str = "insert into delivered select collection, key, data from (
        select collection, key, data, max(rowid) from lines group by collection, key);
    drop table lines;
    commit";

/// Finding a record is cheap here and writing one is not: what did not change is found
/// twice and written never.
const MERGE: [&str; 2] = [
    concat!(
        "insert into deliveries (collection, ingest, added, changed, unchanged)
         select collection, $1, added, changed, lines - added - changed from (
             select d.collection, count(*) as lines,
                 count(*) filter (where r.key is null) as added,
                 count(*) filter (where r.data <> d.data and not ",
        superseded!("r"),
        ") as changed
             from delivered d left join records r on r.collection = d.collection and r.key = d.key
             group by d.collection) as counted"
    ),
    concat!(
        "insert into records as r (collection, key, data, first_ingest, changed_ingest)
         select collection, key, data, $1, $1 from delivered where true order by collection, key
         on conflict (collection, key) do update set
             data = excluded.data, changed_ingest = excluded.changed_ingest
         where r.data <> excluded.data and not ",
        superseded!("r")
    ),
];

pub(super) async fn take(
    mut connection: Connection,
    delivery: &Delivery,
    mut fed: mpsc::Receiver<Fed>,
) -> Result<Ingested, RecordsError> {
    connection.run(PREPARE).await?;
    connection.allow(WORK);
    loop {
        match fed.recv().await {
            Some(Fed::Records(records)) => append(&mut connection, records).await?,
            Some(Fed::End) => break,
            None => return Err(RecordsError::CutShort),
        }
    }
    connection.run(SORT).await?;
    connection.run("begin immediate").await?;
    let ingested = merge(&mut connection, delivery, &MERGE, keep!("$3")).await?;
    connection.run("commit").await?;
    // Its memory goes now, not when the next delivery takes as much again.
    if let Err(error) = connection.close().await {
        tracing::warn!("closing a connection after a delivery: {error}");
    }
    Ok(ingested)
}

async fn append(connection: &mut Connection, records: Vec<Record>) -> Result<(), RecordsError> {
    let mut text = String::from("insert into lines (collection, key, data) values (?,?,?)");
    for _ in 1..records.len() {
        text.push_str(",(?,?,?)");
    }
    let fields = records
        .into_iter()
        .flat_map(|record| [record.collection, record.key, record.data]);
    let args: Vec<Arg> = fields.map(Arg::from).collect();
    connection.execute(AssertSqlSafe(text), &args).await?;
    Ok(())
}
