//! The merge of a delivery whose records lie in `delivered`, on either database: who
//! delivered, the records, what was seen again, the sums, and the collector's state, in
//! a transaction that has begun. How records are merged differs, the rest does not.

use crate::events::RecordCounts;
use crate::records::ingest::{Ingested, instant};

pub(super) const MARK: &str = "insert into ingests (run_id, position, group_name, command, at)
     values ($1, $2, $3, $4, $5) on conflict (run_id, position) do nothing returning id";

pub(super) const SUM: &str = "update ingests set
         added = (select cast(coalesce(sum(added), 0) as bigint) from deliveries where ingest = $1),
         changed = (select cast(coalesce(sum(changed), 0) as bigint) from deliveries where ingest = $1),
         unchanged = (select cast(coalesce(sum(unchanged), 0) as bigint) from deliveries where ingest = $1)
     where id = $1";

/// `KEEP` takes group, command, state, instant, ingest; only the state's type differs.
macro_rules! keep {
    ($json:literal) => {
        concat!(
            "insert into states (group_name, command, data, at, fresh_at)
             select $1, $2, ",
            $json,
            ", $4, case when added + changed > 0 then $4 end from ingests where id = $5
             on conflict (group_name, command) do update set
                 data = coalesce(excluded.data, states.data), at = excluded.at,
                 fresh_at = coalesce(excluded.fresh_at, states.fresh_at)
             where states.at <= excluded.at"
        )
    };
}
pub(super) use keep;

pub(super) const RESULT: &str = "select added, changed, unchanged,
         (select fresh_at from states s where s.group_name = i.group_name and s.command = i.command)
     from ingests i where run_id = $1 and position = $2";

pub(super) type ResultRow = (i64, i64, i64, Option<i64>);

/// A statement and what it is about, on either kind of connection. How many rows?
macro_rules! change {
    ($connection:expr, $text:expr $(, $bind:expr)*) => {
        within(WORK, sqlx::query($text)$(.bind($bind))*.execute(&mut *$connection)).await?.rows_affected()
    };
}
pub(super) use change;

/// The merge, on either kind of connection: counts and records by the statements
/// `$merge`, whose only parameter, if any, is the delivery. What came of it, also if it
/// was taken before.
macro_rules! merge {
    ($connection:expr, $delivery:expr, $merge:expr, $keep:expr) => {{
        use $crate::records::merge::{MARK, SUM, change};
        use $crate::records::shelf::{WORK, within};
        use $crate::records::sighting::see;
        let delivery: &Delivery = $delivery;
        let at = delivery.at.as_microsecond();
        let position = i64::try_from(delivery.position).unwrap_or(i64::MAX);
        let (group, command) = (&delivery.group, &delivery.command);
        let mark = sqlx::query_as(MARK)
            .bind(delivery.run.as_str())
            .bind(position)
            .bind(group)
            .bind(command)
            .bind(at);
        let marked: Option<(i64,)> = within(WORK, mark.fetch_optional(&mut *$connection)).await?;
        if let Some((ingest,)) = marked {
            for text in $merge {
                if text.contains("$1") {
                    change!($connection, text, ingest);
                } else {
                    change!($connection, text);
                }
            }
            see!($connection, ingest);
            change!($connection, SUM, ingest);
            let state = delivery.state.as_deref();
            change!($connection, $keep, group, command, state, at, ingest);
        }
        let result = sqlx::query_as(RESULT).bind(delivery.run.as_str()).bind(position);
        let row: ResultRow = within(WORK, result.fetch_one(&mut *$connection)).await?;
        row
    }};
}
pub(super) use merge;

pub(super) fn ingested((added, changed, unchanged, fresh_at): ResultRow) -> Ingested {
    let count = |value: i64| u64::try_from(value).unwrap_or_default();
    Ingested {
        counts: RecordCounts {
            new: count(added),
            changed: count(changed),
            unchanged: count(unchanged),
        },
        fresh_at: fresh_at.and_then(instant),
    }
}
