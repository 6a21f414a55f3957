//! The ledger read back: what became of each task at its slots. It is written where slots
//! are claimed and where runs go on.

use jiff::Timestamp;
use serde::Serialize;

use crate::database::arg::args;
use crate::database::columns::Micros;
use crate::model::RunId;
use crate::model::words::words;
use crate::store::error::StoreError;
use crate::store::store::Store;

words! {
    /// What is known of a task at a slot.
    pub enum LedgerState {
        /// It is in the plan of the run that has the slot.
        Due = "due",
        /// It was tried.
        Ran = "ran",
        /// It was not run, for a known cause.
        Skipped = "skipped",
        /// Nobody ran the slot.
        Missed = "missed",
        /// Its run is lost, and nobody can tell.
        Unknown = "unknown",
    }
}

/// What became of a task at a slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LedgerRow {
    /// The entry of the timetable.
    pub entry: String,
    /// The slot.
    pub slot: Timestamp,
    /// The group of the task.
    pub group: String,
    /// Its name in the group.
    pub name: String,
    /// What is known of it.
    pub state: LedgerState,
    /// Why; for `ran`, how it ended.
    pub cause: Option<String>,
    /// The run that took the slot, if one did.
    pub run: Option<RunId>,
}

#[derive(sqlx::FromRow)]
struct Columns {
    entry: String,
    slot: Micros,
    group_name: String,
    name: String,
    state: String,
    cause: Option<String>,
    run_id: Option<String>,
}

impl Columns {
    fn read(self) -> Result<LedgerRow, StoreError> {
        Ok(LedgerRow {
            slot: self.slot.0,
            state: LedgerState::parse(&self.state)
                .ok_or_else(|| StoreError::unknown_word("the state of a task at a slot", &self.state))?,
            entry: self.entry,
            group: self.group_name,
            name: self.name,
            cause: self.cause,
            run: self.run_id.map(RunId::new),
        })
    }
}

impl Store {
    /// What became of a task at a slot, in whichever entry.
    ///
    /// # Errors
    /// The database fails, or holds something that cannot be read.
    pub async fn ledger_at(
        &self,
        group: &str,
        name: &str,
        slot: Timestamp,
    ) -> Result<Vec<LedgerRow>, StoreError> {
        let rows: Vec<Columns> = self
            .database
            .fetch(
                "select entry, slot, group_name, name, state, cause, run_id
                 from ledger join slots using (entry, slot)
                 where group_name = $1 and name = $2 and slot = $3 order by entry",
                &args![group, name, slot],
            )
            .await?;
        rows.into_iter().map(Columns::read).collect()
    }

    /// What became of a task at its newest slots, newest first.
    ///
    /// # Errors
    /// The database fails, or holds something that cannot be read.
    pub async fn ledger(&self, group: &str, name: &str, last: u32) -> Result<Vec<LedgerRow>, StoreError> {
        let rows: Vec<Columns> = self
            .database
            .fetch(
                "select entry, slot, group_name, name, state, cause, run_id
                 from ledger join slots using (entry, slot)
                 where group_name = $1 and name = $2 order by slot desc, entry limit $3",
                &args![group, name, last],
            )
            .await?;
        rows.into_iter().map(Columns::read).collect()
    }
}
