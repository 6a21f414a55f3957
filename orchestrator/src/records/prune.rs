//! Forgetting records that nobody delivers any more: only when somebody says so, and
//! never while a delivery is merged.

use jiff::Timestamp;

use crate::database::Database;
use crate::database::arg::args;
use crate::database::limits::WORK;
use crate::records::error::RecordsError;
use crate::records::postgres::TURN;
use crate::records::records::Records;
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

impl Records {
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
        let which = args![collection, unseen_since];
        if dry_run {
            let rows: Vec<(i64,)> = self.database.fetch_within(WORK, COUNT, &which).await?;
            let count = rows.first().map_or(0, |(count,)| *count);
            return Ok(u64::try_from(count).unwrap_or_default());
        }
        let mut transaction = self.database.begin().await?;
        transaction.allow(WORK);
        if matches!(self.database, Database::Postgres(_)) {
            transaction.run(TURN).await?;
        }
        let count = transaction.execute(DELETE, &which).await?;
        transaction.execute(FORGET, &args![collection]).await?;
        transaction.commit().await?;
        Ok(count)
    }
}
