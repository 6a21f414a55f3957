//! Which worker a run is shown to, who has it, and how it ends.

use orchestrator::store::{
    KnownTask, NewQueuedRun, QueuedState, Renewal, WorkerMeans, WorkerState, this_process,
};

use super::{beat, fence, finish, means, names, open, run, shown, take, tell_fenced, until_shown};
use crate::run_events::{Home, Story, at};

on_both!(
    a_run_is_shown_to_one_worker,
    a_run_that_does_not_fit_is_left_to_others,
    a_run_whose_collector_is_lacking_is_left_to_who_may_have_it,
    runs_of_an_entry_follow_each_other,
    a_claim_whose_answer_was_lost_is_granted_again,
    the_end_of_a_run_ends_its_message,
    a_run_that_is_given_back_is_shown_at_once,
    a_run_that_was_not_begun_is_given_back_without_a_loss,
    who_ran_the_entry_last_comes_first_while_it_is_idle,
);

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
    let waiting = store.waiting(10).await.unwrap();
    assert_eq!(waiting.len(), 2);
    let first = store.queued_run(&waiting[0].run).await.unwrap().unwrap();
    assert_eq!(first.state, QueuedState::Queued);
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

async fn a_run_whose_collector_is_lacking_is_left_to_who_may_have_it(home: &Home) {
    let (store, queue) = open(home).await;
    let task = |name: &str, command: &str| KnownTask {
        group: "g".into(),
        name: name.into(),
        command: command.into(),
    };
    let needs = NewQueuedRun {
        tasks: vec![task("a", "run_a"), task("again", "run_a"), task("b", "run_b")],
        ..run("needs", "e")
    };
    queue.enqueue(&needs, at(0)).await.unwrap();
    assert_eq!(queue.commands_waiting().await.unwrap(), ["run_a", "run_b"]);
    assert_eq!(store.waiting(1).await.unwrap()[0].tasks, needs.tasks);
    let mut other = beat("other");
    let poor = WorkerMeans {
        lacks_commands: vec!["run_b".into(), "run_c".into()],
        ..means("poor")
    };
    let candidates = async || queue.candidates(&poor, 10).await.unwrap().len();
    queue.note_worker(&other, None).await.unwrap();
    assert_eq!(candidates().await, 0, "the other one may have it");
    assert_eq!(
        queue.candidates(&means("other"), 10).await.unwrap()[0].commands,
        ["run_a", "run_b"]
    );
    // What nobody has is taken by anybody: its task says so.
    other.lacks_commands = vec!["run_b".into()];
    queue.note_worker(&other, None).await.unwrap();
    assert_eq!(candidates().await, 1);
    assert_eq!(store.workers().await.unwrap()[0].leaves.len(), 1);
    other.lacks_commands = Vec::new();
    for state in [WorkerState::Draining, WorkerState::Gone] {
        other.state = state;
        queue.note_worker(&other, None).await.unwrap();
        assert_eq!(candidates().await, 1, "{state:?}");
    }
    let labelled = NewQueuedRun {
        tasks: vec![task("b", "run_b")],
        labels: vec!["gpu".into()],
        ..run("labelled", "f")
    };
    queue.enqueue(&labelled, at(0)).await.unwrap();
    other.state = WorkerState::Working;
    queue.note_worker(&other, None).await.unwrap();
    let poor = WorkerMeans {
        labels: vec!["gpu".into()],
        ..poor
    };
    let shown = queue.show(&poor, 10).await.unwrap();
    assert_eq!(names(&shown), ["labelled"], "the other one may not have this one");
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
            .give_back(&fence(&grant), "the database was away", true)
            .await
            .unwrap()
    );
    // The answer was lost: what is asked again is done.
    assert!(queue.give_back(&fence(&grant), "again", true).await.unwrap());
    let again = take(&queue, "w2").await;
    assert_eq!((again.epoch, again.losses), (2, 1));
    let record = store.run(&grant.run).await.unwrap().unwrap();
    let lost = &record.tasks[0].attempt_list[0];
    assert_eq!(lost.reason.as_deref(), Some("the database was away"));
    store.close().await;
}

async fn a_run_that_was_not_begun_is_given_back_without_a_loss(home: &Home) {
    let (store, queue) = open(home).await;
    queue.enqueue(&run("r", "e"), at(0)).await.unwrap();
    let grant = take(&queue, "w1").await;
    let given = queue.give_back(&fence(&grant), "about to end", false).await;
    assert!(given.unwrap());
    let again = take(&queue, "w2").await;
    assert_eq!(again.losses, 0);
    // Given up twice: the first answer was lost.
    for _ in 0..2 {
        store
            .give_up_claimed(&fence(&again), "lost", at(9))
            .await
            .unwrap();
    }
    store.close().await;
}

async fn who_ran_the_entry_last_comes_first_while_it_is_idle(home: &Home) {
    let (store, queue) = open(home).await;
    let first_worker = beat("w1");
    queue.note_worker(&first_worker, None).await.unwrap();
    queue.enqueue(&run("first", "e"), at(0)).await.unwrap();
    let first = take(&queue, "w1").await;
    finish(&store, &first).await;
    queue.enqueue(&run("second", "e"), at(1)).await.unwrap();
    // As if it had been given to the queue in this very moment, however long this takes.
    let moment = "update queued_runs set ready_at = ready_at + 60000000";
    home.sql(moment).await;
    assert!(
        shown(&queue, "w2").await.is_empty(),
        "it is left to the first one"
    );
    // One that has no room is not waited for.
    queue.enqueue(&run("other", "f"), at(1)).await.unwrap();
    let other = queue.show(&means("w1"), 2).await.unwrap();
    let other = other.iter().find(|shown| shown.run.as_str() == "other").unwrap();
    queue.claim(other, "w1").await.unwrap().unwrap();
    let hidden = until_shown(&queue, "w2").await;
    assert_eq!(hidden.run.as_str(), "second");
    store.close().await;
}
