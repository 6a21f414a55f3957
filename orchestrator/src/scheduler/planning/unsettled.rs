//! Slots that are to be passed over and that the database does not have yet. Those of an
//! entry are settled in their order, since whoever comes after a kill begins behind the
//! newest that is settled: one that was passed over waits for an older one that is about
//! to be claimed, and one that is claimed takes those before it along. Pure.

use jiff::Timestamp;

use crate::model::EntryKey;
use crate::store::PassedSlot;

/// The slots, oldest decision first.
#[derive(Default)]
pub(crate) struct Unsettled(Vec<(EntryKey, PassedSlot)>);

impl Unsettled {
    pub(crate) fn push(&mut self, key: EntryKey, passed: PassedSlot) {
        self.0.push((key, passed));
    }

    /// Takes out those that may be settled; `first_unclaimed` knows the oldest slot of an
    /// entry that is to be run and not claimed yet.
    pub(crate) fn take_ready(
        &mut self,
        first_unclaimed: impl Fn(&EntryKey) -> Option<Timestamp>,
    ) -> Vec<(EntryKey, PassedSlot)> {
        let is_ready = |(key, passed): &(EntryKey, PassedSlot)| {
            first_unclaimed(key).is_none_or(|first| passed.slot.at < first)
        };
        let (ready, held) = std::mem::take(&mut self.0).into_iter().partition(is_ready);
        self.0 = held;
        ready
    }

    /// Those of an entry that are older than `slot`.
    pub(crate) fn before(&self, key: &EntryKey, slot: Timestamp) -> Vec<PassedSlot> {
        let older = |(other, passed): &&(EntryKey, PassedSlot)| other == key && passed.slot.at < slot;
        self.0
            .iter()
            .filter(older)
            .map(|(_, passed)| passed.clone())
            .collect()
    }

    /// The database did not take them.
    pub(crate) fn put_back(&mut self, ready: Vec<(EntryKey, PassedSlot)>) {
        self.0.extend(ready);
    }

    /// A slot that was to be run is left to the next scheduler, and with it what came after.
    pub(crate) fn leave_from(&mut self, key: &EntryKey, slot: Timestamp) {
        self.0
            .retain(|(other, passed)| other != key || passed.slot.at < slot);
    }

    /// What waits for a slot that is not claimed is left with it.
    pub(crate) fn leave_held(&mut self, first_unclaimed: impl Fn(&EntryKey) -> Option<Timestamp>) {
        self.0 = self.take_ready(first_unclaimed);
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}
