//! Slots that become queued runs, and what keeps those from being run.

use orchestrator::events::SlotRef;
use orchestrator::model::RunId;
use orchestrator::store::{
    EnqueuedSlot, QueuedCancel, Renewal, SlotRequest, SlotState, SlotTask, this_process,
};

use super::{fence, finish, names, open, run, shown};
use crate::run_events::{Home, at};

on_both!(
    a_slot_is_queued_once,
    a_slot_gives_way_to_a_run_that_waits,
    a_cancelled_run_is_claimed_as_such,
    a_paused_group_waits_in_the_queue,
);

fn slot(second: i64) -> SlotRef {
    SlotRef {
        entry: "group:g".into(),
        at: at(second),
    }
}

fn due() -> SlotTask {
    SlotTask {
        group: "g".into(),
        name: "a".into(),
        command: "a".into(),
        state: SlotState::Due,
    }
}

async fn a_slot_is_queued_once(home: &Home) {
    let (store, queue) = open(home).await;
    let other = store.open_queue().await.unwrap();
    let owner = this_process().unwrap();
    for second in 0..10 {
        let slot = slot(second);
        let runs = [
            run(&format!("one-{second}"), "e"),
            run(&format!("two-{second}"), "e"),
        ];
        let tasks = [due()];
        let request = |index: usize| SlotRequest::new(&slot, (&runs[index].run, &owner), &tasks);
        let (one, two) = tokio::join!(
            queue.enqueue_slot(request(0), &runs[0], true, at(0)),
            other.enqueue_slot(request(1), &runs[1], true, at(0))
        );
        match (one.unwrap(), two.unwrap()) {
            (EnqueuedSlot::Queued, EnqueuedSlot::Taken(Some(run))) => assert_eq!(run, runs[0].run),
            (EnqueuedSlot::Taken(Some(run)), EnqueuedSlot::Queued) => assert_eq!(run, runs[1].run),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(store.waiting(100).await.unwrap().len(), 10, "a run a slot");
    // Whoever does not know whether it arrived asks again.
    let first = store.waiting(100).await.unwrap().remove(0);
    let again = run(first.run.as_str(), "e");
    let slot = slot(0);
    let request = SlotRequest::new(&slot, (&again.run, &owner), &[]);
    let answer = queue.enqueue_slot(request, &again, true, at(0)).await.unwrap();
    assert_eq!(answer, EnqueuedSlot::Queued);
    // Nobody calls a slot missed whose run waits, though its scheduler is gone.
    let mut gone = owner.clone();
    gone.started += 1;
    home.sql(&format!("update slots set owner_start = {}", gone.started))
        .await;
    let found = store.recover(home.path(), &owner, at(100)).await.unwrap();
    assert!(found.lost.is_empty() && found.problems.is_empty());
    let rows = store.ledger("g", "a", 20).await.unwrap();
    assert!(rows.iter().all(|row| row.state.as_str() == "due"), "{rows:?}");
    store.close().await;
}

async fn a_slot_gives_way_to_a_run_that_waits(home: &Home) {
    let (store, queue) = open(home).await;
    let owner = this_process().unwrap();
    queue.enqueue(&run("by-hand", "group:g"), at(0)).await.unwrap();
    let (slot, next) = (slot(0), run("slot", "group:g"));
    let tasks = [due()];
    let request = SlotRequest::new(&slot, (&next.run, &owner), &tasks);
    let answer = queue.enqueue_slot(request, &next, false, at(0)).await.unwrap();
    assert_eq!(answer, EnqueuedSlot::Busy(RunId::new("by-hand")));
    let answer = queue.enqueue_slot(request, &next, true, at(0)).await.unwrap();
    assert_eq!(answer, EnqueuedSlot::Queued);
    store.close().await;
}

async fn a_cancelled_run_is_claimed_as_such(home: &Home) {
    let (store, queue) = open(home).await;
    assert_eq!(
        queue.cancel(&RunId::new("r"), at(0)).await.unwrap(),
        QueuedCancel::Unknown
    );
    queue.enqueue(&run("r", "e"), at(0)).await.unwrap();
    queue.enqueue(&run("s", "f"), at(0)).await.unwrap();
    assert_eq!(
        queue.cancel(&RunId::new("r"), at(1)).await.unwrap(),
        QueuedCancel::Waits
    );
    let shown = shown(&queue, "w").await;
    let waits = queue.claim(&shown[0], "w").await.unwrap().unwrap();
    let runs = queue.claim(&shown[1], "w").await.unwrap().unwrap();
    assert_eq!((waits.cancelled, runs.cancelled), (true, false));
    assert_eq!(
        queue.cancel(&RunId::new("s"), at(2)).await.unwrap(),
        QueuedCancel::Told("w".into())
    );
    assert_eq!(
        queue.renew(&fence(&runs)).await.unwrap(),
        Renewal::Kept { cancelled: true }
    );
    finish(&store, &runs).await;
    assert_eq!(
        queue.cancel(&RunId::new("s"), at(3)).await.unwrap(),
        QueuedCancel::Ended
    );
    store.close().await;
}

async fn a_paused_group_waits_in_the_queue(home: &Home) {
    let (store, queue) = open(home).await;
    let owner = this_process().unwrap();
    let (slot, scheduled) = (slot(0), run("scheduled", "group:g"));
    let tasks = [due()];
    let request = SlotRequest::new(&slot, (&scheduled.run, &owner), &tasks);
    queue
        .enqueue_slot(request, &scheduled, true, at(0))
        .await
        .unwrap();
    queue.enqueue(&run("by-hand", "other"), at(0)).await.unwrap();
    store.pause("g", at(1)).await.unwrap();
    assert_eq!(names(&shown(&queue, "w").await), ["by-hand"]);
    store.resume("g", at(2)).await.unwrap();
    assert_eq!(names(&shown(&queue, "w").await), ["scheduled"]);
    store.close().await;
}
