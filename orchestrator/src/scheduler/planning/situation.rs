//! Where a timetable stands at a moment: its entries, and what decides about their slots
//! besides. Read from the database by `dispatch`, decided upon by `planner`. Pure.

use std::collections::HashSet;

use jiff::Timestamp;

use crate::model::{Entry, EntryKey, Schedule};
use crate::scheduler::planning::rows::Circumstances;

/// What decisions are made upon.
pub(crate) struct Situation<'t, 'a> {
    pub(crate) schedule: &'a Schedule,
    pub(crate) timetable: &'t [Entry<'a>],
    pub(crate) circumstances: Circumstances,
    pub(crate) claimed: ClaimedSlots,
}

/// Slots that were started and are claimed in the database.
pub(crate) type ClaimedSlots = HashSet<(EntryKey, Timestamp)>;

impl<'t, 'a> Situation<'t, 'a> {
    /// That of a scheduler which begins nothing: it stands by, or ends.
    pub(crate) fn without_entries(schedule: &'a Schedule) -> Self {
        Self {
            schedule,
            timetable: &[],
            circumstances: Circumstances::default(),
            claimed: ClaimedSlots::new(),
        }
    }

    /// `None` if the timetable has it no more.
    pub(crate) fn entry(&self, key: &EntryKey) -> Option<&'t Entry<'a>> {
        self.timetable.iter().find(|entry| entry.key() == key)
    }
}
