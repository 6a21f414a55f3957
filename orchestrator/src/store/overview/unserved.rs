//! Slots that nobody ran, or of which nobody can tell, between two moments.

use jiff::Timestamp;

use crate::database::arg::args;
use crate::database::columns::Micros;
use crate::store::error::StoreError;
use crate::store::store::Store;

/// A slot of an entry at which at least one task was not run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnservedSlot {
    /// The entry of the timetable.
    pub entry: String,
    /// Planned.
    pub slot: Timestamp,
    /// How many of its tasks were not run.
    pub tasks: u64,
    /// Why, of one of them.
    pub cause: String,
}

/// An index has these rows only.
const UNSERVED: &str = "select entry, slot, count(*), min(cause) from ledger
     where state in ('missed', 'unknown') and slot >= $1 and slot < $2
     group by slot, entry order by slot desc, entry limit $3";

impl Store {
    /// The newest so many, newest first.
    ///
    /// # Errors
    /// The database fails.
    pub async fn unserved_slots(
        &self,
        since: Timestamp,
        until: Timestamp,
        most: u32,
    ) -> Result<Vec<UnservedSlot>, StoreError> {
        let rows: Vec<(String, Micros, i64, String)> =
            self.database.fetch(UNSERVED, &args![since, until, most]).await?;
        let read = |(entry, slot, tasks, cause): (String, Micros, i64, String)| UnservedSlot {
            entry,
            slot: Timestamp::from(slot),
            tasks: u64::try_from(tasks).unwrap_or_default(),
            cause,
        };
        Ok(rows.into_iter().map(read).collect())
    }
}
