//! Which tasks of a date's plan the ledger of slots does not know as settled: those that never
//! came to run at their slot. `plan` looks, `run` claims.

use jiff::Timestamp;

use crate::events::SlotRef;
use crate::model::{Plan, PlannedTask};
use crate::store::{LedgerRow, LedgerState, PassedSlot, SlotState, SlotTask, Store, StoreError};

/// What the ledger says of a slot until the run that took it has begun.
const TAKEN: &str = "orchestrate run --from --to took the slot, and did not begin";

/// What is not run, and why.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct LeftOut {
    /// So many ran, or are in a run that goes on.
    ran: usize,
    /// The slots of so many are to come; the first of them.
    to_come: Option<(usize, Timestamp)>,
}

impl LeftOut {
    /// For people; `None` where nothing is left out.
    pub(crate) fn words(&self, now: Timestamp) -> Option<String> {
        let ran = (self.ran > 0).then(|| match self.ran {
            1 => "1 task ran at its slot and is left out (--again runs it)".to_owned(),
            ran => format!("{ran} tasks ran at their slots and are left out (--again runs them)"),
        });
        let to_come = self.to_come.map(|(count, first)| {
            let first = first.strftime("%Y-%m-%d %H:%MZ");
            let now = now.strftime("%H:%MZ");
            format!("{count} not due before {first} (now {now}), left to the slot")
        });
        let words: Vec<String> = ran.into_iter().chain(to_come).collect();
        (!words.is_empty()).then(|| words.join("; "))
    }
}

/// Leaves out what is settled. Looks only.
///
/// # Errors
/// The database fails.
pub(crate) async fn leave_out_settled(
    store: &Store,
    plan: &mut Plan,
    now: Timestamp,
) -> Result<LeftOut, StoreError> {
    let mut rows = Vec::new();
    for slot in slots_of(plan) {
        rows.extend(store.ledger_of_slot(&slot).await?);
    }
    Ok(leave_out(plan, &rows, now))
}

/// The same for a run that begins now: slots that nobody took are ours before anybody looks at
/// what became of them, so that no scheduler runs them beside us.
///
/// # Errors
/// The database fails.
pub(crate) async fn claim_unsettled(
    store: &Store,
    plan: &mut Plan,
    now: Timestamp,
) -> Result<LeftOut, StoreError> {
    for slot in slots_of(plan).into_iter().filter(|slot| slot.at <= now) {
        let mine = plan
            .tasks
            .iter()
            .filter(|planned| slot_of(planned).as_ref() == Some(&slot));
        let tasks = mine.map(slot_task).collect();
        store.pass_over(&[PassedSlot { slot, tasks }], now).await?;
    }
    leave_out_settled(store, plan, now).await
}

fn slot_of(planned: &PlannedTask) -> Option<SlotRef> {
    let (entry, at) = planned.entry.clone().zip(planned.slot)?;
    Some(SlotRef { entry, at })
}

/// The slots that the plan settles, each once, in its order.
fn slots_of(plan: &Plan) -> Vec<SlotRef> {
    let mut slots: Vec<SlotRef> = plan.tasks.iter().filter_map(slot_of).collect();
    // Tasks of a group stand together.
    slots.dedup();
    slots
}

fn slot_task(planned: &PlannedTask) -> SlotTask {
    SlotTask {
        group: planned.task.group.to_string(),
        name: planned.task.name.to_string(),
        command: planned.task.command.to_string(),
        state: SlotState::Missed(TAKEN.to_owned()),
    }
}

/// The rule. Pure.
fn leave_out(plan: &mut Plan, rows: &[LedgerRow], now: Timestamp) -> LeftOut {
    let mut left_out = LeftOut::default();
    plan.tasks.retain(|planned| {
        let Some(slot) = slot_of(planned) else { return true };
        if slot.at > now {
            let (count, first) = left_out.to_come.unwrap_or((0, slot.at));
            left_out.to_come = Some((count + 1, first.min(slot.at)));
            return false;
        }
        let is_its = |row: &&LedgerRow| {
            row.entry == slot.entry
                && row.slot == slot.at
                && row.group == planned.task.group.as_str()
                && row.name == planned.task.name.as_str()
        };
        let ran = rows
            .iter()
            .find(is_its)
            .is_some_and(|row| matches!(row.state, LedgerState::Ran | LedgerState::Due));
        left_out.ran += usize::from(ran);
        !ran
    });
    left_out
}
