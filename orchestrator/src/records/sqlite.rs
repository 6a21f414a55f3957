//! Taking a delivery into SQLite. Its one writer is held only while the merge goes on.

use sqlx::sqlite::SqlitePool;
use sqlx::{AssertSqlSafe, SqliteConnection};
use tokio::sync::mpsc;

use crate::records::delivery::Delivery;
use crate::records::error::RecordsError;
use crate::records::event::Record;
use crate::records::ingest::{Fed, Ingested, cut_short};
use crate::records::merge::{RESULT, ResultRow, ingested, keep, merge};
use crate::records::shelf::{ANSWER, WORK, within};
use crate::records::sighting::superseded;

/// A temporary table lies in a file of its own (or in memory, while it is small). Lines
/// are appended as they come: a tree in the order of keys that come in none would be
/// read and written over and over.
const PREPARE: &str = "pragma temp.cache_size = -32768;
    create temp table laid (collection text not null, key text not null, data text not null) strict;
    create temp table delivered (
        collection text not null, key text not null, data text not null,
        primary key (collection, key)) strict, without rowid;
    begin";

/// Sorted once. The last line about a key wins: beside `max()`, SQLite takes the other
/// columns from the row that has it (<https://sqlite.org/lang_select.html#bareagg>).
const SORT: &str = "insert into delivered select collection, key, data from (
        select collection, key, data, max(rowid) from laid group by collection, key);
    drop table laid;
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
    pool: &SqlitePool,
    delivery: &Delivery,
    mut fed: mpsc::Receiver<Fed>,
) -> Result<Ingested, RecordsError> {
    let mut connection = pool.acquire().await?;
    // Nobody else needs a connection with this table, or in whatever state a failure leaves it.
    connection.close_on_drop();
    raw(&mut connection, PREPARE).await?;
    loop {
        match fed.recv().await {
            Some(Fed::Records(records)) => lay(&mut connection, records).await?,
            Some(Fed::End) => break,
            None => return Err(cut_short()),
        }
    }
    within(WORK, sqlx::raw_sql(SORT).execute(&mut *connection)).await?;
    within(WORK, sqlx::raw_sql("begin immediate").execute(&mut *connection)).await?;
    let row = merge!(connection, delivery, MERGE, keep!("$3"));
    within(WORK, sqlx::raw_sql("commit").execute(&mut *connection)).await?;
    // Its memory goes now, not when the next delivery takes as much again.
    if let Err(error) = within(ANSWER, connection.close()).await {
        tracing::warn!("closing a connection after a delivery: {error}");
    }
    Ok(ingested(row))
}

async fn lay(connection: &mut SqliteConnection, records: Vec<Record>) -> Result<(), RecordsError> {
    let mut text = String::from("insert into laid (collection, key, data) values (?,?,?)");
    for _ in 1..records.len() {
        text.push_str(",(?,?,?)");
    }
    let mut statement = sqlx::query(AssertSqlSafe(text));
    for record in records {
        statement = statement
            .bind(record.collection)
            .bind(record.key)
            .bind(record.data);
    }
    within(WORK, statement.execute(connection)).await?;
    Ok(())
}

async fn raw(connection: &mut SqliteConnection, sql: &'static str) -> Result<(), RecordsError> {
    within(ANSWER, sqlx::raw_sql(sql).execute(connection)).await?;
    Ok(())
}
