//! What the store gathers for the night in one answer.

use orchestrator::events::SlotRef;
use orchestrator::model::{Because, CancelCause, Exit, Outcome, OutcomeKind, RunId, TaskStatus};
use orchestrator::store::{
    HistoryFilter, KnownTask, LedgerState, PassedSlot, PastTask, SlotFilter, SlotRequest, SlotState,
    SlotTask, this_process,
};

use crate::run_events::{Home, Story, at};

on_both!(
    the_newest_run_of_each_task_and_its_streak,
    the_slots_of_a_night_with_what_became_of_them,
    tasks_in_their_runs_and_the_slots_that_no_run_reached,
    runs_without_success_say_how_they_came_to_it,
);

fn failed() -> Outcome {
    Outcome::Failed(Exit::Code(1))
}

async fn the_newest_run_of_each_task_and_its_streak(home: &Home) {
    let store = home.open().await;
    let owner = this_process().unwrap();
    for (place, (id, ends)) in [
        ("1", [Outcome::Succeeded, Outcome::Succeeded]),
        ("2", [failed(), failed()]),
        ("3", [failed(), Outcome::Succeeded]),
    ]
    .into_iter()
    .enumerate()
    {
        let start = i64::try_from(place).unwrap() * 100;
        let mut story = Story::new(id, start, &["a", "b"], owner.clone());
        for end in ends {
            story.does(end);
        }
        story.finish().tell(&store).await;
    }
    let mut running = Story::new("4", 300, &["b", "c"], owner);
    running.start(1).tell(&store).await;
    let asked = [("g", "a"), ("g", "never"), ("g", "b"), ("g", "c")];
    let newest = store.newest_runs(&asked).await.unwrap();
    let short = |place: usize| {
        let run = newest[place].as_ref().unwrap();
        (run.run.as_str(), run.status, run.last_success)
    };
    assert_eq!(short(0), ("3", TaskStatus::Failed, Some(at(0))));
    assert_eq!(newest[1], None);
    assert_eq!(short(2), ("4", TaskStatus::Running, Some(at(200))));
    assert_eq!(short(3), ("4", TaskStatus::Pending, None));
    let of_a = newest[0].as_ref().unwrap();
    assert_eq!(of_a.begun_at, Some(at(201)));
    assert_eq!(of_a.last_line.as_deref(), Some("nul \u{2400}, snowman \u{2603}"));
    let streaks = store
        .failing_streaks(&[
            ("g", "a", Some(at(0))),
            ("g", "b", Some(at(200))),
            ("g", "a", None),
        ])
        .await
        .unwrap();
    let short: Vec<_> = streaks
        .iter()
        .map(|streak| (streak.count, streak.since))
        .collect();
    assert_eq!(short, [(2, Some(at(100))), (0, None), (2, Some(at(100)))]);
    store.close().await;
}

/// What `history` of a collector or of a group is made of.
async fn tasks_in_their_runs_and_the_slots_that_no_run_reached(home: &Home) {
    let store = home.open().await;
    let owner = this_process().unwrap();
    let mut both = Story::new("1", 100, &["a", "b"], owner.clone());
    both.does(failed())
        .does(Outcome::Succeeded)
        .finish()
        .tell(&store)
        .await;
    let mut running = Story::new("2", 200, &["b"], owner);
    running.start(1).tell(&store).await;
    let known = |name: &str| KnownTask {
        group: "g".into(),
        name: name.into(),
        command: name.into(),
    };
    let ask = async |filter: HistoryFilter| {
        let found = store.past_tasks(&HistoryFilter { last: 10, ..filter }).await;
        let short = |task: &PastTask| format!("{}:{} {}", task.run.run, task.name, task.run.status);
        found.unwrap().iter().map(short).collect::<Vec<_>>()
    };
    let of_group = || HistoryFilter {
        group: Some("g".into()),
        ..HistoryFilter::default()
    };
    assert_eq!(
        ask(of_group()).await,
        ["2:b running", "1:b succeeded", "1:a failed"]
    );
    let of_a = HistoryFilter {
        tasks: vec![known("a")],
        ..HistoryFilter::default()
    };
    assert_eq!(ask(of_a).await, ["1:a failed"]);
    let of_both = HistoryFilter {
        tasks: vec![known("a"), known("b")],
        until: Some(at(150)),
        ..HistoryFilter::default()
    };
    assert_eq!(ask(of_both).await, ["1:b succeeded", "1:a failed"]);
    let open = HistoryFilter {
        outcome: Some("running".into()),
        ..of_group()
    };
    assert_eq!(ask(open).await, ["2:b running"]);

    let passed = |second: i64, name: &str, state: SlotState| PassedSlot {
        slot: SlotRef {
            entry: "group:g".into(),
            at: at(second),
        },
        tasks: vec![SlotTask {
            group: "g".into(),
            name: name.into(),
            command: name.into(),
            state,
        }],
    };
    let slots = [
        passed(10, "a", SlotState::Missed("nobody was there".into())),
        passed(20, "a", SlotState::Skipped("group g is paused since then".into())),
        passed(30, "a", SlotState::Skipped("it is not due on Wednesdays".into())),
        passed(40, "b", SlotState::Missed("nobody was there".into())),
    ];
    store.pass_over(&slots, at(50)).await.unwrap();
    let (one, two) = ([known("a")], [known("a"), known("b")]);
    let not_run = async |tasks: &[KnownTask], skipped_only: bool, since: i64| {
        let filter = SlotFilter {
            tasks,
            skipped_only,
            since: Some(at(since)),
            until: None,
            last: 10,
        };
        let rows = store.slots_not_run(&filter).await.unwrap();
        rows.iter().map(|row| row.slot).collect::<Vec<_>>()
    };
    assert_eq!(
        not_run(&one, false, 0).await,
        [at(20), at(10)],
        "not those of others"
    );
    assert_eq!(not_run(&one, true, 0).await, [at(20)]);
    assert_eq!(not_run(&two, false, 15).await, [at(40), at(20)]);
    store.close().await;
}

async fn runs_without_success_say_how_they_came_to_it(home: &Home) {
    let store = home.open().await;
    let owner = this_process().unwrap();
    let unknown = Outcome::Skipped(Because::ReleaseUnknown("no network".into()));
    let stopped = Outcome::Skipped(Because::Cancelled(CancelCause::Operator));
    for (start, (id, ends)) in [
        ("1", [failed(), Outcome::Succeeded]),
        ("2", [Outcome::Succeeded, unknown]),
        ("3", [Outcome::Succeeded, stopped]),
    ]
    .into_iter()
    .enumerate()
    {
        let start = i64::try_from(start).unwrap() * 100;
        let mut story = Story::new(id, start, &["a", "b"], owner.clone());
        for end in ends {
            match end {
                Outcome::Skipped(_) => story.skip(end),
                _ => story.does(end),
            };
        }
        story.finish().tell(&store).await;
    }
    let ids = ["1", "2", "3"].map(RunId::new);
    let ids: Vec<&RunId> = ids.iter().collect();
    let mut found: Vec<(String, bool, bool)> = store
        .unsuccessful(&ids)
        .await
        .unwrap()
        .into_iter()
        .map(|found| (found.run.to_string(), found.cancelled, found.release_unknown))
        .collect();
    found.sort();
    assert_eq!(found, [("2".into(), false, true), ("3".into(), true, false)]);
    store.close().await;
}

async fn the_slots_of_a_night_with_what_became_of_them(home: &Home) {
    let store = home.open().await;
    let slot = |entry: &str, second: i64| SlotRef {
        entry: entry.into(),
        at: at(second),
    };
    let task = |state: SlotState| SlotTask {
        group: "g".into(),
        name: "a".into(),
        command: "a".into(),
        state,
    };
    let passed = |slot: SlotRef| PassedSlot {
        slot,
        tasks: vec![task(SlotState::Missed("nobody was there".into()))],
    };
    assert_eq!(store.newest_slot().await.unwrap(), None);
    let slots = [
        passed(slot("group:g", 10)),
        passed(slot("group:g", 500)),
        passed(slot("release:g", 20)),
    ];
    store.pass_over(&slots, at(20)).await.unwrap();
    let owner = this_process().unwrap();
    let run = RunId::new("r");
    store
        .claim_slot(
            SlotRequest::new(&slot("group:g", 30), (&run, &owner), &[task(SlotState::Due)]),
            at(30),
        )
        .await
        .unwrap();
    let mut story = Story::at_slot("r", 30, &["a"], owner, Some(slot("group:g", 30)));
    story.does(failed()).finish().tell(&store).await;
    let mut found = store.ledger_since(at(10), at(100)).await.unwrap();
    found.sort_by_key(|found| found.row.slot);
    let short: Vec<_> = found
        .iter()
        .map(|found| (found.row.slot, found.row.state, found.outcome, found.suspect))
        .collect();
    assert_eq!(
        short,
        [
            (at(10), LedgerState::Missed, None, false),
            (at(30), LedgerState::Ran, Some(OutcomeKind::Failed), false)
        ]
    );
    assert_eq!(store.newest_slot().await.unwrap(), Some(at(500)));
    store.close().await;
}
