//! What all collectors together brought since a moment.

use jiff::Timestamp;

use crate::database::arg::args;
use crate::events::RecordCounts;
use crate::records::error::RecordsError;
use crate::records::records::Records;

impl Records {
    /// The sum of all deliveries since then.
    ///
    /// # Errors
    /// The database fails.
    pub async fn brought_since(&self, since: Timestamp) -> Result<RecordCounts, RecordsError> {
        let sql = "select cast(coalesce(sum(added), 0) as bigint), cast(coalesce(sum(changed), 0) as bigint),
                cast(coalesce(sum(unchanged), 0) as bigint) from ingests where at >= $1";
        let rows: Vec<(i64, i64, i64)> = self.database.fetch(sql, &args![since]).await?;
        let number = |count: i64| u64::try_from(count).unwrap_or_default();
        let (new, changed, unchanged) = rows.into_iter().next().unwrap_or_default();
        Ok(RecordCounts {
            new: number(new),
            changed: number(changed),
            unchanged: number(unchanged),
        })
    }
}
