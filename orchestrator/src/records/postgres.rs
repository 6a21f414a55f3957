//! Taking a delivery into PostgreSQL: COPY, then the merge. Deliveries into one
//! database are merged one after another (an advisory lock), so that their counts are
//! true and none waits for another's rows in the wrong order.

use tokio::sync::mpsc;

use crate::database::connection::Connection;
use crate::database::limits::WORK;
use crate::records::changes::keep_changes;
use crate::records::delivery::Delivery;
use crate::records::error::RecordsError;
use crate::records::events_file::event::Record;
use crate::records::events_file::feed::Fed;
use crate::records::merge::{Ingested, keep, merge};
use crate::records::sighting::superseded;

/// Whoever changes records holds this lock until it commits. The number is ours and
/// arbitrary.
pub(super) const TURN: &str = "select pg_advisory_xact_lock(7102338501)";

/// What is laid down for a moment need not reach the server's disk. Whatever the server's
/// default is: each statement must see what the one before us committed. Compiling the
/// statements takes longer than they do.
const PREPARE: &str = "begin isolation level read committed;
    set local work_mem = '64MB';
    set local temp_buffers = '128MB';
    set local jit = off;
    create temp table lines (
        line bigint not null, collection text collate \"C\" not null,
        key text collate \"C\" not null, data text not null) on commit drop;
    create temp table judged (
        collection text collate \"C\" not null, key text collate \"C\" not null,
        verdict text not null, data json) on commit drop";

/// The last line about a key wins. The key comes first because it tells lines apart: only
/// the leading column of a sort is compared by its first bytes alone.
const SETTLE: [&str; 3] = [
    "create temp table delivered on commit drop as
     select distinct on (key, collection) collection, key, cast(data as json) as data
     from lines order by key, collection, line desc",
    "analyze delivered",
    TURN,
];

/// Compared once. Then a record that did not change is not written; and one that is
/// known to be new costs half of what one costs that may be there.
const MERGE: [&str; 7] = [
    concat!(
        "insert into judged (collection, key, verdict, data)
         select d.collection, d.key,
             case when r.key is null then 'new'
                 when cast(r.data as text) = cast(d.data as text) then 'same'
                 when ",
        superseded!("r"),
        " then 'late'
                 else 'changed' end,
             case when r.key is null or cast(r.data as text) <> cast(d.data as text) then d.data end
         from delivered d left join records r on r.collection = d.collection and r.key = d.key"
    ),
    "analyze judged",
    "insert into deliveries (collection, ingest, added, changed, unchanged)
     select collection, $1, count(*) filter (where verdict = 'new'),
         count(*) filter (where verdict = 'changed'),
         count(*) filter (where verdict in ('same', 'late'))
     from judged group by collection",
    keep_changes!(
        "changed",
        "select j.collection, j.key, r.data as before, j.data as after
         from (select collection, key, data from judged where verdict = 'changed'
             order by collection, key limit 10000) j
         join records r on r.collection = j.collection and r.key = j.key"
    ),
    keep_changes!(
        "new",
        "select collection, key, cast(null as json) as before, data as after
         from judged where verdict = 'new' order by collection, key"
    ),
    "insert into records (collection, key, data, first_ingest, changed_ingest)
     select collection, key, data, $1, $1 from judged where verdict = 'new' order by collection, key",
    "update records r set data = j.data, changed_ingest = $1 from judged j
     where j.verdict = 'changed' and r.collection = j.collection and r.key = j.key",
];

pub(super) async fn take(
    mut connection: Connection,
    delivery: &Delivery,
    mut fed: mpsc::Receiver<Fed>,
) -> Result<Ingested, RecordsError> {
    connection.run(PREPARE).await?;
    copy(&mut connection, &mut fed).await?;
    connection.allow(WORK);
    for statement in SETTLE {
        connection.run(statement).await?;
    }
    let ingested = merge(&mut connection, delivery, &MERGE, keep!("cast($3 as json)")).await?;
    connection.run("commit").await?;
    Ok(ingested)
}

async fn copy(connection: &mut Connection, fed: &mut mpsc::Receiver<Fed>) -> Result<(), RecordsError> {
    let mut copy = connection.copy("copy lines from stdin").await?;
    let mut line = 0;
    loop {
        match fed.recv().await {
            Some(Fed::Records(records)) => {
                let mut rows = Vec::new();
                for record in records {
                    line += 1;
                    push_row(&mut rows, line, &record);
                }
                copy.send(rows).await?;
            }
            Some(Fed::End) => break,
            None => return Err(RecordsError::CutShort),
        }
    }
    Ok(copy.finish().await?)
}

/// A row of COPY's text format (PostgreSQL, COPY, "Text Format").
fn push_row(rows: &mut Vec<u8>, line: u64, record: &Record) {
    rows.extend_from_slice(line.to_string().as_bytes());
    for field in [&record.collection, &record.key, &record.data] {
        rows.push(b'\t');
        push_field(rows, field);
    }
    rows.push(b'\n');
}

fn push_field(rows: &mut Vec<u8>, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'\\' => rows.extend_from_slice(b"\\\\"),
            b'\n' => rows.extend_from_slice(b"\\n"),
            b'\r' => rows.extend_from_slice(b"\\r"),
            b'\t' => rows.extend_from_slice(b"\\t"),
            other => rows.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_its_field() {
        let record = Record {
            collection: "c".into(),
            key: "a\tb\nc\r\\.".into(),
            data: r#"{"a":"\n\\"}"#.into(),
        };
        let mut rows = Vec::new();
        push_row(&mut rows, 7, &record);
        assert_eq!(
            String::from_utf8(rows).unwrap(),
            "7\tc\ta\\tb\\nc\\r\\\\.\t{\"a\":\"\\\\n\\\\\\\\\"}\n"
        );
    }
}
