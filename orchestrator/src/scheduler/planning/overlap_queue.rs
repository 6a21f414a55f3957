//! One run at a time in an overlap queue: which queues are busy, and what waits in them.
//! Most entries have a queue of their own; a group's batch shares one with its release
//! checks. Pure. Nothing here is kept over a restart: what waits has no claimed slot yet,
//! so the next scheduler finds it again.

use std::collections::{HashMap, VecDeque};

use jiff::Timestamp;

use crate::model::{EntryKey, Overlap, RunId};
use crate::scheduler::planning::due_slots::KEPT;
use crate::scheduler::planning::situation::ClaimedSlots;

/// All queues, those of entries that are no more in the timetable included.
#[derive(Default)]
pub(crate) struct OverlapQueues {
    queues: HashMap<EntryKey, OverlapQueue>,
    /// Up to when slots of each entry were offered.
    offered: HashMap<EntryKey, Timestamp>,
}

#[derive(Default)]
struct OverlapQueue {
    current: Option<Current>,
    waiting: VecDeque<QueuedSlot>,
}

/// A slot that is to be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct QueuedSlot {
    pub(crate) key: EntryKey,
    pub(crate) slot: Timestamp,
    /// When this scheduler found it.
    pub(crate) found_at: Timestamp,
}

impl QueuedSlot {
    fn is_in(&self, claimed: &ClaimedSlots) -> bool {
        claimed.contains(&(self.key.clone(), self.slot))
    }
}

/// What occupies a queue.
struct Current {
    queued: QueuedSlot,
    /// Its run, once it has one.
    run: Option<RunId>,
}

/// What becomes of slots that were offered.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Offered {
    /// To be started now; the queue is taken for it.
    pub(crate) start: Option<QueuedSlot>,
    /// Not to be run, and why.
    pub(crate) skipped: Vec<(Timestamp, String)>,
}

impl OverlapQueues {
    /// Slots of an entry have come, in order, at `now`. Those that come together run one
    /// after another; whether they may wait for what was there before, `overlap` says. A
    /// batch always waits for a release check: a night is not given up for that. Of checks
    /// only one waits, since a later one would see nothing else.
    pub(crate) fn offer(
        &mut self,
        key: &EntryKey,
        slots: &[Timestamp],
        overlap: Overlap,
        now: Timestamp,
        claimed: &ClaimedSlots,
    ) -> Offered {
        let mut offered = Offered::default();
        let queue = self.queues.entry(key.overlap_queue()).or_default();
        if let Some(&last) = slots.last() {
            let before = self.offered.entry(key.clone()).or_insert(last);
            *before = last.max(*before);
        }
        let in_the_way = queue
            .in_the_way(key, claimed)
            .filter(|_| overlap == Overlap::Skip);
        for &slot in slots {
            // The clock was set back, and it comes again.
            if queue.holds(key, slot) {
                continue;
            }
            let one_waits = queue
                .waiting
                .iter()
                .find(|queued| key.is_release_check() && queued.key == *key);
            let reason = match (&in_the_way, one_waits) {
                (Some(reason), _) => Some(format!("{reason} (overlap: skip)")),
                (None, Some(queued)) => Some(format!("its slot {} waits already", queued.slot)),
                (None, None) if queue.waiting.len() >= KEPT => {
                    Some(format!("{KEPT} slots of this entry wait already"))
                }
                (None, None) => None,
            };
            match reason {
                Some(reason) => offered.skipped.push((slot, reason)),
                None => queue.waiting.push_back(QueuedSlot {
                    key: key.clone(),
                    slot,
                    found_at: now,
                }),
            }
        }
        offered.start = queue.start_next();
        offered
    }

    /// Which run the slot has that occupies the queue of an entry.
    pub(crate) fn set_run(&mut self, key: &EntryKey, run: RunId) {
        let queue = self.queues.get_mut(&key.overlap_queue());
        if let Some(current) = queue.and_then(|queue| queue.current.as_mut()) {
            current.run = Some(run);
        }
    }

    /// When the slot that occupies the queue of an entry was found.
    pub(crate) fn found_at(&self, key: &EntryKey) -> Option<Timestamp> {
        let current = self.queues.get(&key.overlap_queue())?.current.as_ref()?;
        Some(current.queued.found_at)
    }

    /// The oldest slot of an entry that is to be run and is not claimed yet.
    pub(crate) fn first_unclaimed(&self, key: &EntryKey, claimed: &ClaimedSlots) -> Option<Timestamp> {
        let queue = self.queues.get(&key.overlap_queue())?;
        let current = queue.current.as_ref().map(|current| &current.queued);
        let current = current.filter(|queued| !queued.is_in(claimed));
        let unclaimed = current.into_iter().chain(&queue.waiting);
        unclaimed
            .filter(|queued| queued.key == *key)
            .map(|queued| queued.slot)
            .min()
    }

    /// The queue of an entry is free again; what waited longest in it is to be started.
    pub(crate) fn advance(&mut self, key: &EntryKey) -> Option<QueuedSlot> {
        let queue = self.queues.get_mut(&key.overlap_queue())?;
        queue.current = None;
        queue.start_next()
    }

    /// Up to when slots of an entry were offered.
    pub(crate) fn offered(&self, key: &EntryKey) -> Option<Timestamp> {
        self.offered.get(key).copied()
    }

    /// The clock was set: what is settled is to be asked of the database.
    pub(crate) fn forget_offered(&mut self) {
        self.offered.clear();
    }

    /// Nothing that waits is started any more.
    pub(crate) fn clear_waiting(&mut self) {
        for queue in self.queues.values_mut() {
            queue.waiting.clear();
        }
    }
}

impl OverlapQueue {
    fn holds(&self, key: &EntryKey, slot: Timestamp) -> bool {
        let current = self.current.as_ref().map(|current| &current.queued);
        let mut all = current.into_iter().chain(&self.waiting);
        all.any(|queued| queued.key == *key && queued.slot == slot)
    }

    /// What `key` must not overlap with, in words.
    fn in_the_way(&self, key: &EntryKey, claimed: &ClaimedSlots) -> Option<String> {
        let whose = |queued: &QueuedSlot| match queued.key == *key {
            true => format!("its slot {}", queued.slot),
            false => format!("slot {} of {}", queued.slot, queued.key),
        };
        let current = self.current.as_ref();
        if let Some(Current { queued, run }) =
            current.filter(|current| key.is_release_check() || current.queued.key == *key)
        {
            // A run that does not have its slot yet may never begin.
            return Some(match run.as_ref().filter(|_| queued.is_in(claimed)) {
                Some(run) => format!("run {run} of {} still went on", whose(queued)),
                None => format!("{} was about to run", whose(queued)),
            });
        }
        let waiting = self.waiting.iter().find(|queued| queued.key == *key);
        waiting.map(|queued| format!("{} was about to run", whose(queued)))
    }

    fn start_next(&mut self) -> Option<QueuedSlot> {
        if self.current.is_some() {
            return None;
        }
        let queued = self.waiting.pop_front()?;
        self.current = Some(Current {
            queued: queued.clone(),
            run: None,
        });
        Some(queued)
    }
}

#[cfg(test)]
mod tests;
