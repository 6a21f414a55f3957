//! Taking a delivery into SQLite. Its one writer is held only while the merge goes on.

use tokio::sync::mpsc;

use crate::database::AssertSqlSafe;
use crate::database::arg::Arg;
use crate::database::connection::Connection;
use crate::database::limits::WORK;
use crate::records::changes::keep_changes;
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
    create temp table offered (
        collection text not null primary key, is_known integer not null) strict, without rowid;
    create temp table judged (
        collection text not null, key text not null, verdict text not null, before text,
        primary key (collection, key)) strict, without rowid;
    begin";

/// Sorted once. The last line about a key wins: beside `max()`, SQLite takes the other
/// columns from the row that has it (<https://sqlite.org/lang_select.html#bareagg>).
const SORT: &str = "insert into delivered select collection, key, data from (
        select collection, key, data, max(rowid) from lines group by collection, key);
    drop table lines;
    commit";

/// The collections that were delivered, each found by a step into the index, and whether they
/// have records.
const OFFER: &str = "insert into offered
     with recursive each (collection) as (
         select min(collection) from delivered
         union all
         select (select min(d.collection) from delivered d where d.collection > each.collection)
         from each where each.collection is not null)
     select collection, exists (select 1 from records r where r.collection = each.collection)
     from each where collection is not null";

/// Finding a record is cheap here and writing one is not: each is compared once, and what did
/// not change is written nowhere. Of a collection that is not there yet nothing needs to be
/// compared.
const MERGE: [&str; 8] = [
    OFFER,
    concat!(
        "insert into judged (collection, key, verdict, before)
         select d.collection, d.key,
             case when r.key is null then 'new' when ",
        superseded!("r"),
        " then 'late' else 'changed' end, r.data
         from offered o cross join delivered d on d.collection = o.collection
         left join records r on r.collection = d.collection and r.key = d.key
         where o.is_known and (r.key is null or r.data <> d.data)"
    ),
    "insert into deliveries (collection, ingest, added, changed, unchanged)
     select collection, $1, added, changed, lines - added - changed from (
         select o.collection, n.lines, coalesce(j.changed, 0) as changed,
             case when o.is_known then coalesce(j.added, 0) else n.lines end as added
         from offered o
         join (select collection, count(*) as lines from delivered group by collection) n
             on n.collection = o.collection
         left join (select collection, count(*) filter (where verdict = 'new') as added,
                 count(*) filter (where verdict = 'changed') as changed
             from judged group by collection) j on j.collection = o.collection) as counted",
    keep_changes!(
        "changed",
        "select j.collection, j.key, j.before, d.data as after
         from judged j cross join delivered d on d.collection = j.collection and d.key = j.key
         where j.verdict = 'changed' order by j.collection, j.key"
    ),
    keep_changes!(
        "new",
        "select j.collection, j.key, j.before, d.data as after
         from judged j cross join delivered d on d.collection = j.collection and d.key = j.key
         where j.verdict = 'new' order by j.collection, j.key"
    ),
    keep_changes!(
        "new",
        "select d.collection, d.key, null as before, d.data as after
         from offered o cross join delivered d on d.collection = o.collection
         where not o.is_known order by o.collection, d.key"
    ),
    "insert into records (collection, key, data, first_ingest, changed_ingest)
     select d.collection, d.key, d.data, $1, $1
     from offered o cross join delivered d on d.collection = o.collection
     where not o.is_known order by o.collection, d.key",
    "insert into records (collection, key, data, first_ingest, changed_ingest)
     select j.collection, j.key, d.data, $1, $1
     from judged j cross join delivered d on d.collection = j.collection and d.key = j.key
     where j.verdict in ('new', 'changed') order by j.collection, j.key
     on conflict (collection, key) do update set
         data = excluded.data, changed_ingest = excluded.changed_ingest",
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
