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
    /// What was started beside what goes on in its queue, because it may be (`overlap: allow`).
    beside: Vec<Current>,
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
    fn is(&self, key: &EntryKey, slot: Timestamp) -> bool {
        self.key == *key && self.slot == slot
    }

    /// Which slot it is, to an entry that it may be of.
    fn whose(&self, key: &EntryKey) -> String {
        match self.key == *key {
            true => format!("its slot {}", self.slot),
            false => format!("slot {} of {}", self.slot, self.key),
        }
    }

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

impl Current {
    /// What `key` must not overlap with, in words. A batch overlaps with no release check.
    fn in_the_way(&self, key: &EntryKey, claimed: &ClaimedSlots) -> Option<String> {
        let Self { queued, run } = self;
        if !key.is_release_check() && queued.key != *key {
            return None;
        }
        // A run that does not have its slot yet may never begin.
        Some(match run.as_ref().filter(|_| queued.is_in(claimed)) {
            Some(run) => format!("run {run} of {} still went on", queued.whose(key)),
            None => format!("{} was about to run", queued.whose(key)),
        })
    }
}

/// What becomes of slots that were offered.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Offered {
    /// To be started now; the queue is taken for it.
    pub(crate) start: Option<QueuedSlot>,
    /// To be started now beside what goes on.
    pub(crate) beside: Vec<QueuedSlot>,
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
        let goes_beside = self.beside.iter().find_map(|current| {
            let shares = current.queued.key.overlap_queue() == key.overlap_queue();
            current.in_the_way(key, claimed).filter(|_| shares)
        });
        let queue = self.queues.entry(key.overlap_queue()).or_default();
        if let Some(&last) = slots.last() {
            let before = self.offered.entry(key.clone()).or_insert(last);
            *before = last.max(*before);
        }
        let in_the_way = queue.in_the_way(key, claimed).or(goes_beside);
        let may_go_beside = overlap == Overlap::Allow && in_the_way.is_some();
        let in_the_way = in_the_way.filter(|_| overlap == Overlap::Skip);
        for &slot in slots {
            // The clock was set back, and it comes again.
            let queued = QueuedSlot {
                key: key.clone(),
                slot,
                found_at: now,
            };
            if queue.holds(key, slot) || self.beside.iter().any(|current| current.queued.is(key, slot)) {
                continue;
            }
            if may_go_beside {
                self.beside.push(Current {
                    queued: queued.clone(),
                    run: None,
                });
                offered.beside.push(queued);
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
                None => queue.waiting.push_back(queued),
            }
        }
        offered.start = queue.start_next();
        offered
    }

    /// Which run a slot has that was started.
    pub(crate) fn set_run(&mut self, key: &EntryKey, slot: Timestamp, run: RunId) {
        let beside = self
            .beside
            .iter_mut()
            .find(|current| current.queued.is(key, slot));
        let queue = self.queues.get_mut(&key.overlap_queue());
        if let Some(current) = beside.or_else(|| queue?.current.as_mut()) {
            current.run = Some(run);
        }
    }

    /// When a slot was found that was started.
    pub(crate) fn found_at(&self, key: &EntryKey, slot: Timestamp) -> Option<Timestamp> {
        let beside = self.beside.iter().find(|current| current.queued.is(key, slot));
        let queue = self.queues.get(&key.overlap_queue());
        let current = beside.or_else(|| queue?.current.as_ref())?;
        Some(current.queued.found_at)
    }

    /// The oldest slot of an entry that is to be run and is not claimed yet.
    pub(crate) fn first_unclaimed(&self, key: &EntryKey, claimed: &ClaimedSlots) -> Option<Timestamp> {
        let queue = self.queues.get(&key.overlap_queue())?;
        let started = queue.current.iter().chain(&self.beside);
        let started = started.map(|current| &current.queued);
        let unclaimed = started
            .filter(|queued| !queued.is_in(claimed))
            .chain(&queue.waiting);
        unclaimed
            .filter(|queued| queued.key == *key)
            .map(|queued| queued.slot)
            .min()
    }

    /// A slot that was started is over. If its queue is free by that, what waited longest in it
    /// is to be started.
    pub(crate) fn advance(&mut self, key: &EntryKey, slot: Timestamp) -> Option<QueuedSlot> {
        let beside = self
            .beside
            .iter()
            .position(|current| current.queued.is(key, slot));
        if let Some(beside) = beside {
            self.beside.swap_remove(beside);
            return None;
        }
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
        all.any(|queued| queued.is(key, slot))
    }

    /// What `key` must not overlap with, in words.
    fn in_the_way(&self, key: &EntryKey, claimed: &ClaimedSlots) -> Option<String> {
        let current = self.current.as_ref();
        current
            .and_then(|current| current.in_the_way(key, claimed))
            .or_else(|| {
                let waiting = self.waiting.iter().find(|queued| queued.key == *key);
                waiting.map(|queued| format!("{} was about to run", queued.whose(key)))
            })
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
