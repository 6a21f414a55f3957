//! Slots that somebody took for a run that never began: its process ended between the
//! two. Called by `recovery`. Nothing is known to have run, and nothing is sure: the run's
//! journal may be somewhere else. So the slot ends as `unknown`, and says why.

use std::path::Path;

use jiff::Timestamp;

use super::error::StoreError;
use super::recovery::is_abandoned;
use super::sql::args;
use super::store::Store;
use crate::model::{Owner, RunId};
use crate::report::SlotRef;

#[derive(sqlx::FromRow)]
struct Forsaken {
    entry: String,
    slot: i64,
    run_id: String,
    owner_host: String,
    owner_boot: String,
    owner_pid: i64,
    owner_start: i64,
}

impl Store {
    /// Gives up what a slot's run never began: whoever took it cannot or will not. `false`
    /// if the run began, or nothing was due.
    ///
    /// # Errors
    /// The database fails.
    pub async fn forsake_slot(&self, slot: &SlotRef, run: &RunId, cause: &str) -> Result<bool, StoreError> {
        let mut sql = self.begin().await?;
        let changed = sql
            .execute(
                "update ledger set state = 'unknown', cause = $4
                 where entry = $1 and slot = $2 and state = 'due'
                   and not exists (select 1 from runs where id = $3)
                   and exists (select 1 from slots where entry = $1 and slot = $2 and run_id = $3)",
                &args![&slot.entry, slot.at, run, cause],
            )
            .await?;
        sql.commit().await?;
        Ok(changed > 0)
    }

    /// Does so for the slots of this machine's dead processes; which runs, and why.
    pub(super) async fn settle_forsaken(
        &self,
        state_dir: &Path,
        here: &Owner,
    ) -> Result<Vec<(RunId, String)>, StoreError> {
        // Few tasks are due at any moment, and an index leads to just these.
        let rows: Vec<Forsaken> = self
            .fetch(
                "select distinct entry, slot, run_id, owner_host, owner_boot, owner_pid, owner_start
                 from ledger join slots using (entry, slot)
                 where state = 'due' and owner_host is not null and run_id is not null
                   and not exists (select 1 from runs where id = slots.run_id)
                 order by slot, entry",
                &[],
            )
            .await?;
        let mut given_up = Vec::new();
        for row in rows {
            let run = RunId::new(row.run_id);
            let owner = Owner {
                host: row.owner_host,
                boot: row.owner_boot,
                pid: u32::try_from(row.owner_pid).map_err(|error| StoreError::row(&run, &error))?,
                started: u64::try_from(row.owner_start).map_err(|error| StoreError::row(&run, &error))?,
            };
            if !is_abandoned(state_dir, &run, &owner, here) {
                continue;
            }
            let slot = SlotRef {
                entry: row.entry,
                at: Timestamp::from_microsecond(row.slot).map_err(|error| StoreError::row(&run, &error))?,
            };
            let cause = format!("orchestrate ({owner}) took the slot and ended before its run began");
            if self.forsake_slot(&slot, &run, &cause).await? {
                given_up.push((run, cause));
            }
        }
        Ok(given_up)
    }
}
