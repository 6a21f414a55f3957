//! One run at a time in a lane: which lanes are busy, and what waits behind. Most entries
//! have a lane of their own; a group's batch shares one with its looks for releases.
//! Pure. Nothing here is kept over a restart: what waits has no taken slot yet, so the
//! next scheduler finds it again.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use tokio::sync::mpsc;

use crate::model::Order;
use crate::model::{EntryKey, Overlap, RunId};
use crate::scheduler::planning::tick::KEPT;

/// All lanes, those of entries that are no more in the timetable included.
#[derive(Default)]
pub(crate) struct Lanes {
    lanes: HashMap<EntryKey, Lane>,
    /// Up to when slots of each entry were offered.
    offered: HashMap<EntryKey, Timestamp>,
}

#[derive(Default)]
struct Lane {
    current: Option<Current>,
    waiting: VecDeque<Place>,
}

/// A slot that is to be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) key: EntryKey,
    pub(crate) slot: Timestamp,
    /// When this scheduler found it.
    pub(crate) came: Timestamp,
}

/// What occupies a lane.
struct Current {
    place: Place,
    /// Becomes true when the slot is taken in the database.
    taken: Arc<AtomicBool>,
    /// Its run, once it has one.
    run: Option<RunId>,
    /// Takes orders to the run, once there is one.
    orders: Option<mpsc::Sender<Order>>,
}

/// What becomes of slots that were offered.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Offered {
    /// To be started now; the lane is taken for it.
    pub(crate) start: Option<Place>,
    /// Not to be run, and why.
    pub(crate) skipped: Vec<(Timestamp, String)>,
}

impl Lanes {
    /// Slots of an entry have come, in order, at `now`. Those that come together run one
    /// after another; whether they may wait for what was there before, `overlap` says. A
    /// batch always waits for a look for releases: a night is not given up for that. Of looks
    /// only one waits, since a later one would see nothing else.
    pub(crate) fn offer(
        &mut self,
        key: &EntryKey,
        slots: &[Timestamp],
        overlap: Overlap,
        now: Timestamp,
    ) -> Offered {
        let mut offered = Offered::default();
        let lane = self.lanes.entry(key.overlap_queue()).or_default();
        if let Some(&last) = slots.last() {
            let before = self.offered.entry(key.clone()).or_insert(last);
            *before = last.max(*before);
        }
        let in_the_way = lane.in_the_way(key).filter(|_| overlap == Overlap::Skip);
        for &slot in slots {
            // The clock was set back, and it comes again.
            if lane.holds(key, slot) {
                continue;
            }
            let one_waits = lane
                .waiting
                .iter()
                .find(|place| key.is_release_check() && place.key == *key);
            let reason = match (&in_the_way, one_waits) {
                (Some(reason), _) => Some(format!("{reason} (overlap: skip)")),
                (None, Some(place)) => Some(format!("its slot {} waits already", place.slot)),
                (None, None) if lane.waiting.len() >= KEPT => {
                    Some(format!("{KEPT} slots of this entry wait already"))
                }
                (None, None) => None,
            };
            match reason {
                Some(reason) => offered.skipped.push((slot, reason)),
                None => lane.waiting.push_back(Place {
                    key: key.clone(),
                    slot,
                    came: now,
                }),
            }
        }
        offered.start = lane.start_next();
        offered
    }

    /// What the run in the lane of an entry is and how it takes orders.
    pub(crate) fn running(&mut self, key: &EntryKey, run: RunId, orders: mpsc::Sender<Order>) {
        let lane = self.lanes.get_mut(&key.overlap_queue());
        if let Some(current) = lane.and_then(|lane| lane.current.as_mut()) {
            current.run = Some(run);
            current.orders = Some(orders);
        }
    }

    /// When the slot that occupies the lane of an entry was found.
    pub(crate) fn came(&self, key: &EntryKey) -> Option<Timestamp> {
        let current = self.lanes.get(&key.overlap_queue())?.current.as_ref()?;
        Some(current.place.came)
    }

    /// To be set when the slot that occupies the lane of an entry is taken in the database.
    pub(crate) fn taken(&self, key: &EntryKey) -> Arc<AtomicBool> {
        let current = self
            .lanes
            .get(&key.overlap_queue())
            .and_then(|lane| lane.current.as_ref());
        current
            .map(|current| Arc::clone(&current.taken))
            .unwrap_or_default()
    }

    /// The oldest slot of an entry that is to be run and not yet taken in the database. No
    /// later one of it may be settled before: whoever comes after a kill begins behind
    /// the newest that is settled.
    pub(crate) fn untaken(&self, key: &EntryKey) -> Option<Timestamp> {
        let lane = self.lanes.get(&key.overlap_queue())?;
        let current = lane.current.as_ref();
        let current = current.filter(|current| !current.taken.load(Ordering::Acquire));
        let places = current
            .map(|current| &current.place)
            .into_iter()
            .chain(&lane.waiting);
        places
            .filter(|place| place.key == *key)
            .map(|place| place.slot)
            .min()
    }

    /// The lane of an entry is free again; what waited longest in it is to be started.
    pub(crate) fn free(&mut self, key: &EntryKey) -> Option<Place> {
        let lane = self.lanes.get_mut(&key.overlap_queue())?;
        lane.current = None;
        lane.start_next()
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
        for lane in self.lanes.values_mut() {
            lane.waiting.clear();
        }
    }

    /// The runs that occupy lanes.
    pub(crate) fn runs(&self) -> impl Iterator<Item = &RunId> {
        self.lanes
            .values()
            .filter_map(|lane| lane.current.as_ref()?.run.as_ref())
    }

    /// Those who take orders.
    pub(crate) fn orders(&self) -> impl Iterator<Item = &mpsc::Sender<Order>> {
        self.lanes
            .values()
            .filter_map(|lane| lane.current.as_ref()?.orders.as_ref())
    }
}

impl Lane {
    fn holds(&self, key: &EntryKey, slot: Timestamp) -> bool {
        let current = self.current.as_ref().map(|current| &current.place);
        let mut places = current.into_iter().chain(&self.waiting);
        places.any(|place| place.key == *key && place.slot == slot)
    }

    /// What `key` must not overlap with, in words.
    fn in_the_way(&self, key: &EntryKey) -> Option<String> {
        let whose = |place: &Place| match place.key == *key {
            true => format!("its slot {}", place.slot),
            false => format!("slot {} of {}", place.slot, place.key),
        };
        let current = self.current.as_ref();
        if let Some(Current {
            place, run, taken, ..
        }) = current.filter(|current| key.is_release_check() || current.place.key == *key)
        {
            // A run that does not have its slot yet may never begin.
            return Some(match run.as_ref().filter(|_| taken.load(Ordering::Acquire)) {
                Some(run) => format!("run {run} of {} still went on", whose(place)),
                None => format!("{} was about to run", whose(place)),
            });
        }
        let waiting = self.waiting.iter().find(|place| place.key == *key);
        waiting.map(|place| format!("{} was about to run", whose(place)))
    }

    fn start_next(&mut self) -> Option<Place> {
        if self.current.is_some() {
            return None;
        }
        let place = self.waiting.pop_front()?;
        self.current = Some(Current {
            place: place.clone(),
            taken: Arc::default(),
            run: None,
            orders: None,
        });
        Some(place)
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

    fn look() -> EntryKey {
        EntryKey::Releases(GroupName::new("g"))
    }

    fn offer(lanes: &mut Lanes, key: &EntryKey, minute: i64, overlap: Overlap) -> Offered {
        lanes.offer(key, &[at(minute)], overlap, at(minute))
    }

    fn place(key: EntryKey, minute: i64) -> Option<Place> {
        let (slot, came) = (at(minute), at(minute));
        Some(Place { key, slot, came })
    }

    #[test]
    fn a_slot_that_overlaps_is_skipped_or_waits() {
        let mut lanes = Lanes::default();
        let started = offer(&mut lanes, &batch(), 1, Overlap::Skip).start;
        assert_eq!(started, place(batch(), 1));
        lanes.running(&batch(), RunId::new("r"), mpsc::channel(1).0);
        lanes.taken(&batch()).store(true, Ordering::Release);
        let skipped = offer(&mut lanes, &batch(), 2, Overlap::Skip);
        assert_eq!(
            skipped.skipped,
            [(
                at(2),
                "run r of its slot 1970-01-01T00:01:00Z still went on (overlap: skip)".to_owned()
            )]
        );
        for minute in [3, 4] {
            assert_eq!(
                offer(&mut lanes, &batch(), minute, Overlap::Queue),
                Offered::default()
            );
        }
        assert_eq!(lanes.free(&batch()), place(batch(), 3));
        assert_eq!(lanes.came(&batch()), Some(at(3)));
        assert_eq!(lanes.free(&batch()), place(batch(), 4));
        assert_eq!(lanes.free(&batch()), None);
        let started = offer(&mut lanes, &batch(), 5, Overlap::Skip).start;
        assert_eq!(started, place(batch(), 5));
        assert_eq!(lanes.offered(&batch()), Some(at(5)));
    }

    /// The database may refuse its slot for ever.
    #[test]
    fn a_run_without_its_slot_is_not_said_to_go_on() {
        let mut lanes = Lanes::default();
        offer(&mut lanes, &batch(), 1, Overlap::Skip);
        lanes.running(&batch(), RunId::new("r"), mpsc::channel(1).0);
        let skipped = offer(&mut lanes, &batch(), 2, Overlap::Skip).skipped;
        assert_eq!(
            skipped[0].1,
            "its slot 1970-01-01T00:01:00Z was about to run (overlap: skip)"
        );
    }

    #[test]
    fn a_slot_is_untaken_until_it_is_taken_and_is_not_offered_twice() {
        let mut lanes = Lanes::default();
        assert_eq!(lanes.untaken(&batch()), None);
        lanes.offer(&batch(), &[at(1), at(2)], Overlap::Queue, at(2));
        assert_eq!(lanes.untaken(&batch()), Some(at(1)));
        assert_eq!(
            lanes.untaken(&look()),
            None,
            "it shares the lane, and is none of its slots"
        );
        lanes.taken(&batch()).store(true, Ordering::Release);
        assert_eq!(lanes.untaken(&batch()), Some(at(2)));
        for minute in [1, 2] {
            let again = offer(&mut lanes, &batch(), minute, Overlap::Skip);
            assert_eq!(again, Offered::default());
        }
        assert_eq!(lanes.free(&batch()).map(|place| place.slot), Some(at(2)));
        lanes.taken(&batch()).store(true, Ordering::Release);
        assert_eq!(lanes.untaken(&batch()), None);
    }

    #[test]
    fn slots_that_come_together_run_one_after_another_whatever_overlap_says() {
        let mut lanes = Lanes::default();
        let offered = lanes.offer(&batch(), &[at(1), at(2)], Overlap::Skip, at(2));
        let start = offered.start.map(|place| place.slot);
        assert_eq!((start, offered.skipped.len()), (Some(at(1)), 0));
        assert_eq!(lanes.free(&batch()).map(|place| place.slot), Some(at(2)));
    }

    #[test]
    fn what_waits_is_bounded_and_other_lanes_do_not_wait() {
        let mut lanes = Lanes::default();
        let slots: Vec<Timestamp> = (0..=2000).map(at).collect();
        let offered = lanes.offer(&batch(), &slots, Overlap::Queue, at(2000));
        assert_eq!(offered.start.map(|place| place.slot), Some(at(0)));
        assert_eq!(offered.skipped.len(), 2001 - KEPT);
        let other = EntryKey::Workflow;
        let started = offer(&mut lanes, &other, 1, Overlap::Skip).start;
        assert_eq!(started, place(other, 1));
    }

    #[test]
    fn a_batch_waits_for_a_look_and_a_look_gives_way_to_a_batch() {
        let mut lanes = Lanes::default();
        assert!(offer(&mut lanes, &look(), 1, Overlap::Skip).start.is_some());
        lanes.running(&look(), RunId::new("r"), mpsc::channel(1).0);
        assert_eq!(offer(&mut lanes, &batch(), 2, Overlap::Skip), Offered::default());
        // A second batch does not wait behind the first, if it says so.
        let skipped = offer(&mut lanes, &batch(), 3, Overlap::Skip).skipped;
        assert_eq!(
            skipped[0].1,
            "its slot 1970-01-01T00:02:00Z was about to run (overlap: skip)"
        );
        assert_eq!(lanes.free(&look()), place(batch(), 2));
        lanes.running(&batch(), RunId::new("b"), mpsc::channel(1).0);
        lanes.taken(&batch()).store(true, Ordering::Release);
        let skipped = offer(&mut lanes, &look(), 4, Overlap::Skip).skipped;
        assert_eq!(
            skipped[0].1,
            "run b of slot 1970-01-01T00:02:00Z of group:g still went on (overlap: skip)"
        );
        // One look waits if it may, and stands for those that come after it.
        assert_eq!(offer(&mut lanes, &look(), 5, Overlap::Queue), Offered::default());
        let skipped = offer(&mut lanes, &look(), 6, Overlap::Queue).skipped;
        assert_eq!(skipped[0].1, "its slot 1970-01-01T00:05:00Z waits already");
        assert_eq!(lanes.free(&batch()), place(look(), 5));
        assert_eq!(lanes.offered(&look()), Some(at(6)));
        assert_eq!(lanes.offered(&batch()), Some(at(3)));
    }
}
