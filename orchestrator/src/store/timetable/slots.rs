//! The ledger of slots: which scheduler took a slot, and what became of each task at
//! it. A slot is taken once, by one; every task at it ends as `ran`, `skipped`,
//! `missed` or `unknown`, and says why.

use jiff::Timestamp;

use crate::database::arg::args;
use crate::database::columns::Micros;
use crate::database::transaction::Transaction;
use crate::events::{ListedTask, SlotRef};
use crate::model::{Owner, RunId};
use crate::store::change::change_one;
use crate::store::error::StoreError;
use crate::store::runs::transition::StateChange;
use crate::store::store::Store;
use crate::store::timetable::ledger::LedgerState;

/// Whether a slot may be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// It is ours, and nobody else's for ever.
    Ours,
    /// Somebody was faster: this run, or nobody if it was passed over.
    Taken(Option<RunId>),
    /// Nobody has it, but a run of this entry, which is the same or shares its overlap queue, still
    /// goes on in another process.
    Busy(RunId, String),
}

/// A slot that nobody runs, and why it is so for each of its tasks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassedSlot {
    /// The slot.
    pub slot: SlotRef,
    /// Its tasks, none of which is due.
    pub tasks: Vec<SlotTask>,
}

/// A task at a slot, as a scheduler sees it before anything runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotTask {
    /// Its group.
    pub group: String,
    /// Its name in the group.
    pub name: String,
    /// Its collector.
    pub command: String,
    /// What is known of it.
    pub state: SlotState,
}

/// What is known of a task when its slot is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SlotState {
    /// It is in the plan of the run.
    Due,
    /// It is not, for this reason: disabled, not today, ...
    Skipped(String),
    /// Nobody ran the slot, for this reason.
    Missed(String),
}

impl Store {
    /// Takes a slot for `run`, which `owner` will execute. Whoever gets [`Claim::Ours`]
    /// may run it; there is only one who does, ever. `mate` is the other entry whose runs
    /// must not go on at the same time, if there is one.
    ///
    /// # Errors
    /// The database fails; then nothing was taken, or it was and whoever asks again with
    /// the same run is told so.
    pub async fn claim_slot(
        &self,
        slot: &SlotRef,
        (run, owner): (&RunId, &Owner),
        tasks: &[SlotTask],
        now: Timestamp,
        mate: Option<&str>,
    ) -> Result<Claim, StoreError> {
        let mut sql = self.database.begin().await?;
        let claim = match find_run_in_queue(&mut sql, slot, mate, owner).await? {
            Some((run, entry)) => Claim::Busy(run, entry),
            None => claim(&mut sql, slot, Some((run, owner)), tasks, now).await?,
        };
        sql.commit().await?;
        Ok(claim)
    }

    /// Whether [`Store::claim_slot`] would find a run that goes on.
    ///
    /// # Errors
    /// The database fails.
    pub async fn overlap_queue_is_busy(
        &self,
        slot: &SlotRef,
        owner: &Owner,
        mate: Option<&str>,
    ) -> Result<bool, StoreError> {
        let mut sql = self.database.begin().await?;
        let busy = find_run_in_queue(&mut sql, slot, mate, owner).await?.is_some();
        sql.commit().await?;
        Ok(busy)
    }

    /// Passes slots over for good; one that somebody took meanwhile is left to them.
    /// All or, if the database fails, none. Returns how many were passed over.
    ///
    /// # Errors
    /// The database fails.
    pub async fn pass_over(&self, slots: &[PassedSlot], now: Timestamp) -> Result<usize, StoreError> {
        let mut sql = self.database.begin().await?;
        let mut passed = 0;
        for PassedSlot { slot, tasks } in slots {
            if claim(&mut sql, slot, None, tasks, now).await? == Claim::Ours {
                passed += 1;
            }
        }
        sql.commit().await?;
        Ok(passed)
    }

    /// A slot was taken for `run`, which could not begin: what was due at it is missed.
    ///
    /// # Errors
    /// The database fails.
    pub async fn give_up_slot(&self, slot: &SlotRef, run: &RunId, reason: &str) -> Result<(), StoreError> {
        let mut sql = self.database.begin().await?;
        sql.execute(
            "update ledger set state = $5, cause = $3
             where entry = $1 and slot = $2 and state = 'due' and run_id is null
               and not exists (select 1 from runs where id = $4)",
            &args![&slot.entry, slot.at, reason, run, LedgerState::Missed.as_str()],
        )
        .await?;
        Ok(sql.commit().await?)
    }

    /// The newest slot of an entry, up to and including `until`, that was taken or
    /// passed over. Later ones are the doing of a clock that was wrong.
    ///
    /// # Errors
    /// The database fails, or holds something that cannot be read.
    pub async fn last_slot_until(
        &self,
        entry: &str,
        until: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let rows: Vec<(Micros,)> = self
            .database
            .fetch(
                "select slot from slots where entry = $1 and slot <= $2 order by slot desc limit 1",
                &args![entry, until],
            )
            .await?;
        Ok(rows.first().map(|(slot,)| slot.0))
    }

    /// The newest slot of an entry that was taken or passed over.
    ///
    /// # Errors
    /// The database fails, or holds something that cannot be read.
    pub async fn last_slot(&self, entry: &str) -> Result<Option<Timestamp>, StoreError> {
        let rows: Vec<(Micros,)> = self
            .database
            .fetch(
                "select slot from slots where entry = $1 order by slot desc limit 1",
                &args![entry],
            )
            .await?;
        Ok(rows.first().map(|(slot,)| slot.0))
    }
}

/// A run that another process has in the overlap queue of a slot, and the entry that it is of.
async fn find_run_in_queue(
    sql: &mut Transaction,
    slot: &SlotRef,
    mate: Option<&str>,
    owner: &Owner,
) -> Result<Option<(RunId, String)>, StoreError> {
    let others: Vec<(String, String)> = sql
        .fetch(
            "select runs.id, slots.entry from runs join slots on slots.run_id = runs.id
             where runs.finished_at is null and slots.entry in ($1, $7)
               and not (slots.entry = $1 and slots.slot = $2)
               and not (runs.owner_host = $3 and runs.owner_boot = $4
                        and runs.owner_pid = $5 and runs.owner_start = $6)",
            &args![
                &slot.entry,
                slot.at,
                &owner.host,
                &owner.boot,
                owner.pid,
                owner.started,
                mate.unwrap_or(&slot.entry)
            ],
        )
        .await?;
    Ok(others
        .into_iter()
        .next()
        .map(|(run, entry)| (RunId::new(run), entry)))
}

/// Claims a slot and notes its tasks, if nobody has it.
async fn claim(
    sql: &mut Transaction,
    slot: &SlotRef,
    by: Option<(&RunId, &Owner)>,
    tasks: &[SlotTask],
    now: Timestamp,
) -> Result<Claim, StoreError> {
    if by.is_none() && tasks.iter().any(|task| task.state == SlotState::Due) {
        return Err(StoreError::Refused(format!(
            "a task is due at slot {} of {}, and no run takes it",
            slot.at, slot.entry
        )));
    }
    let run_id = by.map(|(run, _)| run.to_string());
    let owner = by.map(|(_, owner)| owner);
    let claimed = sql
        .execute(
            "insert into slots (entry, slot, claimed_at, run_id, owner_host, owner_boot, owner_pid, owner_start)
             values ($1, $2, $3, $4, $5, $6, $7, $8)
             on conflict (entry, slot) do nothing",
            &args![
                &slot.entry,
                slot.at,
                now,
                &run_id,
                &owner.map(|owner| owner.host.clone()),
                &owner.map(|owner| owner.boot.clone()),
                owner.map(|owner| i64::from(owner.pid)),
                owner.and_then(|owner| i64::try_from(owner.started).ok())
            ],
        )
        .await?;
    if claimed == 0 {
        let other: Vec<(Option<String>,)> = sql
            .fetch(
                "select run_id from slots where entry = $1 and slot = $2",
                &args![&slot.entry, slot.at],
            )
            .await?;
        let other = other.into_iter().next().and_then(|(run,)| run);
        // Whoever does not know whether its claim arrived asks again.
        return Ok(match other {
            Some(other) if run_id.as_ref() == Some(&other) => Claim::Ours,
            other => Claim::Taken(other.map(RunId::new)),
        });
    }
    insert_tasks(sql, slot, tasks).await?;
    Ok(Claim::Ours)
}

async fn insert_tasks(sql: &mut Transaction, slot: &SlotRef, tasks: &[SlotTask]) -> Result<(), StoreError> {
    for task in tasks {
        let (change, state, cause) = match &task.state {
            SlotState::Due => (StateChange::PlanSlot, LedgerState::Due, None),
            SlotState::Skipped(cause) => (StateChange::SkipSlot, LedgerState::Skipped, Some(cause.clone())),
            SlotState::Missed(cause) => (StateChange::MissSlot, LedgerState::Missed, Some(cause.clone())),
        };
        change_one(
            sql,
            change,
            "insert into ledger (entry, slot, group_name, name, command, state, cause)
             values ($1, $2, $3, $4, $5, $6, $7)",
            &args![
                &slot.entry,
                slot.at,
                &task.group,
                &task.name,
                &task.command,
                state.as_str(),
                &cause
            ],
        )
        .await?;
    }
    Ok(())
}

/// A run begins: at a slot of its own, or with tasks that settle others. Whether it has any.
pub(crate) async fn begin_at_slots(
    sql: &mut Transaction,
    run: &RunId,
    slot: Option<&SlotRef>,
    at: Timestamp,
    tasks: &[ListedTask],
) -> Result<bool, StoreError> {
    if let Some(slot) = slot {
        begin_at_slot(sql, run, slot, at, tasks).await?;
    }
    begin_at_slots_of_tasks(sql, run, at, tasks).await?;
    Ok(slot.is_some() || tasks.iter().any(|task| task.slot.is_some()))
}

/// A run with a slot begins: the slot is its own, and the tasks of its plan are due.
async fn begin_at_slot(
    sql: &mut Transaction,
    run: &RunId,
    slot: &SlotRef,
    at: Timestamp,
    tasks: &[ListedTask],
) -> Result<(), StoreError> {
    change_one(
        sql,
        "taking a slot that is another run's",
        "insert into slots (entry, slot, claimed_at, run_id) values ($1, $2, $3, $4)
         on conflict (entry, slot) do update set run_id = excluded.run_id
         where slots.run_id is null or slots.run_id = excluded.run_id",
        &args![&slot.entry, slot.at, at, run],
    )
    .await?;
    // Somebody who could not see its journal may have taken it for one that never began.
    sql.execute(
        "update ledger set state = 'due', cause = null
         where entry = $1 and slot = $2 and state = 'missed'
           and exists (select 1 from slots
               where entry = $1 and slot = $2 and run_id = $3 and owner_host is not null)",
        &args![&slot.entry, slot.at, run],
    )
    .await?;
    for ListedTask { task, .. } in tasks {
        let key = args![&slot.entry, slot.at, &task.group, &task.name, task.position];
        let found = sql
            .execute(
                "update ledger set position = $5
                 where entry = $1 and slot = $2 and group_name = $3 and name = $4
                   and state = 'due' and position is null",
                &key,
            )
            .await?;
        if found == 0 {
            // It runs all the same, whatever was said of it before.
            change_one(
                sql,
                StateChange::PlanSlot,
                "insert into ledger (entry, slot, group_name, name, command, position, state)
                 values ($1, $2, $3, $4, $6, $5, 'due')
                 on conflict (entry, slot, group_name, name) do update set
                     position = excluded.position, state = excluded.state, cause = null
                 where ledger.state <> 'due'",
                &[&key[..], &args![&task.command]].concat(),
            )
            .await?;
        }
    }
    Ok(())
}

/// A run begins that settles tasks at slots which are past: each row is its own from now on.
/// One that ran meanwhile, or is about to, is left to whoever has it.
async fn begin_at_slots_of_tasks(
    sql: &mut Transaction,
    run: &RunId,
    at: Timestamp,
    tasks: &[ListedTask],
) -> Result<(), StoreError> {
    for ListedTask { task, slot, .. } in tasks {
        let Some(slot) = slot else { continue };
        // In another database than the one it was claimed in, the slot is not there.
        sql.execute(
            "insert into slots (entry, slot, claimed_at) values ($1, $2, $3)
             on conflict (entry, slot) do nothing",
            &args![&slot.entry, slot.at, at],
        )
        .await?;
        sql.execute(
            "insert into ledger (entry, slot, group_name, name, command, position, state, run_id)
             values ($1, $2, $3, $4, $5, $6, 'due', $7)
             on conflict (entry, slot, group_name, name) do update set
                 position = excluded.position, state = excluded.state, cause = null,
                 run_id = excluded.run_id
             where ledger.state in ('skipped', 'missed', 'unknown')",
            &args![
                &slot.entry,
                slot.at,
                &task.group,
                &task.name,
                &task.command,
                task.position,
                run
            ],
        )
        .await?;
    }
    Ok(())
}

/// A run is given up: what had begun is unknown, the rest was not started.
pub(crate) async fn lose_tasks(
    sql: &mut Transaction,
    run: &RunId,
    reason: &str,
    not_started: &str,
) -> Result<(), StoreError> {
    for statement in [
        "update ledger set state = 'unknown', cause = $2
         where state = 'due' and run_id = $1
           and position in (select position from attempts where run_id = $1)",
        "update ledger set state = 'unknown', cause = $2
         where state = 'due' and run_id is null
           and (entry, slot) = (select entry, slot from slots where run_id = $1)
           and position in (select position from attempts where run_id = $1)",
    ] {
        sql.execute(statement, &args![run, reason]).await?;
    }
    for statement in [
        "update ledger set state = 'skipped', cause = $2 where state = 'due' and run_id = $1",
        "update ledger set state = 'skipped', cause = $2
         where state = 'due' and run_id is null
           and (entry, slot) = (select entry, slot from slots where run_id = $1)",
    ] {
        sql.execute(statement, &args![run, not_started]).await?;
    }
    Ok(())
}

/// A task of the run has ended. Most runs are by hand and have no slot.
pub(crate) async fn settle(
    sql: &mut Transaction,
    run: &RunId,
    position: usize,
    state: LedgerState,
    cause: &str,
) -> Result<(), StoreError> {
    for statement in [
        "update ledger set state = $1, cause = $2
         where state = 'due' and position = $3 and run_id is null
           and (entry, slot) = (select entry, slot from slots where run_id = $4)",
        "update ledger set state = $1, cause = $2 where state = 'due' and position = $3 and run_id = $4",
    ] {
        sql.execute(statement, &args![state.as_str(), cause, position, run])
            .await?;
    }
    Ok(())
}
