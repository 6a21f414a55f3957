//! One run of an entry at a time: which entries are busy, and what waits behind them.
//! Pure. Nothing here is kept over a restart: what waits has no taken slot yet, so the
//! next scheduler finds it again.

use std::collections::{HashMap, VecDeque};

use jiff::Timestamp;
use tokio::sync::mpsc;

use super::tick::KEPT;
use crate::engine::Order;
use crate::model::{EntryKey, Overlap, RunId};

/// The lanes of all entries, those of entries that are no more in the timetable included.
#[derive(Default)]
pub(super) struct Lanes(HashMap<EntryKey, Lane>);

#[derive(Default)]
struct Lane {
    current: Option<Current>,
    waiting: VecDeque<Timestamp>,
    /// Up to when slots were offered.
    offered: Option<Timestamp>,
}

/// What occupies a lane.
pub(super) struct Current {
    pub(super) slot: Timestamp,
    /// Its run, once it has one.
    pub(super) run: Option<RunId>,
    /// Takes orders to the run, once there is one.
    pub(super) orders: Option<mpsc::Sender<Order>>,
}

/// What becomes of slots that were offered.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Offered {
    /// To be started now; the lane is taken for it.
    pub(super) start: Option<Timestamp>,
    /// Not to be run, and why.
    pub(super) skipped: Vec<(Timestamp, String)>,
}

impl Lanes {
    /// Slots of an entry have come, in order. Those that come together run one after
    /// another; whether they may wait for what was there before, `overlap` says.
    pub(super) fn offer(&mut self, key: &EntryKey, slots: &[Timestamp], overlap: Overlap) -> Offered {
        let mut offered = Offered::default();
        let lane = self.0.entry(key.clone()).or_default();
        lane.offered = slots.last().copied().max(lane.offered);
        let busy = lane.current.as_ref().map(|current| match &current.run {
            Some(run) => format!(
                "run {run} of its slot {} still went on (overlap: skip)",
                current.slot
            ),
            None => format!("its slot {} was about to run (overlap: skip)", current.slot),
        });
        for &slot in slots {
            match &busy {
                Some(reason) if overlap == Overlap::Skip => offered.skipped.push((slot, reason.clone())),
                _ if lane.waiting.len() >= KEPT => {
                    let reason = format!("{KEPT} slots of this entry wait already");
                    offered.skipped.push((slot, reason));
                }
                _ => lane.waiting.push_back(slot),
            }
        }
        offered.start = lane.start_next();
        offered
    }

    /// What the run in a lane is and how it takes orders.
    pub(super) fn running(&mut self, key: &EntryKey, run: RunId, orders: mpsc::Sender<Order>) {
        if let Some(current) = self.0.get_mut(key).and_then(|lane| lane.current.as_mut()) {
            current.run = Some(run);
            current.orders = Some(orders);
        }
    }

    /// A lane is free again; the slot that waited longest is to be started.
    pub(super) fn free(&mut self, key: &EntryKey) -> Option<Timestamp> {
        let lane = self.0.get_mut(key)?;
        lane.current = None;
        lane.start_next()
    }

    /// Up to when slots of an entry were offered.
    pub(super) fn offered(&self, key: &EntryKey) -> Option<Timestamp> {
        self.0.get(key).and_then(|lane| lane.offered)
    }

    /// The clock was set: what is settled is to be asked of the database.
    pub(super) fn forget_offered(&mut self) {
        for lane in self.0.values_mut() {
            lane.offered = None;
        }
    }

    /// Nothing that waits is started any more.
    pub(super) fn clear_waiting(&mut self) {
        for lane in self.0.values_mut() {
            lane.waiting.clear();
        }
    }

    /// Those who take orders.
    pub(super) fn orders(&self) -> impl Iterator<Item = &mpsc::Sender<Order>> {
        self.0
            .values()
            .filter_map(|lane| lane.current.as_ref()?.orders.as_ref())
    }
}

impl Lane {
    fn start_next(&mut self) -> Option<Timestamp> {
        if self.current.is_some() {
            return None;
        }
        let slot = self.waiting.pop_front()?;
        self.current = Some(Current {
            slot,
            run: None,
            orders: None,
        });
        Some(slot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::GroupName;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(minute * 60).unwrap()
    }

    fn key() -> EntryKey {
        EntryKey::Group(GroupName::new("g"))
    }

    #[test]
    fn a_slot_that_overlaps_is_skipped_or_waits() {
        let mut lanes = Lanes::default();
        let offer = |lanes: &mut Lanes, minute, overlap| lanes.offer(&key(), &[at(minute)], overlap);
        assert_eq!(offer(&mut lanes, 1, Overlap::Skip).start, Some(at(1)));
        lanes.running(&key(), RunId::new("r"), mpsc::channel(1).0);
        let skipped = offer(&mut lanes, 2, Overlap::Skip);
        assert_eq!(
            skipped.skipped,
            [(
                at(2),
                "run r of its slot 1970-01-01T00:01:00Z still went on (overlap: skip)".to_owned()
            )]
        );
        assert_eq!(offer(&mut lanes, 3, Overlap::Queue), Offered::default());
        assert_eq!(offer(&mut lanes, 4, Overlap::Queue), Offered::default());
        assert_eq!(lanes.free(&key()), Some(at(3)));
        assert_eq!(lanes.free(&key()), Some(at(4)));
        assert_eq!(lanes.free(&key()), None);
        assert_eq!(offer(&mut lanes, 5, Overlap::Skip).start, Some(at(5)));
        assert_eq!(lanes.offered(&key()), Some(at(5)));
    }

    #[test]
    fn slots_that_come_together_run_one_after_another_whatever_overlap_says() {
        let mut lanes = Lanes::default();
        let offered = lanes.offer(&key(), &[at(1), at(2)], Overlap::Skip);
        assert_eq!((offered.start, offered.skipped.len()), (Some(at(1)), 0));
        assert_eq!(lanes.free(&key()), Some(at(2)));
    }

    #[test]
    fn what_waits_is_bounded_and_other_entries_do_not_wait() {
        let mut lanes = Lanes::default();
        let slots: Vec<Timestamp> = (0..=2000).map(at).collect();
        let offered = lanes.offer(&key(), &slots, Overlap::Queue);
        assert_eq!(offered.start, Some(at(0)));
        assert_eq!(offered.skipped.len(), 2001 - KEPT);
        assert_eq!(
            lanes.offer(&EntryKey::Workflow, &[at(1)], Overlap::Skip).start,
            Some(at(1))
        );
    }
}
