//! Forgetting records that nobody delivers any more: only when somebody says so, and
//! never while a delivery is merged.

use jiff::Timestamp;

use crate::records::error::RecordsError;
use crate::records::merge::change;
use crate::records::postgres::TURN;
use crate::records::shelf::{ANSWER, Pool, Shelf, WORK, within};
use crate::records::sighting::{FORGET, seen};

const COUNT: &str = concat!(
    "select count(*) from records r where r.collection = $1 and ",
    seen!("r", "$1"),
    " in (select id from ingests where at < $2)"
);

const DELETE: &str = concat!(
    "delete from records as r where r.collection = $1 and ",
    seen!("r", "$1"),
    " in (select id from ingests where at < $2)"
);

impl Shelf {
    /// Forgets the records of a collection that nobody delivered since then; with
    /// `dry_run` only counts them.
    ///
    /// # Errors
    /// The database fails; then nothing is forgotten.
    pub async fn prune(
        &self,
        collection: &str,
        unseen_since: Timestamp,
        dry_run: bool,
    ) -> Result<u64, RecordsError> {
        let at = unseen_since.as_microsecond();
        macro_rules! count {
            ($pool:expr) => {{
                let query = sqlx::query_as(COUNT).bind(collection).bind(at);
                let (count,): (i64,) = within(WORK, query.fetch_one($pool)).await?;
                u64::try_from(count).unwrap_or_default()
            }};
        }
        macro_rules! delete {
            ($transaction:expr) => {{
                let count = change!($transaction, DELETE, collection, at);
                change!($transaction, FORGET, collection);
                within(WORK, $transaction.commit()).await?;
                count
            }};
        }
        Ok(match (&self.pool, dry_run) {
            (Pool::Sqlite(pool), true) => count!(pool),
            (Pool::Postgres(pool), true) => count!(pool),
            (Pool::Sqlite(pool), false) => {
                let mut transaction = within(ANSWER, pool.begin_with("begin immediate")).await?;
                delete!(transaction)
            }
            (Pool::Postgres(pool), false) => {
                let begin = "begin isolation level read committed";
                let mut transaction = within(ANSWER, pool.begin_with(begin)).await?;
                within(WORK, sqlx::raw_sql(TURN).execute(&mut *transaction)).await?;
                delete!(transaction)
            }
        })
    }
}
