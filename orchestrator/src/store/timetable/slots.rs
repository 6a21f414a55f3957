//! The ledger of slots: which scheduler took a slot, and what became of each task at
//! it. A slot is taken once, by one; every task at it ends as `ran`, `skipped`,
//! `missed` or `unknown`, and says why.

use jiff::Timestamp;

use crate::database::arg::args;
use crate::database::columns::Micros;
use crate::database::transaction::Transaction;
use crate::events::SlotRef;
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
    /// The entry of the timetable and the planned instant.
    pub slot: SlotRef,
    /// Its tasks, none of which is due.
    pub tasks: Vec<SlotTask>,
}

/// What a scheduler asks for when it takes a slot.
#[derive(Debug, Clone, Copy)]
pub struct SlotRequest<'a> {
    /// The entry of the timetable and the planned instant.
    pub slot: &'a SlotRef,
    /// The run that is to have it, and who will execute that.
    pub by: (&'a RunId, &'a Owner),
    /// Every task that has to do with the slot.
    pub tasks: &'a [SlotTask],
    /// Slots of the entry that are passed over in the same transaction: whoever comes after a
    /// kill begins behind the newest slot, so none may be left before it.
    pub older: &'a [PassedSlot],
    /// The other entry whose runs must not go on at the same time, if there is one.
    pub mate: Option<&'a str>,
    /// Whether it may begin while such runs go on.
    pub overlaps: bool,
}

impl<'a> SlotRequest<'a> {
    /// With nothing older, and no other entry.
    pub fn new(slot: &'a SlotRef, by: (&'a RunId, &'a Owner), tasks: &'a [SlotTask]) -> Self {
        Self {
            slot,
            by,
            tasks,
            older: &[],
            mate: None,
            overlaps: false,
        }
    }
}

/// A task at a slot, as a scheduler sees it before anything runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotTask {
    /// As in the schedule.
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
    /// Takes a slot for a run. Whoever gets [`Claim::Ours`] may run it; there is only one who
    /// does, ever.
    ///
    /// # Errors
    /// The database fails; then nothing was taken, or it was and whoever asks again with
    /// the same run is told so.
    pub async fn claim_slot(&self, request: SlotRequest<'_>, now: Timestamp) -> Result<Claim, StoreError> {
        let SlotRequest { slot, by, tasks, .. } = request;
        let mut sql = self.database.begin().await?;
        let in_the_way = match request.overlaps {
            true => None,
            false => find_run_in_queue(&mut sql, slot, request.mate, by.1).await?,
        };
        let claim = match in_the_way {
            Some((run, entry)) => Claim::Busy(run, entry),
            None => {
                pass_over_each(&mut sql, request.older, now).await?;
                claim(&mut sql, slot, Some(by), tasks, now).await?
            }
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
        let passed = pass_over_each(&mut sql, slots, now).await?;
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

/// Returns how many nobody had.
pub(crate) async fn pass_over_each(
    sql: &mut Transaction,
    slots: &[PassedSlot],
    now: Timestamp,
) -> Result<usize, StoreError> {
    // Two transactions that pass over the same slots wait for each other in this order only.
    let mut slots: Vec<&PassedSlot> = slots.iter().collect();
    slots.sort_by(|one, other| (&one.slot.entry, one.slot.at).cmp(&(&other.slot.entry, other.slot.at)));
    let mut passed = 0;
    for PassedSlot { slot, tasks } in slots {
        if claim(sql, slot, None, tasks, now).await? == Claim::Ours {
            passed += 1;
        }
    }
    Ok(passed)
}

/// Claims a slot and notes its tasks, if nobody has it.
pub(crate) async fn claim(
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
