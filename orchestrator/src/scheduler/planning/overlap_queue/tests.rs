//! What waits, what is skipped, and what follows when a queue is free.

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
    queues.set_run(&batch(), at(1), RunId::new("r"));
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
    assert_eq!(queues.advance(&batch(), at(1)), queued(batch(), 3));
    assert_eq!(queues.found_at(&batch(), at(3)), Some(at(3)));
    assert_eq!(queues.advance(&batch(), at(1)), queued(batch(), 4));
    assert_eq!(queues.advance(&batch(), at(1)), None);
    let started = offer(&mut queues, &batch(), 5, Overlap::Skip).start;
    assert_eq!(started, queued(batch(), 5));
    assert_eq!(queues.offered(&batch()), Some(at(5)));
}

/// The database may refuse its slot for ever.
#[test]
fn a_run_without_its_slot_is_not_said_to_go_on() {
    let mut queues = OverlapQueues::default();
    offer(&mut queues, &batch(), 1, Overlap::Skip);
    queues.set_run(&batch(), at(1), RunId::new("r"));
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
    assert_eq!(
        queues.advance(&batch(), at(1)).map(|queued| queued.slot),
        Some(at(2))
    );
    assert_eq!(queues.first_unclaimed(&batch(), &claimed(&[1, 2])), None);
}

#[test]
fn slots_that_come_together_run_one_after_another_whatever_overlap_says() {
    let mut queues = OverlapQueues::default();
    let offered = queues.offer(&batch(), &[at(1), at(2)], Overlap::Skip, at(2), &claimed(&[]));
    let start = offered.start.map(|queued| queued.slot);
    assert_eq!((start, offered.skipped.len()), (Some(at(1)), 0));
    assert_eq!(
        queues.advance(&batch(), at(1)).map(|queued| queued.slot),
        Some(at(2))
    );
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
    queues.set_run(&check(), at(1), RunId::new("r"));
    assert_eq!(offer(&mut queues, &batch(), 2, Overlap::Skip), Offered::default());
    // A second batch does not wait behind the first, if it says so.
    let skipped = offer(&mut queues, &batch(), 3, Overlap::Skip).skipped;
    assert_eq!(
        skipped[0].1,
        "its slot 1970-01-01T00:02:00Z was about to run (overlap: skip)"
    );
    assert_eq!(queues.advance(&check(), at(1)), queued(batch(), 2));
    queues.set_run(&batch(), at(1), RunId::new("b"));
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
    assert_eq!(queues.advance(&batch(), at(1)), queued(check(), 5));
    assert_eq!(queues.offered(&check()), Some(at(6)));
    assert_eq!(queues.offered(&batch()), Some(at(3)));
}

#[test]
fn what_may_overlap_is_started_beside_what_goes_on() {
    let mut queues = OverlapQueues::default();
    let first = offer(&mut queues, &batch(), 1, Overlap::Allow);
    assert_eq!((first.start, first.beside), (queued(batch(), 1), Vec::new()));
    queues.set_run(&batch(), at(1), RunId::new("a"));
    let second = offer(&mut queues, &batch(), 2, Overlap::Allow);
    assert_eq!(
        (second.start, second.beside.as_slice()),
        (None, &[queued(batch(), 2).unwrap()][..])
    );
    queues.set_run(&batch(), at(2), RunId::new("b"));
    assert_eq!(queues.found_at(&batch(), at(2)), Some(at(2)));
    assert_eq!(queues.first_unclaimed(&batch(), &claimed(&[1])), Some(at(2)));
    // It comes again, or may not overlap any more.
    assert_eq!(
        offer(&mut queues, &batch(), 2, Overlap::Allow),
        Offered::default()
    );
    assert_eq!(queues.advance(&batch(), at(1)), None);
    let skipped = offer_beside(&mut queues, &batch(), 3, (batch(), 2)).skipped;
    assert_eq!(
        skipped[0].1,
        "run b of its slot 1970-01-01T00:02:00Z still went on (overlap: skip)"
    );
    assert_eq!(queues.advance(&batch(), at(2)), None);
    assert!(offer(&mut queues, &batch(), 4, Overlap::Skip).start.is_some());
}
