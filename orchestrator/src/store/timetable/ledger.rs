//! The ledger read back: what became of each task at its slots. It is written where slots
//! are claimed and where runs go on.

use jiff::Timestamp;
use serde::Serialize;

use crate::database::arg::args;
use crate::database::columns::Micros;
use crate::events::SlotRef;
use crate::model::words::words;
use crate::model::{OutcomeKind, RunId};
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
    /// Planned, without jitter.
    pub slot: Timestamp,
    /// The group of the task.
    pub group: String,
    /// Its name in the group.
    pub name: String,
    /// What is known of it.
    pub state: LedgerState,
    /// Why; for `ran`, how it ended.
    pub cause: Option<String>,
    /// The run that it was settled by, else the one that took the slot, if one did.
    pub run: Option<RunId>,
}

/// What became of a task at a slot, and how the run that had it ended for the task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotOutcome {
    /// The task at the slot.
    pub row: LedgerRow,
    /// Its outcome in the run; `None` where it had no part in one, or has not ended.
    pub outcome: Option<OutcomeKind>,
    /// Whether its success is not believed.
    pub suspect: bool,
}

#[derive(sqlx::FromRow)]
struct OutcomeColumns {
    #[sqlx(flatten)]
    row: LedgerColumns,
    outcome: Option<String>,
    suspect: bool,
}

#[derive(sqlx::FromRow)]
pub(super) struct LedgerColumns {
    entry: String,
    slot: Micros,
    group_name: String,
    name: String,
    state: String,
    cause: Option<String>,
    run_id: Option<String>,
}

impl LedgerColumns {
    pub(super) fn read(self) -> Result<LedgerRow, StoreError> {
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

/// Where a cross join stands SQLite begins with what is named first: the few slots of the
/// night, by time. It has no statistics to find that out, and would read the whole ledger.
const SINCE: &str = "select l.entry, l.slot, l.group_name, l.name, l.state, l.cause,
         coalesce(l.run_id, s.run_id) as run_id,
         t.outcome, t.suspect is not null as suspect
     from slots s cross join ledger l
     left join tasks t on t.run_id = coalesce(l.run_id, s.run_id) and t.position = l.position
     where s.slot >= $1 and s.slot <= $2 and l.entry = s.entry and l.slot = s.slot
       and not (s.entry >= $3 and s.entry < $4)";

impl Store {
    /// What became of every task at the slots from `since` to `until`, in no order; release
    /// checks are left out.
    ///
    /// # Errors
    /// The database fails, or holds something that cannot be read.
    pub async fn ledger_since(
        &self,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<SlotOutcome>, StoreError> {
        // Entries of release checks are called `release:` and their group.
        let args = args![since, until, "release:", "release;"];
        let rows: Vec<OutcomeColumns> = self.database.fetch(SINCE, &args).await?;
        let read = |found: OutcomeColumns| {
            let outcome = found.outcome.as_deref().map(|word| {
                OutcomeKind::parse(word)
                    .ok_or_else(|| StoreError::unknown_word("the outcome of a task", word))
            });
            Ok(SlotOutcome {
                outcome: outcome.transpose()?,
                suspect: found.suspect,
                row: found.row.read()?,
            })
        };
        rows.into_iter().map(read).collect()
    }

    /// The newest slot that any scheduler has settled; `None` if none ever led.
    ///
    /// # Errors
    /// The database fails, or holds something that cannot be read.
    pub async fn newest_slot(&self) -> Result<Option<Timestamp>, StoreError> {
        let rows: Vec<(Micros,)> = self
            .database
            .fetch("select slot from slots order by slot desc limit 1", &[])
            .await?;
        Ok(rows.first().map(|(slot,)| slot.0))
    }

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
        let rows: Vec<LedgerColumns> = self
            .database
            .fetch(
                "select entry, slot, group_name, name, state, cause,
                     coalesce(ledger.run_id, slots.run_id) as run_id
                 from ledger join slots using (entry, slot)
                 where group_name = $1 and name = $2 and slot = $3 order by entry",
                &args![group, name, slot],
            )
            .await?;
        rows.into_iter().map(LedgerColumns::read).collect()
    }

    /// What became of every task at a slot of an entry, in no order.
    ///
    /// # Errors
    /// The database fails, or holds something that cannot be read.
    pub async fn ledger_of_slot(&self, slot: &SlotRef) -> Result<Vec<LedgerRow>, StoreError> {
        let rows: Vec<LedgerColumns> = self
            .database
            .fetch(
                "select entry, slot, group_name, name, state, cause,
                     coalesce(ledger.run_id, slots.run_id) as run_id
                 from ledger join slots using (entry, slot) where entry = $1 and slot = $2",
                &args![&slot.entry, slot.at],
            )
            .await?;
        rows.into_iter().map(LedgerColumns::read).collect()
    }

    /// What became of a task at its newest slots, newest first.
    ///
    /// # Errors
    /// The database fails, or holds something that cannot be read.
    pub async fn ledger(&self, group: &str, name: &str, last: u32) -> Result<Vec<LedgerRow>, StoreError> {
        let rows: Vec<LedgerColumns> = self
            .database
            .fetch(
                "select entry, slot, group_name, name, state, cause,
                     coalesce(ledger.run_id, slots.run_id) as run_id
                 from ledger join slots using (entry, slot)
                 where group_name = $1 and name = $2 order by slot desc, entry limit $3",
                &args![group, name, last],
            )
            .await?;
        rows.into_iter().map(LedgerColumns::read).collect()
    }
}
