//! The merge of a delivery whose records lie in `delivered`, on either database: who
//! delivered, the records, what was seen again, who read what, the sums, and the collector's state, in
//! a transaction that has begun. How records are merged differs, the rest does not.

use jiff::Timestamp;

use crate::database::DatabaseError;
use crate::database::arg::args;
use crate::database::columns::Micros;
use crate::database::connection::Connection;
use crate::events::RecordCounts;
use crate::records::delivery::Delivery;
use crate::records::error::RecordsError;
use crate::records::lineage::{note_reads, note_writes};
use crate::records::sighting::see;

/// What a delivery brought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ingested {
    /// New, changed, unchanged.
    pub counts: RecordCounts,
    /// When its collector last brought something new or changed, this time included.
    pub fresh_at: Option<Timestamp>,
}

const MARK: &str =
    "insert into ingests (run_id, position, group_name, name, command, at, release_source, releases)
     values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (run_id, position) do nothing returning id";

const SUM: &str = "update ingests set
         added = (select cast(coalesce(sum(added), 0) as bigint) from deliveries where ingest = $1),
         changed = (select cast(coalesce(sum(changed), 0) as bigint) from deliveries where ingest = $1),
         unchanged = (select cast(coalesce(sum(unchanged), 0) as bigint) from deliveries where ingest = $1)
     where id = $1";

/// `KEEP` takes group, name, state, instant, ingest, command; only the state's type differs.
macro_rules! keep {
    ($json:literal) => {
        concat!(
            "insert into states (group_name, name, command, data, at, fresh_at)
             select $1, $2, $6, ",
            $json,
            ", $4, case when added + changed > 0 then $4 end from ingests where id = $5
             on conflict (group_name, name) do update set
                 command = excluded.command, data = coalesce(excluded.data, states.data), at = excluded.at,
                 fresh_at = coalesce(excluded.fresh_at, states.fresh_at)
             where states.at <= excluded.at"
        )
    };
}
pub(super) use keep;

const RESULT: &str = "select added, changed, unchanged,
         (select fresh_at from states s where s.group_name = i.group_name and s.name = i.name)
     from ingests i where run_id = $1 and position = $2";

/// A run of the queue belongs to one claim at a time. Held at the end only, until the commit:
/// its lease is renewed meanwhile, and a large delivery takes longer than that.
async fn hold_claim(connection: &mut Connection, delivery: &Delivery) -> Result<(), RecordsError> {
    const HELD: &str =
        "select message from queued_runs where run_id = $1 and epoch = $2 and state = 'running' for update";
    find_claim(connection, delivery, HELD).await
}

/// Whether there is any sense in beginning.
async fn look_for_claim(connection: &mut Connection, delivery: &Delivery) -> Result<(), RecordsError> {
    find_claim(connection, delivery, CLAIM).await
}

const CLAIM: &str = "select message from queued_runs where run_id = $1 and epoch = $2 and state = 'running'";

async fn find_claim(
    connection: &mut Connection,
    delivery: &Delivery,
    postgres: &'static str,
) -> Result<(), RecordsError> {
    let Some(epoch) = delivery.epoch else {
        return Ok(());
    };
    let text = connection.text(CLAIM, postgres);
    let held: Vec<(i64,)> = connection.fetch(text, &args![&delivery.run, epoch]).await?;
    match held.is_empty() {
        true => Err(RecordsError::Fenced(delivery.run.to_string())),
        false => Ok(()),
    }
}

/// Merges by `statements`, whose only parameter, if any, is the delivery. Says what came of
/// it, also if it was taken before.
pub(super) async fn merge(
    connection: &mut Connection,
    delivery: &Delivery,
    statements: &[&'static str],
    keep: &'static str,
) -> Result<Ingested, RecordsError> {
    let (group, name, command) = (&delivery.group, &delivery.name, &delivery.command);
    let task = args![&delivery.run, delivery.position];
    let settles = delivery.settles.as_ref();
    let mark = args![
        &delivery.run,
        delivery.position,
        group,
        name,
        command,
        delivery.at,
        settles.map(|settles| settles.source.as_str()),
        &settles.map(|settles| settles.tags.clone()).unwrap_or_default()
    ];
    look_for_claim(connection, delivery).await?;
    let marked: Vec<(i64,)> = connection.fetch(MARK, &mark).await?;
    if let Some((ingest,)) = marked.into_iter().next() {
        for text in statements {
            let one = args![ingest];
            connection
                .execute(*text, if text.contains("$1") { &one } else { &[] })
                .await?;
        }
        see(connection, ingest, &delivery.complete).await?;
        note_writes(connection, ingest).await?;
        note_reads(connection, delivery).await?;
        connection.execute(SUM, &args![ingest]).await?;
        let state = args![group, name, &delivery.state, delivery.at, ingest, command];
        connection.execute(keep, &state).await?;
    }
    let rows: Vec<(i64, i64, i64, Option<Micros>)> = connection.fetch(RESULT, &task).await?;
    hold_claim(connection, delivery).await?;
    let (added, changed, unchanged, fresh_at) = rows.into_iter().next().ok_or_else(DatabaseError::no_row)?;
    let count = |value: i64| u64::try_from(value).unwrap_or_default();
    Ok(Ingested {
        counts: RecordCounts {
            new: count(added),
            changed: count(changed),
            unchanged: count(unchanged),
        },
        fresh_at: fresh_at.map(Timestamp::from),
    })
}
