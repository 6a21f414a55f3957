//! The ledger of slots: one taker, and an end for every task.

use orchestrator::events::{RunEvent, SlotRef};
use orchestrator::model::{Because, Exit, Outcome, RunId};
use orchestrator::store::{
    Claim, LedgerState, PassedSlot, SlotRequest, SlotState, SlotTask, Store, this_process,
};

use crate::run_events::{Home, Story, at, dead};

on_both!(
    a_slot_is_taken_once,
    every_task_of_a_slot_ends,
    a_run_that_is_lost_leaves_the_slot_unknown,
    a_slot_that_nobody_ran_is_missed,
    a_slot_that_was_taken_and_never_begun_is_missed,
    a_run_settles_tasks_at_slots_of_other_runs,
    no_slot_is_taken_while_another_process_runs_the_entry,
    those_passed_over_before_a_slot_come_with_its_claim,
);

fn slot(second: i64) -> SlotRef {
    SlotRef {
        entry: "group:g".into(),
        at: at(second),
    }
}

fn task(command: &str, state: SlotState) -> SlotTask {
    SlotTask {
        group: "g".into(),
        name: command.into(),
        command: command.into(),
        state,
    }
}

/// State and cause of a collector at its newest slots.
async fn ledger(store: &Store, command: &str) -> Vec<(String, String)> {
    let rows = store.ledger("g", command, 10).await.unwrap();
    rows.into_iter()
        .map(|row| (row.state.to_string(), row.cause.unwrap_or_default()))
        .collect()
}

async fn a_slot_is_taken_once(home: &Home) {
    let (one, two) = (home.open().await, home.open().await);
    let tasks = [task("a", SlotState::Due)];
    let runs = [RunId::new("one"), RunId::new("two")];
    let owner = this_process().unwrap();
    for second in 0..20 {
        let slot = slot(second);
        let (first, second) = tokio::join!(
            one.claim_slot(SlotRequest::new(&slot, (&runs[0], &owner), &tasks), at(0)),
            two.claim_slot(SlotRequest::new(&slot, (&runs[1], &owner), &tasks), at(0))
        );
        match (first.unwrap(), second.unwrap()) {
            (Claim::Ours, Claim::Taken(Some(run))) => assert_eq!(run, runs[0]),
            (Claim::Taken(Some(run)), Claim::Ours) => assert_eq!(run, runs[1]),
            other => panic!("{other:?}"),
        }
        let winner = one
            .claim_slot(SlotRequest::new(&slot, (&runs[0], &owner), &tasks), at(0))
            .await
            .unwrap();
        let again = one
            .claim_slot(SlotRequest::new(&slot, (&runs[0], &owner), &tasks), at(9))
            .await
            .unwrap();
        assert_eq!(winner, again, "asking again changes nothing");
    }
    assert_eq!(one.last_slot("group:g").await.unwrap(), Some(at(19)));
    assert_eq!(one.last_slot("workflow").await.unwrap(), None);
    // Another run cannot slip in by its events either.
    let mut thief = Story::at_slot("thief", 0, &["a"], dead(), Some(slot(0)));
    let (_, error) = thief.start(1).tell(&one).await.failure.unwrap();
    assert!(error.to_string().contains("another run's"), "{error}");
    one.close().await;
    two.close().await;
}

async fn every_task_of_a_slot_ends(home: &Home) {
    let store = home.open().await;
    let owner = this_process().unwrap();
    let mut story = Story::at_slot("r", 0, &["a", "b", "a", "c"], owner.clone(), Some(slot(0)));
    // The group has the command `a` three times; the one with a name of its own is not due today.
    let tasks = [
        task("early", SlotState::Skipped("not today".into())),
        task("a", SlotState::Due),
        task("b", SlotState::Due),
        task("off", SlotState::Skipped("disabled".into())),
        task("a#2", SlotState::Due),
        task("c", SlotState::Due),
    ];
    let claim = store
        .claim_slot(SlotRequest::new(&slot(0), (&story.run, &owner), &tasks), at(0))
        .await
        .unwrap();
    assert_eq!(claim, Claim::Ours);
    story
        .does(Outcome::Succeeded)
        .does(Outcome::Failed(Exit::Code(3)));
    story.skip(Outcome::Skipped(Because::NoNewRelease));
    story.does(Outcome::Succeeded).finish();
    let end = story.tell(&store).await;
    assert!(end.failure.is_none(), "{end:?}");
    let pair = |state: &str, cause: &str| (state.to_owned(), cause.to_owned());
    assert_eq!(ledger(&store, "early").await, [pair("skipped", "not today")]);
    assert_eq!(ledger(&store, "a").await, [pair("ran", "exited with code 0")]);
    assert_eq!(ledger(&store, "a#2").await, [pair("skipped", "no new release")]);
    assert_eq!(ledger(&store, "b").await, [pair("ran", "exited with code 3")]);
    assert_eq!(ledger(&store, "off").await, [pair("skipped", "disabled")]);
    let row = store.ledger("g", "c", 1).await.unwrap().remove(0);
    assert_eq!(
        (row.entry.as_str(), row.slot, row.run),
        ("group:g", at(0), Some(story.run))
    );
    store.close().await;
}

async fn a_run_that_is_lost_leaves_the_slot_unknown(home: &Home) {
    let store = home.open().await;
    let mut story = Story::at_slot("r", 0, &["a", "b"], dead(), Some(slot(0)));
    story.start(1).tell(&store).await;
    assert_eq!(ledger(&store, "a").await[0].0, "due");
    let here = this_process().unwrap();
    store.recover(home.path(), &here, at(3600)).await.unwrap();
    let (state, cause) = ledger(&store, "a").await.remove(0);
    assert!(
        state == "unknown" && cause.contains("ended without a record"),
        "{state} {cause}"
    );
    let (state, cause) = ledger(&store, "b").await.remove(0);
    assert!(
        state == "skipped" && cause.starts_with("not started: "),
        "{state} {cause}"
    );
    store.close().await;
}

async fn a_run_settles_tasks_at_slots_of_other_runs(home: &Home) {
    let store = home.open().await;
    let owner = this_process().unwrap();
    let mut first = Story::at_slot("first", 0, &["a", "b"], owner.clone(), Some(slot(0)));
    let due = ["a", "b"].map(|name| task(name, SlotState::Due));
    let claim = store
        .claim_slot(SlotRequest::new(&slot(0), (&first.run, &owner), &due), at(0))
        .await;
    assert_eq!(claim.unwrap(), Claim::Ours);
    first.does(Outcome::Succeeded);
    first.skip(Outcome::Skipped(Because::NoNewRelease));
    first.finish();
    assert!(first.tell(&store).await.failure.is_none());
    let missed = vec![task("c", SlotState::Missed("nobody was there".into()))];
    let passed = PassedSlot {
        slot: slot(1),
        tasks: missed,
    };
    assert_eq!(store.pass_over(&[passed], at(1)).await.unwrap(), 1);

    // One that ran is left to its run, also where somebody asks for it by mistake; a slot that
    // nobody ever took is made.
    let mut later = Story::new("later", 5, &["a", "b", "c", "d"], dead());
    let RunEvent::RunStarted { tasks, .. } = &mut later.events[0] else {
        panic!("a story begins otherwise");
    };
    for (listed, second) in tasks.iter_mut().zip([0, 0, 1, 2]) {
        listed.slot = Some(slot(second));
    }
    later
        .does(Outcome::Succeeded)
        .does(Outcome::Failed(Exit::Code(3)));
    let end = later.start(1).tell(&store).await;
    assert!(end.failure.is_none(), "{end:?}");
    let rows = async |second| {
        let mut rows = store.ledger_of_slot(&slot(second)).await.unwrap();
        rows.sort_by(|one, two| one.name.cmp(&two.name));
        rows.into_iter()
            .map(|row| {
                let run = row.run.map(|run| run.to_string());
                format!("{} {} {}", row.name, row.state, run.unwrap_or_default())
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(rows(0).await, ["a ran first", "b ran later"]);
    assert_eq!(rows(1).await, ["c due later"]);
    assert_eq!(rows(2).await, ["d due later"]);
    store.recover(home.path(), &owner, at(3600)).await.unwrap();
    assert_eq!(rows(0).await, ["a ran first", "b ran later"]);
    assert_eq!(rows(1).await, ["c unknown later"]);
    assert_eq!(rows(2).await, ["d skipped later"]);
    // Its journal turns up: what was assumed is taken back.
    later.end(1, Outcome::Succeeded).does(Outcome::Succeeded).finish();
    let end = later.tell(&store).await;
    assert!(end.failure.is_none(), "{end:?}");
    assert_eq!(rows(1).await, ["c ran later"]);
    assert_eq!(rows(2).await, ["d ran later"]);
    let newest = store.newest_runs(&[("g", "c")]).await.unwrap();
    assert_eq!(newest[0].as_ref().unwrap().slot, Some(at(1)));
    store.close().await;
}

async fn a_slot_that_nobody_ran_is_missed(home: &Home) {
    let store = home.open().await;
    let missed = [task("a", SlotState::Missed("no scheduler was running".into()))];
    let passed = [0, 1, 0].map(|second| PassedSlot {
        slot: slot(second),
        tasks: missed.to_vec(),
    });
    assert_eq!(store.pass_over(&passed, at(60)).await.unwrap(), 2, "each once");
    let owner = this_process().unwrap();
    let late = store
        .claim_slot(
            SlotRequest::new(&slot(0), (&RunId::new("r"), &owner), &[]),
            at(61),
        )
        .await
        .unwrap();
    assert_eq!(late, Claim::Taken(None));
    assert_eq!(
        ledger(&store, "a").await,
        vec![("missed".to_owned(), "no scheduler was running".to_owned()); 2]
    );
    assert_eq!(
        store.last_slot_until("group:g", at(1)).await.unwrap(),
        Some(at(1))
    );
    assert_eq!(
        store.last_slot_until("group:g", at(0)).await.unwrap(),
        Some(at(0))
    );
    assert_eq!(store.last_slot_until("group:g", at(-1)).await.unwrap(), None);
    store.close().await;
}

async fn those_passed_over_before_a_slot_come_with_its_claim(home: &Home) {
    let (one, two) = (home.open().await, home.open().await);
    let here = this_process().unwrap();
    let due = [task("a", SlotState::Due)];
    let older: Vec<PassedSlot> = (0..20)
        .map(|second| PassedSlot {
            slot: slot(second),
            tasks: vec![task("a", SlotState::Missed("nobody was there".into()))],
        })
        .collect();
    // Somebody else passes over the same ones, in the other order, at the same time.
    let reversed: Vec<PassedSlot> = older.iter().rev().cloned().collect();
    let run = RunId::new("r");
    let (newest, owner) = (slot(20), (&run, &here));
    let (claim, passed) = tokio::join!(
        one.claim_slot(
            SlotRequest {
                older: &older,
                ..SlotRequest::new(&newest, owner, &due)
            },
            at(20)
        ),
        two.pass_over(&reversed, at(20))
    );
    assert_eq!(claim.unwrap(), Claim::Ours);
    assert!(passed.unwrap() <= 20);
    let rows = one.ledger("g", "a", 30).await.unwrap();
    assert_eq!(rows.len(), 21);
    assert!(
        rows[1..].iter().all(|row| row.state == LedgerState::Missed),
        "{rows:?}"
    );
    one.close().await;
    two.close().await;
}

async fn a_slot_that_was_taken_and_never_begun_is_missed(home: &Home) {
    let store = home.open().await;
    let here = this_process().unwrap();
    let due = [task("a", SlotState::Due)];
    for (second, owner) in [(0, dead()), (1, here.clone())] {
        let run = RunId::new(format!("r{second}"));
        let claim = store
            .claim_slot(SlotRequest::new(&slot(second), (&run, &owner), &due), at(second))
            .await;
        assert_eq!(claim.unwrap(), Claim::Ours);
    }
    store.recover(home.path(), &here, at(3600)).await.unwrap();
    let rows = ledger(&store, "a").await;
    assert_eq!(rows[0], ("due".to_owned(), String::new()), "its owner is alive");
    assert_eq!(rows[1].0, "missed");
    assert!(rows[1].1.contains("ended before it could run it"), "{rows:?}");
    // Its journal turns up after all, perhaps from another state directory: what was
    // assumed is taken back.
    let mut story = Story::at_slot("r0", 0, &["a"], dead(), Some(slot(0)));
    story.does(Outcome::Succeeded).finish();
    let end = story.tell(&store).await;
    assert!(end.failure.is_none(), "{end:?}");
    let rows = ledger(&store, "a").await;
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert_eq!(rows[1], ("ran".to_owned(), "exited with code 0".to_owned()));
    store.close().await;
}

async fn no_slot_is_taken_while_another_process_runs_the_entry(home: &Home) {
    let store = home.open().await;
    let here = this_process().unwrap();
    let mut elsewhere = here.clone();
    elsewhere.host.push_str("-other");
    let mut story = Story::at_slot("there", 0, &["a"], elsewhere, Some(slot(0)));
    story.start(1).tell(&store).await;
    let due = [task("a", SlotState::Due)];
    let run = RunId::new("here");
    let claim = store
        .claim_slot(SlotRequest::new(&slot(1), (&run, &here), &due), at(1))
        .await
        .unwrap();
    assert_eq!(claim, Claim::Busy(RunId::new("there"), slot(0).entry));
    let claim = store
        .claim_slot(SlotRequest::new(&slot(0), (&run, &here), &due), at(1))
        .await
        .unwrap();
    assert_eq!(claim, Claim::Taken(Some(RunId::new("there"))));
    // Another entry is not its business, unless they share an overlap queue: then at any slot.
    let (mate, mut other) = (slot(0).entry, slot(0));
    other.entry = "release:g".to_owned();
    let busy = Claim::Busy(RunId::new("there"), mate.clone());
    let claim = store
        .claim_slot(
            SlotRequest {
                mate: Some(&mate),
                ..SlotRequest::new(&other, (&run, &here), &due)
            },
            at(1),
        )
        .await
        .unwrap();
    assert_eq!(claim, busy);
    assert!(
        store
            .overlap_queue_is_busy(&other, &here, Some(&mate))
            .await
            .unwrap()
    );
    assert!(!store.overlap_queue_is_busy(&other, &here, None).await.unwrap());
    // What may overlap asks nobody.
    let mut beside = slot(2);
    beside.entry.clone_from(&mate);
    let claim = store
        .claim_slot(
            SlotRequest {
                overlaps: true,
                ..SlotRequest::new(&beside, (&run, &here), &due)
            },
            at(2),
        )
        .await
        .unwrap();
    assert_eq!(claim, Claim::Ours);
    let claim = store
        .claim_slot(SlotRequest::new(&other, (&run, &here), &due), at(1))
        .await
        .unwrap();
    assert_eq!(claim, Claim::Ours);
    store.close().await;
}
