//! A worker that falls silent loses its run, and writes nothing any more.

use std::time::Duration;

use orchestrator::events::RunEvent;
use orchestrator::model::{Exit, Outcome, Owner, RunId};
use orchestrator::store::{
    BeatAnswer, NewQueuedRun, QueuedState, Renewal, ShownRun, WorkerBeat, WorkerState, this_process,
};

use super::{beat, fence, finish, open, run, shown, take, tell_fenced, until_shown};
use crate::run_events::{Home, Story, at, dead};

/// Shorter than settings allow: it is waited for.
const LEASE: Duration = Duration::from_secs(1);

on_both!(
    a_lease_that_is_over_lets_another_worker_resume,
    a_worker_that_lost_its_run_writes_nothing,
    a_renewal_that_comes_after_the_lease_is_refused,
    a_run_whose_lease_is_over_keeps_no_other_of_its_entry_out,
    what_was_delivered_is_not_done_again,
    workers_say_that_they_are_there,
);

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
        quiet: false,
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
    // What is there already is no more this worker's to tell than what is new.
    let stale = tell_fenced(&story, &store, &fence(&first), 0).await.unwrap_err();
    assert!(stale.contains("is not this worker's any more"), "{stale}");
    story.end(1, Outcome::Succeeded).finish();
    let refused = tell_fenced(&story, &store, &fence(&first), 0).await.unwrap_err();
    assert!(refused.contains("is not this worker's any more"), "{refused}");
    assert_eq!(queue.renew(&fence(&first)).await.unwrap(), Renewal::Fenced);
    assert!(!queue.give_back(&fence(&first), "late", true).await.unwrap());
    let record = store.run(&first.run).await.unwrap().unwrap();
    assert_eq!(record.header.finished_at, None);
    assert_eq!(
        queue.renew(&fence(&second)).await.unwrap(),
        Renewal::Kept { cancelled: false }
    );
    store.close().await;
}

/// By the clock of the database.
const OVER: &str = "update queued_runs set lease_until = 1 where state = 'running'";

async fn a_renewal_that_comes_after_the_lease_is_refused(home: &Home) {
    let (store, queue) = open(home).await;
    queue.enqueue(&run("r", "e"), at(0)).await.unwrap();
    let first = take(&queue, "w1").await;
    home.sql(OVER).await;
    // Nobody else has it yet, and all the same it is not kept for one lease more.
    assert_eq!(queue.renew(&fence(&first)).await.unwrap(), Renewal::Fenced);
    let one = store.queued_run(&first.run).await.unwrap().unwrap();
    assert_eq!(one.worker.as_deref(), Some("w1"));
    store.close().await;
}

/// The commits of two schedulers may overtake each other: the second run of an entry is taken,
/// and then the first one appears.
async fn a_run_whose_lease_is_over_keeps_no_other_of_its_entry_out(home: &Home) {
    let (store, queue) = open(home).await;
    queue.enqueue(&run("first", "e"), at(0)).await.unwrap();
    queue.enqueue(&run("second", "e"), at(0)).await.unwrap();
    let hidden = "update queued_runs set state = 'ended' where run_id = 'first'";
    home.sql(hidden).await;
    let second = take(&queue, "w1").await;
    assert_eq!(second.run.as_str(), "second");
    home.sql("update queued_runs set state = 'queued' where run_id = 'first'")
        .await;
    assert!(shown(&queue, "w2").await.is_empty(), "its lease holds");
    home.sql(OVER).await;
    let first = take(&queue, "w2").await;
    assert_eq!((first.run.as_str(), first.losses), ("first", 0));
    let put_back = store.queued_run(&second.run).await.unwrap().unwrap();
    assert_eq!(put_back.state, QueuedState::Queued);
    assert_eq!(queue.renew(&fence(&second)).await.unwrap(), Renewal::Fenced);
    finish(&store, &first).await;
    let again = until_shown(&queue, "w2").await;
    let again = queue.claim(&again, "w2").await.unwrap().unwrap();
    assert_eq!((again.run.as_str(), again.losses), ("second", 1));
    store.close().await;
}

/// The worker was lost between the delivery and the record of the end.
async fn what_was_delivered_is_not_done_again(home: &Home) {
    let (store, queue) = open(home).await;
    queue.enqueue(&run("r", "e"), at(0)).await.unwrap();
    let first = take(&queue, "w1").await;
    let mut story = Story::new("r", 0, &["a", "b"], this_process().unwrap());
    story.start(1);
    tell_fenced(&story, &store, &fence(&first), 0).await.unwrap();
    home.sql(
        "insert into ingests (run_id, position, group_name, name, command, at, release_source, releases)
         values ('r', 1, 'g', 'a', 'a', 1795000000000000, 's', '[\"1.90\", \"1.91\"]')",
    )
    .await;
    home.sql(OVER).await;
    // Its message is hidden until the lease would have been over.
    let again = ShownRun {
        run: first.run.clone(),
        message: 1,
        shown: first.epoch + 1,
    };
    let second = queue.claim(&again, "w2").await.unwrap().unwrap();
    assert_eq!((second.epoch, second.losses), (2, 1));
    let record = store.run(&second.run).await.unwrap().unwrap();
    let task = &record.tasks[0];
    assert_eq!(task.summary.outcome.as_str(), "succeeded");
    assert_eq!(task.summary.attempts, 1);
    assert_eq!(task.attempt_list[0].outcome.as_deref(), Some("succeeded"));
    assert_eq!(record.tasks[1].summary.outcome.as_str(), "pending");
    // What it was run for is dealt with, by this task and no other.
    let handled = store.handled_releases("s").await.unwrap();
    let handled: Vec<_> = handled
        .iter()
        .map(|one| format!("{} {}/{}", one.tag, one.group, one.name))
        .collect();
    assert_eq!(handled, ["1.90 g/a", "1.91 g/a"]);
    store.close().await;
}

async fn workers_say_that_they_are_there(home: &Home) {
    let (store, queue) = open(home).await;
    let mut beat = WorkerBeat {
        capacity: 4,
        labels: vec!["eu".into()],
        lacks: vec!["TOKEN".into()],
        lacks_commands: vec!["run_a".into()],
        secrets: vec!["OTHER".into()],
        ..beat("w")
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
