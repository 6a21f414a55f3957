//! One run at a time in an overlap queue: which queues are busy, and what waits in them.
//! Most entries have a queue of their own; a group's batch shares one with its release
//! checks. Pure. Nothing here is kept over a restart: what waits has no claimed slot yet,
//! so the next scheduler finds it again.

use std::collections::{HashMap, VecDeque};

use jiff::Timestamp;

use crate::model::{EntryKey, Overlap, RunId};
use crate::scheduler::planning::situation::ClaimedSlots;
use crate::scheduler::planning::tick::KEPT;

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
mod tests {
    use super::*;
    use crate::model::GroupName;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(minute * 60).unwrap()
    }

    fn batch() -> EntryKey {
        EntryKey::Group(GroupName::new("g"))
    }

    fn check() -> EntryKey {
        EntryKey::Releases(GroupName::new("g"))
    }

    fn offer(queues: &mut OverlapQueues, key: &EntryKey, minute: i64, overlap: Overlap) -> Offered {
        queues.offer(key, &[at(minute)], overlap, at(minute), &claimed(&[]))
    }

    /// The same, while slots of these entries are claimed.
    fn offer_beside(
        queues: &mut OverlapQueues,
        key: &EntryKey,
        minute: i64,
        current: (EntryKey, i64),
    ) -> Offered {
        let claimed = [(current.0, at(current.1))].into();
        queues.offer(key, &[at(minute)], Overlap::Skip, at(minute), &claimed)
    }

    /// Slots of the batch that are claimed.
    fn claimed(minutes: &[i64]) -> ClaimedSlots {
        minutes.iter().map(|&minute| (batch(), at(minute))).collect()
    }

    fn queued(key: EntryKey, minute: i64) -> Option<QueuedSlot> {
        let (slot, found_at) = (at(minute), at(minute));
        Some(QueuedSlot { key, slot, found_at })
    }

    #[test]
    fn a_slot_that_overlaps_is_skipped_or_waits() {
        let mut queues = OverlapQueues::default();
        let started = offer(&mut queues, &batch(), 1, Overlap::Skip).start;
        assert_eq!(started, queued(batch(), 1));
        queues.set_run(&batch(), RunId::new("r"));
        let skipped = offer_beside(&mut queues, &batch(), 2, (batch(), 1));
        assert_eq!(
            skipped.skipped,
            [(
                at(2),
                "run r of its slot 1970-01-01T00:01:00Z still went on (overlap: skip)".to_owned()
            )]
        );
        for minute in [3, 4] {
            assert_eq!(
                offer(&mut queues, &batch(), minute, Overlap::Queue),
                Offered::default()
            );
        }
        assert_eq!(queues.advance(&batch()), queued(batch(), 3));
        assert_eq!(queues.found_at(&batch()), Some(at(3)));
        assert_eq!(queues.advance(&batch()), queued(batch(), 4));
        assert_eq!(queues.advance(&batch()), None);
        let started = offer(&mut queues, &batch(), 5, Overlap::Skip).start;
        assert_eq!(started, queued(batch(), 5));
        assert_eq!(queues.offered(&batch()), Some(at(5)));
    }

    /// The database may refuse its slot for ever.
    #[test]
    fn a_run_without_its_slot_is_not_said_to_go_on() {
        let mut queues = OverlapQueues::default();
        offer(&mut queues, &batch(), 1, Overlap::Skip);
        queues.set_run(&batch(), RunId::new("r"));
        let skipped = offer(&mut queues, &batch(), 2, Overlap::Skip).skipped;
        assert_eq!(
            skipped[0].1,
            "its slot 1970-01-01T00:01:00Z was about to run (overlap: skip)"
        );
    }

    #[test]
    fn a_slot_is_unclaimed_until_it_is_claimed_and_is_not_offered_twice() {
        let mut queues = OverlapQueues::default();
        assert_eq!(queues.first_unclaimed(&batch(), &claimed(&[])), None);
        queues.offer(&batch(), &[at(1), at(2)], Overlap::Queue, at(2), &claimed(&[]));
        assert_eq!(queues.first_unclaimed(&batch(), &claimed(&[])), Some(at(1)));
        assert_eq!(
            queues.first_unclaimed(&check(), &claimed(&[])),
            None,
            "it shares the queue, and is none of its slots"
        );
        assert_eq!(queues.first_unclaimed(&batch(), &claimed(&[1])), Some(at(2)));
        for minute in [1, 2] {
            let again = offer(&mut queues, &batch(), minute, Overlap::Skip);
            assert_eq!(again, Offered::default());
        }
        assert_eq!(queues.advance(&batch()).map(|queued| queued.slot), Some(at(2)));
        assert_eq!(queues.first_unclaimed(&batch(), &claimed(&[1, 2])), None);
    }

    #[test]
    fn slots_that_come_together_run_one_after_another_whatever_overlap_says() {
        let mut queues = OverlapQueues::default();
        let offered = queues.offer(&batch(), &[at(1), at(2)], Overlap::Skip, at(2), &claimed(&[]));
        let start = offered.start.map(|queued| queued.slot);
        assert_eq!((start, offered.skipped.len()), (Some(at(1)), 0));
        assert_eq!(queues.advance(&batch()).map(|queued| queued.slot), Some(at(2)));
    }

    #[test]
    fn what_waits_is_bounded_and_other_queues_do_not_wait() {
        let mut queues = OverlapQueues::default();
        let slots: Vec<Timestamp> = (0..=2000).map(at).collect();
        let offered = queues.offer(&batch(), &slots, Overlap::Queue, at(2000), &claimed(&[]));
        assert_eq!(offered.start.map(|queued| queued.slot), Some(at(0)));
        assert_eq!(offered.skipped.len(), 2001 - KEPT);
        let other = EntryKey::Workflow;
        let started = offer(&mut queues, &other, 1, Overlap::Skip).start;
        assert_eq!(started, queued(other, 1));
    }

    #[test]
    fn a_batch_waits_for_a_release_check_and_that_gives_way_to_a_batch() {
        let mut queues = OverlapQueues::default();
        assert!(offer(&mut queues, &check(), 1, Overlap::Skip).start.is_some());
        queues.set_run(&check(), RunId::new("r"));
        assert_eq!(offer(&mut queues, &batch(), 2, Overlap::Skip), Offered::default());
        // A second batch does not wait behind the first, if it says so.
        let skipped = offer(&mut queues, &batch(), 3, Overlap::Skip).skipped;
        assert_eq!(
            skipped[0].1,
            "its slot 1970-01-01T00:02:00Z was about to run (overlap: skip)"
        );
        assert_eq!(queues.advance(&check()), queued(batch(), 2));
        queues.set_run(&batch(), RunId::new("b"));
        let skipped = offer_beside(&mut queues, &check(), 4, (batch(), 2)).skipped;
        assert_eq!(
            skipped[0].1,
            "run b of slot 1970-01-01T00:02:00Z of group:g still went on (overlap: skip)"
        );
        // One check waits if it may, and stands for those that come after it.
        assert_eq!(
            offer(&mut queues, &check(), 5, Overlap::Queue),
            Offered::default()
        );
        let skipped = offer(&mut queues, &check(), 6, Overlap::Queue).skipped;
        assert_eq!(skipped[0].1, "its slot 1970-01-01T00:05:00Z waits already");
        assert_eq!(queues.advance(&batch()), queued(check(), 5));
        assert_eq!(queues.offered(&check()), Some(at(6)));
        assert_eq!(queues.offered(&batch()), Some(at(3)));
    }
}
