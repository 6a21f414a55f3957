//! What runs do to slots: a run begins at those that are its own, settles its tasks there, or is
//! lost with them.

use jiff::Timestamp;

use crate::database::arg::args;
use crate::database::transaction::Transaction;
use crate::events::{ListedTask, SlotRef};
use crate::model::RunId;
use crate::store::change::change_one;
use crate::store::error::StoreError;
use crate::store::runs::transition::StateChange;
use crate::store::timetable::ledger::LedgerState;

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
