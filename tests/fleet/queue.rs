//! What the queue promises, the same on both databases: each run is one worker's at a time,
//! and whoever lost one writes nothing any more.

use std::sync::Arc;
use std::time::Duration;

use orchestrator::events::{RunEvent, SlotRef};
use orchestrator::model::{Exit, Outcome, Owner, RunId};
use orchestrator::store::{
    BeatAnswer, EnqueuedSlot, FleetQueue, LossPolicy, NewQueuedRun, QueuedCancel, QueuedState, Renewal,
    RunFence, RunGrant, ShownRun, SlotRequest, SlotState, SlotTask, Store, WorkerBeat, WorkerMeans,
    WorkerState, this_process,
};

use crate::run_events::{Home, Story, at, dead};

on_both!(
    a_run_is_shown_to_one_worker,
    a_run_that_does_not_fit_is_left_to_others,
    runs_of_an_entry_follow_each_other,
    a_claim_whose_answer_was_lost_is_granted_again,
    a_lease_that_is_over_lets_another_worker_resume,
    a_worker_that_lost_its_run_writes_nothing,
    the_end_of_a_run_ends_its_message,
    a_run_that_is_given_back_is_shown_at_once,
    a_slot_is_queued_once,
    a_slot_gives_way_to_a_run_that_waits,
    a_cancelled_run_is_claimed_as_such,
    a_paused_group_waits_in_the_queue,
    workers_say_that_they_are_there,
);

/// The shortest there is.
const LEASE: Duration = Duration::from_secs(1);

fn run(id: &str, entry: &str) -> NewQueuedRun {
    NewQueuedRun {
        run: RunId::new(id),
        entry: entry.into(),
        schedule: "default".into(),
        group: Some("g".into()),
        plan: ("{}".into(), 1),
        labels: Vec::new(),
        secrets: Vec::new(),
        lease: Duration::from_secs(60),
        on_lost: LossPolicy::Resume,
    }
}

fn means(name: &str) -> WorkerMeans {
    WorkerMeans {
        name: name.into(),
        labels: Vec::new(),
        secrets: Vec::new(),
        plan_version: 1,
    }
}

async fn open(home: &Home) -> (Store, FleetQueue) {
    let store = home.open().await;
    let queue = store.open_queue().await.unwrap();
    (store, queue)
}

async fn shown(queue: &FleetQueue, worker: &str) -> Vec<ShownRun> {
    queue.show(&means(worker), 10).await.unwrap()
}

fn names(shown: &[ShownRun]) -> Vec<&str> {
    shown.iter().map(|one| one.run.as_str()).collect()
}

/// Tells it as the holder of a claim, with `recorded` events before it; in words why not.
async fn tell_fenced(story: &Story, store: &Store, fence: &RunFence, recorded: u64) -> Result<(), String> {
    let events = story.events.iter().cloned().map(Arc::new);
    let numbered: Vec<_> = (recorded + 1..).zip(events).collect();
    let told = store.apply_claimed(fence, &numbered).await;
    told.map_err(|error| error.to_string())
}

async fn take(queue: &FleetQueue, worker: &str) -> RunGrant {
    let shown = shown(queue, worker).await;
    queue.claim(&shown[0], worker).await.unwrap().unwrap()
}

fn fence(grant: &RunGrant) -> RunFence {
    RunFence {
        run: grant.run.clone(),
        epoch: grant.epoch,
    }
}

/// Waits for what only the clock of the database brings.
async fn until_shown(queue: &FleetQueue, worker: &str) -> ShownRun {
    for _ in 0..400 {
        if let Some(one) = shown(queue, worker).await.pop() {
            return one;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("no run is shown");
}

async fn a_run_is_shown_to_one_worker(home: &Home) {
    let (store, queue) = open(home).await;
    for id in ["a", "b"] {
        queue.enqueue(&run(id, id), at(0)).await.unwrap();
        queue.enqueue(&run(id, id), at(1)).await.unwrap();
    }
    let (one, two) = tokio::join!(shown(&queue, "w1"), shown(&queue, "w2"));
    let mut all = [names(&one), names(&two)].concat();
    all.sort_unstable();
    assert_eq!(all, ["a", "b"], "each to one, once");
    assert!(shown(&queue, "w3").await.is_empty());
    let waiting = store.waiting_runs(10).await.unwrap();
    assert_eq!(waiting.len(), 2);
    assert_eq!(waiting[0].state, QueuedState::Queued);
    store.close().await;
}

async fn a_run_that_does_not_fit_is_left_to_others(home: &Home) {
    let (store, queue) = open(home).await;
    let labelled = NewQueuedRun {
        labels: vec!["gpu".into(), "eu".into()],
        ..run("labelled", "a")
    };
    let secret = NewQueuedRun {
        secrets: vec!["TOKEN".into()],
        ..run("secret", "b")
    };
    let newer = NewQueuedRun {
        plan: ("{}".into(), 2),
        ..run("newer", "c")
    };
    for one in [&labelled, &secret, &newer] {
        queue.enqueue(one, at(0)).await.unwrap();
    }
    assert!(shown(&queue, "plain").await.is_empty());
    let all = WorkerMeans {
        labels: vec!["eu".into(), "gpu".into(), "big".into()],
        secrets: vec!["TOKEN".into()],
        plan_version: 2,
        ..means("all")
    };
    let shown = queue.show(&all, 10).await.unwrap();
    assert_eq!(names(&shown), ["labelled", "secret", "newer"]);
    assert!(shown.iter().all(|one| one.shown == 1), "nobody used up a showing");
    store.close().await;
}

async fn runs_of_an_entry_follow_each_other(home: &Home) {
    let (store, queue) = open(home).await;
    for id in ["first", "second", "third"] {
        queue.enqueue(&run(id, "group:g"), at(0)).await.unwrap();
    }
    let grant = take(&queue, "w1").await;
    assert_eq!(grant.run.as_str(), "first");
    assert!(shown(&queue, "w2").await.is_empty(), "one runs");
    finish(&store, &grant).await;
    assert_eq!(names(&shown(&queue, "w2").await), ["second"]);
    store.close().await;
}

/// Tells the run to its end.
async fn finish(store: &Store, grant: &RunGrant) {
    let mut story = Story::new(grant.run.as_str(), 0, &["a"], this_process().unwrap());
    story.does(Outcome::Succeeded).finish();
    tell_fenced(&story, store, &fence(grant), grant.recorded)
        .await
        .unwrap();
}

async fn a_claim_whose_answer_was_lost_is_granted_again(home: &Home) {
    let (store, queue) = open(home).await;
    queue.enqueue(&run("r", "e"), at(0)).await.unwrap();
    let shown = shown(&queue, "w1").await;
    let first = queue.claim(&shown[0], "w1").await.unwrap().unwrap();
    let again = queue.claim(&shown[0], "w1").await.unwrap().unwrap();
    assert_eq!(first, again);
    assert_eq!((first.epoch, first.losses, first.recorded), (1, 0, 0));
    assert!(queue.claim(&shown[0], "w2").await.unwrap().is_none());
    store.close().await;
}

async fn a_lease_that_is_over_lets_another_worker_resume(home: &Home) {
    let (store, queue) = open(home).await;
    let short = NewQueuedRun {
        lease: LEASE,
        ..run("r", "e")
    };
    queue.enqueue(&short, at(0)).await.unwrap();
    let first = take(&queue, "w1").await;
    let mut story = Story::new("r", 0, &["a", "b"], this_process().unwrap());
    story.does(Outcome::Succeeded).start(1);
    tell_fenced(&story, &store, &fence(&first), 0).await.unwrap();
    assert!(
        shown(&queue, "w2").await.is_empty(),
        "it is kept for the first one"
    );
    assert_eq!(
        queue.renew(&fence(&first)).await.unwrap(),
        Renewal::Kept { cancelled: false }
    );
    let again = until_shown(&queue, "w2").await;
    let second = queue.claim(&again, "w2").await.unwrap().unwrap();
    assert_eq!((second.epoch, second.losses), (2, 1));
    assert_eq!(second.recorded, story.events.len() as u64);
    let record = store.run(&second.run).await.unwrap().unwrap();
    let lost = &record.tasks[1].attempt_list[0];
    assert_eq!(lost.outcome.as_deref(), Some("lost"));
    assert!(
        lost.reason
            .as_deref()
            .unwrap()
            .starts_with("worker w1 did not renew its lease")
    );
    assert_eq!(record.tasks[0].summary.outcome.as_str(), "succeeded");
    // It goes on with a second attempt, and its journal behind what is recorded.
    let told = story.events.len();
    story.start(2).end(2, Outcome::Failed(Exit::Code(3))).finish();
    let begin = RunEvent::RunStarted {
        run: second.run.clone(),
        schedule: "daily".into(),
        group: None,
        at: at(9),
        owner: Owner {
            host: "other".into(),
            ..this_process().unwrap()
        },
        slot: None,
        epoch: Some(2),
        tasks: Vec::new(),
    };
    story.events.splice(..told, [begin]);
    tell_fenced(&story, &store, &fence(&second), second.recorded)
        .await
        .unwrap();
    let record = store.run(&second.run).await.unwrap().unwrap();
    assert_eq!(record.header.owner.host, "other");
    assert_eq!(record.tasks[1].attempt_list.len(), 2);
    assert_eq!(record.tasks[1].summary.outcome.as_str(), "failed");
    assert!(record.header.finished_at.is_some());
    store.close().await;
}

async fn a_worker_that_lost_its_run_writes_nothing(home: &Home) {
    let (store, queue) = open(home).await;
    let short = NewQueuedRun {
        lease: LEASE,
        ..run("r", "e")
    };
    queue.enqueue(&short, at(0)).await.unwrap();
    let first = take(&queue, "w1").await;
    let mut story = Story::new("r", 0, &["a"], this_process().unwrap());
    story.start(1);
    tell_fenced(&story, &store, &fence(&first), 0).await.unwrap();
    let again = until_shown(&queue, "w2").await;
    let second = queue.claim(&again, "w2").await.unwrap().unwrap();
    story.end(1, Outcome::Succeeded).finish();
    let refused = tell_fenced(&story, &store, &fence(&first), 0).await.unwrap_err();
    assert!(refused.contains("is not this worker's any more"), "{refused}");
    assert_eq!(queue.renew(&fence(&first)).await.unwrap(), Renewal::Fenced);
    assert!(!queue.give_back(&fence(&first), "late").await.unwrap());
    let record = store.run(&first.run).await.unwrap().unwrap();
    assert_eq!(record.header.finished_at, None);
    assert_eq!(
        queue.renew(&fence(&second)).await.unwrap(),
        Renewal::Kept { cancelled: false }
    );
    store.close().await;
}

async fn the_end_of_a_run_ends_its_message(home: &Home) {
    let (store, queue) = open(home).await;
    queue.enqueue(&run("r", "e"), at(0)).await.unwrap();
    let grant = take(&queue, "w1").await;
    finish(&store, &grant).await;
    // The answer was lost: what is told again is known.
    finish(&store, &grant).await;
    assert!(shown(&queue, "w2").await.is_empty());
    assert_eq!(queue.renew(&fence(&grant)).await.unwrap(), Renewal::Fenced);
    let one = store.queued_run(&grant.run).await.unwrap().unwrap();
    assert_eq!(
        (one.state, one.worker.as_deref()),
        (QueuedState::Ended, Some("w1"))
    );
    if let Some(url) = &home.url {
        let left = crate::cluster::cluster().psql(
            crate::cluster::name_of(url),
            "select count(*) from pgmq.q_orchestrate_orchestrate",
        );
        assert_eq!(left.trim(), "0");
    }
    store.close().await;
}

async fn a_run_that_is_given_back_is_shown_at_once(home: &Home) {
    let (store, queue) = open(home).await;
    queue.enqueue(&run("r", "e"), at(0)).await.unwrap();
    let grant = take(&queue, "w1").await;
    let mut story = Story::new("r", 0, &["a"], this_process().unwrap());
    story.start(1);
    tell_fenced(&story, &store, &fence(&grant), 0).await.unwrap();
    assert!(
        queue
            .give_back(&fence(&grant), "the database was away")
            .await
            .unwrap()
    );
    let again = take(&queue, "w2").await;
    assert_eq!((again.epoch, again.losses), (2, 1));
    let record = store.run(&grant.run).await.unwrap().unwrap();
    let lost = &record.tasks[0].attempt_list[0];
    assert_eq!(lost.reason.as_deref(), Some("the database was away"));
    store.close().await;
}

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
    assert_eq!(store.waiting_runs(100).await.unwrap().len(), 10, "a run a slot");
    // Whoever does not know whether it arrived asks again.
    let first = store.waiting_runs(100).await.unwrap().pop().unwrap();
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

async fn workers_say_that_they_are_there(home: &Home) {
    let (store, queue) = open(home).await;
    let mut beat = WorkerBeat {
        name: "w".into(),
        owner: this_process().unwrap(),
        state: WorkerState::Working,
        capacity: 4,
        labels: vec!["eu".into()],
        lacks: vec!["TOKEN".into()],
        started_at: at(0),
    };
    assert!(matches!(
        queue.note_worker(&beat, None).await.unwrap(),
        BeatAnswer::Noted { .. }
    ));
    queue.note_worker(&beat, Some(-3)).await.unwrap();
    let other = WorkerBeat {
        owner: Owner {
            host: "elsewhere".into(),
            ..beat.owner.clone()
        },
        ..beat.clone()
    };
    assert_eq!(
        queue.note_worker(&other, None).await.unwrap(),
        BeatAnswer::NameTaken
    );
    queue.enqueue(&run("r", "e"), at(0)).await.unwrap();
    take(&queue, "w").await;
    let workers = store.workers().await.unwrap();
    assert_eq!(workers.len(), 1);
    let line = &workers[0];
    assert_eq!(line.running, [RunId::new("r")]);
    assert_eq!((line.state, line.capacity), (WorkerState::Working, 4));
    assert_eq!(line.clock_skew_ms, Some(-3));
    assert_eq!(
        (&line.labels[..], &line.lacks[..]),
        (&beat.labels[..], &beat.lacks[..])
    );
    // Killed, and started again at once: nobody waits for the dead.
    let before = WorkerBeat {
        name: "again".into(),
        owner: dead(),
        ..beat.clone()
    };
    let after = WorkerBeat {
        owner: beat.owner.clone(),
        ..before.clone()
    };
    queue.note_worker(&before, None).await.unwrap();
    assert!(matches!(
        queue.note_worker(&after, None).await.unwrap(),
        BeatAnswer::Noted { .. }
    ));
    home.sql("delete from workers where name = 'again'").await;
    beat.state = WorkerState::Gone;
    queue.note_worker(&beat, None).await.unwrap();
    assert!(matches!(
        queue.note_worker(&other, None).await.unwrap(),
        BeatAnswer::Noted { .. }
    ));
    home.sql("update workers set seen_at = seen_at - 30000000").await;
    assert_eq!(store.workers().await.unwrap()[0].state, WorkerState::Gone);
    home.sql("update workers set seen_at = seen_at - 90000000000")
        .await;
    assert!(store.workers().await.unwrap().is_empty());
    store.close().await;
}
