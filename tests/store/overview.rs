//! What the pages ask beside the verbs: what runs, the nights, the tasks and slots of listed runs,
//! the records of a collection from a key on.

use orchestrator::events::{RecordCounts, SlotRef};
use orchestrator::model::{Exit, NoticeKind, Outcome, RunId, TaskStatus};
use orchestrator::store::{
    HistoryFilter, KnownTask, Notice, NoticePlace, PassedSlot, SlotRequest, SlotState, SlotTask,
    UnservedSlot, this_process,
};

use crate::records::{delivery, line, shelf};
use crate::run_events::{Home, Story, at};

on_both!(
    what_runs_is_told_and_what_has_ended_is_not,
    nights_are_counted_from_the_runs,
    runs_are_listed_with_their_tasks_and_slots,
    a_list_goes_on_from_a_run,
    slots_that_nobody_ran_are_counted,
    records_are_paged_by_key_and_summed_since_a_moment,
    notices_are_paged_from_the_newest_on,
    each_attempt_says_what_it_used,
);

fn failed() -> Outcome {
    Outcome::Failed(Exit::Code(1))
}

async fn what_runs_is_told_and_what_has_ended_is_not(home: &Home) {
    let store = home.open().await;
    let owner = this_process().unwrap();
    assert_eq!(store.running_tasks(10).await.unwrap(), []);
    let mut ended = Story::new("1", 0, &["a"], owner.clone());
    ended.does(Outcome::Succeeded).finish().tell(&store).await;
    let mut running = Story::new("2", 100, &["a", "b", "c"], owner.clone());
    running
        .does(Outcome::Succeeded)
        .start(1)
        .retry(1)
        .start(2)
        .tell(&store)
        .await;
    let mut later = Story::new("3", 200, &["d"], owner);
    later.start(1).tell(&store).await;
    let found = store.running_tasks(10).await.unwrap();
    let told: Vec<(&str, &str, u64, u64)> = found
        .iter()
        .map(|task| {
            (
                task.run.as_str(),
                task.name.as_str(),
                task.position,
                task.attempts,
            )
        })
        .collect();
    assert_eq!(told, [("2", "b", 2, 2), ("3", "d", 1, 1)]);
    assert_eq!(found[1].started_at, at(201));
    assert_eq!(store.running_tasks(1).await.unwrap().len(), 1);
}

async fn nights_are_counted_from_the_runs(home: &Home) {
    let store = home.open().await;
    let owner = this_process().unwrap();
    const DAY: i64 = 86_400;
    for (id, start, ends) in [
        ("1", -3 * DAY, [Outcome::Succeeded, Outcome::Succeeded]),
        ("2", -DAY - 60, [failed(), Outcome::Succeeded]),
        ("3", -60, [failed(), failed()]),
        ("4", -30, [Outcome::Succeeded, failed()]),
    ] {
        let mut story = Story::new(id, start, &["a", "b"], owner.clone());
        for end in ends {
            story.does(end);
        }
        story.finish().tell(&store).await;
    }
    let nights = store.nights(at(0), 3).await.unwrap();
    let counts: Vec<(u64, u64)> = nights
        .iter()
        .map(|night| (night.succeeded, night.failed))
        .collect();
    // The first is more than three nights ago, by the moment.
    assert_eq!(counts, [(0, 0), (1, 1), (1, 3)]);
    assert_eq!(store.nights(at(0), 0).await.unwrap(), []);
}

async fn runs_are_listed_with_their_tasks_and_slots(home: &Home) {
    let store = home.open().await;
    let owner = this_process().unwrap();
    let slot = SlotRef {
        entry: "group:g".into(),
        at: at(100),
    };
    let of_slot = RunId::new("2");
    let request = SlotRequest::new(&slot, (&of_slot, &owner), &[]);
    store.claim_slot(request, at(100)).await.unwrap();
    let mut by_hand = Story::new("1", 0, &["b", "a"], owner.clone());
    by_hand
        .does(failed())
        .does(Outcome::Succeeded)
        .finish()
        .tell(&store)
        .await;
    let mut running = Story::at_slot("2", 100, &["x", "y"], owner, Some(slot.clone()));
    running.start(1).tell(&store).await;
    let (one, two) = (RunId::new("1"), of_slot);
    let unknown = RunId::new("3");
    let tasks = store.tasks_of_runs(&[&two, &unknown, &one], 100).await.unwrap();
    let told: Vec<(&str, &str, TaskStatus)> = tasks
        .iter()
        .map(|task| (task.run.as_str(), task.name.as_str(), task.status))
        .collect();
    assert_eq!(
        told,
        [
            ("1", "b", TaskStatus::Failed),
            ("1", "a", TaskStatus::Succeeded),
            ("2", "x", TaskStatus::Running),
            ("2", "y", TaskStatus::Pending),
        ]
    );
    assert_eq!(store.tasks_of_runs(&[&one, &two], 3).await.unwrap().len(), 3);
    assert_eq!(
        store.slots_of(&[&one, &two]).await.unwrap(),
        [(two.clone(), slot)]
    );
    assert_eq!(store.tasks_of_runs(&[], 3).await.unwrap(), []);
    assert_eq!(store.slots_of(&[]).await.unwrap(), []);
}

async fn a_list_goes_on_from_a_run(home: &Home) {
    let store = home.open().await;
    let owner = this_process().unwrap();
    // Two began in the same moment.
    for (id, start) in [("1", 0), ("2", 10), ("3", 10), ("4", 20)] {
        let mut story = Story::new(id, start, &["a"], owner.clone());
        story.does(failed()).finish().tell(&store).await;
    }
    let known = KnownTask {
        group: "g".into(),
        name: "a".into(),
        command: "a".into(),
    };
    for filter in [
        HistoryFilter::default(),
        HistoryFilter {
            outcome: Some("failed".into()),
            ..HistoryFilter::default()
        },
        HistoryFilter {
            tasks: vec![known],
            group: Some("g".into()),
            ..HistoryFilter::default()
        },
    ] {
        let mut seen = Vec::new();
        let mut before = None;
        loop {
            let filter = HistoryFilter {
                before: before.clone(),
                last: 1,
                ..filter.clone()
            };
            let Some(run) = store.history(&filter).await.unwrap().pop() else {
                break;
            };
            before = Some((run.started_at, run.run.clone()));
            seen.push(run.run.to_string());
        }
        assert_eq!(seen, ["4", "3", "2", "1"], "{filter:?}");
    }
    let past = HistoryFilter {
        group: Some("g".into()),
        before: Some((at(10), RunId::new("3"))),
        last: 10,
        ..HistoryFilter::default()
    };
    let runs = store.past_tasks(&past).await.unwrap();
    let runs: Vec<&str> = runs.iter().map(|task| task.run.run.as_str()).collect();
    assert_eq!(runs, ["2", "1"]);
}

async fn records_are_paged_by_key_and_summed_since_a_moment(home: &Home) {
    let store = home.open().await;
    let shelf = shelf(&store);
    let events: String = ["b", "a", "d", "c"]
        .map(|key| line("x", key, "{\"n\":1}"))
        .concat();
    shelf
        .ingest(home.path(), &delivery(home, "r1", 0, &events))
        .await
        .unwrap();
    let events = line("x", "a", "{\"n\":2}") + &line("y", "z", "{}");
    shelf
        .ingest(home.path(), &delivery(home, "r2", 100, &events))
        .await
        .unwrap();
    let keys = async |after: &str, most: u32| {
        let page = shelf.page("x", after, most).await.unwrap();
        page.iter().map(|record| record.key.clone()).collect::<String>()
    };
    assert_eq!(keys("", 2).await, "ab");
    assert_eq!(keys("b", 2).await, "cd");
    assert_eq!(keys("d", 2).await, "");
    let first = shelf.page("x", "", 1).await.unwrap().remove(0);
    assert_eq!(
        (first.data.get(), first.changed_run.as_str()),
        ("{\"n\":2}", "r2")
    );
    let brought = |new, changed| RecordCounts {
        new,
        changed,
        unchanged: 0,
    };
    assert_eq!(shelf.brought_since(at(0)).await.unwrap(), brought(5, 1));
    assert_eq!(shelf.brought_since(at(100)).await.unwrap(), brought(1, 1));
    assert_eq!(shelf.brought_since(at(101)).await.unwrap(), brought(0, 0));
}

async fn slots_that_nobody_ran_are_counted(home: &Home) {
    let store = home.open().await;
    let task = |name: &str, state: SlotState| SlotTask {
        group: "g".into(),
        name: name.into(),
        command: name.into(),
        state,
    };
    let missed = || SlotState::Missed("nobody was there".into());
    let passed = |second: i64, tasks: Vec<SlotTask>| PassedSlot {
        slot: SlotRef {
            entry: "group:g".into(),
            at: at(second),
        },
        tasks,
    };
    let slots = [
        passed(10, vec![task("a", missed()), task("b", missed())]),
        passed(20, vec![task("a", SlotState::Skipped("paused".into()))]),
        passed(30, vec![task("a", missed())]),
    ];
    store.pass_over(&slots, at(40)).await.unwrap();
    let slot = |second: i64, tasks: u64| UnservedSlot {
        entry: "group:g".into(),
        slot: at(second),
        tasks,
        cause: "nobody was there".into(),
    };
    assert_eq!(
        store.unserved_slots(at(0), at(40), 9).await.unwrap(),
        [slot(30, 1), slot(10, 2)]
    );
    assert_eq!(
        store.unserved_slots(at(0), at(30), 9).await.unwrap(),
        [slot(10, 2)]
    );
    assert_eq!(
        store.unserved_slots(at(0), at(40), 1).await.unwrap(),
        [slot(30, 1)]
    );
}

async fn notices_are_paged_from_the_newest_on(home: &Home) {
    let store = home.open().await;
    let notice = |second: i64, subject: &str, channel: &str| Notice {
        subject: subject.to_owned(),
        channel: channel.to_owned(),
        kind: NoticeKind::Failure,
        group: "g".to_owned(),
        name: "a".to_owned(),
        command: "a".to_owned(),
        run: None,
        at: at(second),
        reason: "exited with code 1".to_owned(),
        in_a_row: 1,
        batch: subject.to_owned(),
        hint: None,
        tail: Vec::new(),
    };
    let told = [
        notice(1, "s1", "mail"),
        notice(2, "s2", "chat"),
        notice(2, "s2", "mail"),
        notice(2, "s3", "chat"),
        notice(3, "s4", "mail"),
    ];
    store.raise(&told).await.unwrap();
    let mut seen = Vec::new();
    let mut after: Option<NoticePlace> = None;
    loop {
        let page = store.notices_after(after.as_ref(), 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(NoticePlace {
            at: last.notice.at,
            subject: last.notice.subject.clone(),
            channel: last.notice.channel.clone(),
        });
        seen.extend(
            page.into_iter()
                .map(|told| (told.notice.subject, told.notice.channel)),
        );
        // What comes meanwhile is in front of the list, and moves nothing.
        store.raise(&[notice(9, "s9", "mail")]).await.unwrap();
    }
    let seen: Vec<(&str, &str)> = seen.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    assert_eq!(
        seen,
        [
            ("s4", "mail"),
            ("s2", "chat"),
            ("s2", "mail"),
            ("s3", "chat"),
            ("s1", "mail"),
        ]
    );
}

async fn each_attempt_says_what_it_used(home: &Home) {
    let store = home.open().await;
    let mut story = Story::new("1", 0, &["a"], this_process().unwrap());
    story.start(1).retry(1).start(2).tell(&store).await;
    let run = store.run(&RunId::new("1")).await.unwrap().unwrap();
    let attempts = &run.tasks[0].attempt_list;
    let used = |at: usize| (attempts[at].max_rss_bytes, attempts[at].cpu_ms);
    assert_eq!((used(0), used(1)), ((Some(1 << 20), Some(7)), (None, None)));
    assert_eq!(attempts[0].leftovers, ["sleep, pid 1"]);
    assert!(attempts[1].leftovers.is_empty());
    // What it may use is known from its beginning on.
    assert_eq!(
        (attempts[0].timeout_ms, attempts[1].timeout_ms),
        (Some(60_000), Some(60_000))
    );
}
