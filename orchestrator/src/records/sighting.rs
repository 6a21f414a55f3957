//! When a record was last seen, without writing the record. Most deliveries of a
//! collection bring most of it again: one row then says that all of it was seen (a
//! census), and only what was absent is named. A delivery that brought little names what
//! it saw again. So the rows that are written are always the fewer.
//!
//! A record was last seen by the delivery that its row in `sightings` names or, if it
//! has none, by the newest census of its collection; but never before it last changed.
//! Statements for the merge and for whoever reads.

use crate::database::DatabaseError;
use crate::database::arg::args;
use crate::database::connection::Connection;
use crate::records::changes::keep_changes;

/// Of how many collections of a delivery is it asked whether it saw most of them? Those
/// beyond have their records named.
const CENSUSES: i64 = 20;

/// The delivery that last saw the record `r`, of the collection that the second
/// argument names. Ids grow in the order in which deliveries are taken.
macro_rules! seen {
    ($r:literal, $collection:literal) => {
        concat!(
            "(select case when n.ingest > ",
            $r,
            ".changed_ingest then n.ingest else ",
            $r,
            ".changed_ingest end from (select coalesce(
                 (select s.ingest from sightings s where s.collection = ",
            $collection,
            " and s.key = ",
            $r,
            ".key),
                 (select max(w.ingest) from deliveries w where w.collection = ",
            $collection,
            " and w.census)) as ingest) as n)"
        )
    };
}
pub(super) use seen;

/// Whether a delivery that ended later than delivery `$1` has seen the record `r`: a
/// delivery that had to wait for the database may come after the next one. Asked first
/// is what is false nearly always and for all records at once.
macro_rules! superseded {
    ($r:literal) => {
        concat!(
            "((select max(at) from ingests) > (select at from ingests where id = $1) and ",
            $crate::records::sighting::seen!($r, "r.collection"),
            " in (select id from ingests where at > (select at from ingests where id = $1)))"
        )
    };
}
pub(super) use superseded;

/// The collections that delivery `$1` may have seen most of: how many records it
/// brought, and how many of these were there and unchanged. A late one saw them as they
/// were before.
const REPEATED: &str = "select collection, added + changed + unchanged, unchanged
     from deliveries where ingest = $1 and unchanged > 0
         and (select max(at) from ingests) <= (select at from ingests where id = $1)
     order by unchanged desc, collection limit $2";

/// How many records collection `$1` has, counted up to `$2`.
const SIZE: &str = "select count(*) from (select 1 from records where collection = $1 limit $2) as counted";

/// The same of collection `$2` alone, however little was unchanged.
const COMPLETED: &str = "select collection, added + changed + unchanged, unchanged
     from deliveries where ingest = $1 and collection = $2
         and (select max(at) from ingests) <= (select at from ingests where id = $1)";

/// Of collection `$2` nothing was delivered, and that is all there is of it.
const NOTHING_LEFT: &str = "insert into deliveries (collection, ingest, added, changed, unchanged)
     select $2, $1, 0, 0, 0 where exists (select 1 from records where collection = $2)
         and (select max(at) from ingests) <= (select at from ingests where id = $1)
     on conflict (collection, ingest) do nothing";

/// What collection `$1` had until delivery `$2`, which took its census: all that is absent has a
/// row of its own by now, and what was absent at the census before was last seen before that.
macro_rules! gone {
    () => {
        " from sightings s join records r on r.collection = s.collection and r.key = s.key
         where s.collection = $1 and (case when s.ingest > r.changed_ingest then s.ingest
                 else r.changed_ingest end) >= coalesce(
             (select max(w.ingest) from deliveries w
              where w.collection = $1 and w.census and w.ingest < $2), 0)"
    };
}

const COUNT_GONE: &str = concat!(
    "update deliveries set gone = (select count(*)",
    gone!(),
    ") where collection = $1 and ingest = $2"
);

const KEEP_GONE: &str = keep_changes!(
    "$2",
    "gone",
    concat!(
        "select r.collection, r.key, r.data as before, cast(null as json) as after",
        gone!(),
        " order by r.collection, r.key"
    )
);

/// Who last saw the records of collection `$1` that were not delivered, before a census
/// says otherwise.
const KEEP_ABSENT: &str = concat!(
    "insert into sightings (collection, key, ingest)
     select r.collection, r.key, ",
    seen!("r", "$1"),
    " from records r where r.collection = $1
         and not exists (select 1 from delivered d where d.collection = r.collection and d.key = r.key)
         and not exists (select 1 from sightings s where s.collection = r.collection and s.key = r.key)
     order by r.key"
);

/// What was delivered of collection `$1` needs no row of its own.
const DROP_PRESENT: &str = "delete from sightings where collection = $1
     and exists (select 1 from delivered d
         where d.collection = sightings.collection and d.key = sightings.key)";

/// Delivery `$2` saw all of collection `$1` but what has a row of its own.
const TAKE_CENSUS: &str = "update deliveries set census = true where collection = $1 and ingest = $2";

/// Delivery `$1` saw these again, where it is no census. What it brought new or changed
/// says so itself.
const SEE_AGAIN: &str = concat!(
    "insert into sightings (collection, key, ingest)
     select r.collection, r.key, $1 from deliveries n
     join delivered d on d.collection = n.collection
     join records r on r.collection = d.collection and r.key = d.key
     where n.ingest = $1 and n.unchanged > 0 and not n.census
         and r.changed_ingest <> $1 and not ",
    superseded!("r"),
    " order by r.collection, r.key
     on conflict (collection, key) do update set ingest = excluded.ingest"
);

/// Records that are gone were seen by nobody.
pub(super) const FORGET: &str = "delete from sightings where collection = $1
     and not exists (select 1 from records r
         where r.collection = sightings.collection and r.key = sightings.key)";

/// What a delivery saw, in its transaction, when its records are merged. Of the collections
/// that it says are `complete` it takes the census, whatever that costs.
pub(super) async fn see(
    connection: &mut Connection,
    ingest: i64,
    complete: &[String],
) -> Result<(), DatabaseError> {
    for collection in complete {
        let of = args![ingest, collection];
        connection.execute(NOTHING_LEFT, &of).await?;
        let seen: Vec<(String, i64, i64)> = connection.fetch(COMPLETED, &of).await?;
        for (collection, delivered, _) in seen {
            let size = size_up_to(connection, &collection, delivered.saturating_add(1)).await?;
            take_census(connection, ingest, &collection, size > delivered).await?;
        }
    }
    let repeated: Vec<(String, i64, i64)> = connection.fetch(REPEATED, &args![ingest, CENSUSES]).await?;
    for (collection, delivered, unchanged) in repeated {
        if complete.contains(&collection) {
            continue;
        }
        // Are there fewer absent than seen again?
        let most = delivered.saturating_add(unchanged);
        let size = size_up_to(connection, &collection, most.saturating_add(1)).await?;
        if size <= most {
            take_census(connection, ingest, &collection, size > delivered).await?;
        }
    }
    connection.execute(SEE_AGAIN, &args![ingest]).await?;
    Ok(())
}

/// How many records a collection has, counted up to `most`.
async fn size_up_to(connection: &mut Connection, collection: &str, most: i64) -> Result<i64, DatabaseError> {
    let size: Vec<(i64,)> = connection.fetch(SIZE, &args![collection, most]).await?;
    Ok(size.first().map_or(0, |(size,)| *size))
}

/// The delivery saw all of the collection but what is `absent`, if anything is.
async fn take_census(
    connection: &mut Connection,
    ingest: i64,
    collection: &str,
    absent: bool,
) -> Result<(), DatabaseError> {
    if absent {
        connection.execute(KEEP_ABSENT, &args![collection]).await?;
    }
    connection.execute(DROP_PRESENT, &args![collection]).await?;
    let census = args![collection, ingest];
    if absent {
        connection.execute(COUNT_GONE, &census).await?;
        connection.execute(KEEP_GONE, &census).await?;
    }
    connection.execute(TAKE_CENSUS, &census).await?;
    Ok(())
}
