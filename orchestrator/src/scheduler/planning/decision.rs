//! What is to be done about slots: made by `planner`, carried out by `dispatch`. Pure.

use jiff::Timestamp;

use crate::events::SlotRef;
use crate::execution::{RunPlan, SlotNotice};
use crate::model::{EntryKey, Overlap, ReleaseSource, SkipCause};
use crate::scheduler::planning::skip_reason::SkipReason;
use crate::store::{PassedSlot, SlotTask};

/// One thing to do.
#[derive(Debug)]
pub(crate) enum Decision {
    PassOver(SlotSkip),
    /// Those who want to know are notified of tasks that did not run at a slot.
    NotifyMissed(SlotNotice),
    /// It is to be found out whether there is a release before the slot can be planned.
    CheckReleases {
        key: EntryKey,
        slot: Timestamp,
        source: ReleaseSource,
    },
    /// What a release check found is to be shown: `new`, `none` or `unknown` with its reason.
    ReportReleases {
        answer: &'static str,
        unknown: Option<String>,
    },
    Start(Box<SlotStart>),
    /// The slot is left to the next scheduler, and with it what came after it.
    Leave {
        key: EntryKey,
        slot: Timestamp,
    },
    /// The timetable has the entry no more, so nobody runs the slot.
    Drop {
        key: EntryKey,
        slot: Timestamp,
    },
}

/// A slot that nobody runs.
#[derive(Debug, Clone)]
pub(crate) struct SlotSkip {
    pub(crate) key: EntryKey,
    pub(crate) passed: PassedSlot,
    pub(crate) causes: Vec<SkipCause>,
    /// Set if somebody should read of it in the log.
    pub(crate) said: Option<SkipReason>,
}

/// A slot that is to be claimed, and then run.
#[derive(Debug, Clone)]
pub(crate) struct SlotStart {
    pub(crate) key: EntryKey,
    pub(crate) slot: Timestamp,
    pub(crate) plan: RunPlan,
    pub(crate) rows: Vec<SlotTask>,
    /// Why some of its tasks do not run, to be counted once it is claimed.
    pub(crate) causes: Vec<SkipCause>,
    /// The instant at which it should begin: the slot and its delay.
    pub(crate) planned_for: Timestamp,
    /// When this scheduler found the slot.
    pub(crate) found_at: Timestamp,
    pub(crate) overlap: Overlap,
}

/// The slot as the ledger knows it.
pub(crate) fn slot_ref(key: &EntryKey, slot: Timestamp) -> SlotRef {
    SlotRef {
        entry: key.to_string(),
        at: slot,
    }
}
