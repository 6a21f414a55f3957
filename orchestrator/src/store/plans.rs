//! No question that people or schedulers ask reads a whole table: every statement
//! that is sent for one is explained, and must begin at an index.

use std::path::Path;

use jiff::Timestamp;
use sqlx::AssertSqlSafe;

use crate::database::statements;
use crate::events::SlotRef;
use crate::model::{OutcomeKind, Owner, RunId};
use crate::rundir::journal;
use crate::store::fleet::looking::QueuedState;
use crate::store::runs::known_tasks::KnownTask;
use crate::store::runs::read::HistoryFilter;
use crate::store::runs::statistics::StatisticsFilter;
use crate::store::runs::write::Gaps;
use crate::store::store::Store;
use crate::store::timetable::ledger::LedgerState;
use crate::store::timetable::passed_slots::SlotFilter;
use crate::store::timetable::slots::{SlotRequest, SlotState, SlotTask};

fn task(name: String) -> KnownTask {
    KnownTask {
        group: "g".into(),
        command: name.clone(),
        name,
    }
}

/// Everything that is asked between two runs, once, of a store without a row.
async fn ask_everything(store: &Store) {
    let now = Timestamp::UNIX_EPOCH;
    let filters = [
        HistoryFilter::default(),
        HistoryFilter {
            since: Some(now),
            until: Some(now),
            ..HistoryFilter::default()
        },
    ];
    for base in filters {
        for chosen in 0..16_u8 {
            let given = |bit: u8, value: &str| (chosen & bit != 0).then(|| value.to_owned());
            let outcome = if chosen & 8 != 0 { "running" } else { "failed" };
            let filter = HistoryFilter {
                tasks: given(1, "c").map(task).into_iter().collect(),
                group: given(2, "g"),
                outcome: given(4, outcome).or(given(8, outcome)),
                last: 20,
                ..base.clone()
            };
            store.history(&filter).await.unwrap();
            if !filter.tasks.is_empty() || filter.group.is_some() {
                store.past_tasks(&filter).await.unwrap();
            }
        }
    }
    store.find_run("last").await.unwrap();
    store.find_run("2026").await.unwrap();
    store.run(&RunId::new("r")).await.unwrap();
    store.last_outcomes("g", "c", 20).await.unwrap();
    store.known_tasks().await.unwrap();
    store.ledger("g", "c", 20).await.unwrap();
    store.last_slot("group:g").await.unwrap();
    store.ledger_since(now, now).await.unwrap();
    store.newest_slot().await.unwrap();
    ask_for_pages(store, now).await;
    store.newest_runs(&[("g", "c")]).await.unwrap();
    store.unsuccessful(&[&RunId::new("r")]).await.unwrap();
    ask_for_slots_not_run(store, now).await;
    store.failing_streaks(&[("g", "c", None)]).await.unwrap();
    let owner = Owner {
        host: "h".into(),
        boot: "b".into(),
        pid: 1,
        started: 1,
    };
    store.health(Path::new("/nonexistent"), &owner).await.unwrap();
    store
        .recover(Path::new("/nonexistent"), &owner, now)
        .await
        .unwrap();
    let slot = SlotRef {
        entry: "e".into(),
        at: now,
    };
    let due = SlotTask {
        group: "g".into(),
        name: "c".into(),
        command: "c".into(),
        state: SlotState::Due,
    };
    store
        .claim_slot(SlotRequest::new(&slot, (&RunId::new("r"), &owner), &[due]), now)
        .await
        .unwrap();
    store.last_slot_until("e", now).await.unwrap();
    store.last_success("g", "c").await.unwrap();
}

/// What pages ask beside the verbs.
async fn ask_for_pages(store: &Store, now: Timestamp) {
    store.nights(now, 14).await.unwrap();
    store.unserved_slots(now, now, 20).await.unwrap();
    store.running_tasks(20).await.unwrap();
    store.tasks_of_runs(&[&RunId::new("r")], 20).await.unwrap();
    store.slots_of(&[&RunId::new("r")]).await.unwrap();
    let before = HistoryFilter {
        before: Some((now, RunId::new("r"))),
        last: 20,
        ..HistoryFilter::default()
    };
    store.history(&before).await.unwrap();
    store.actions(Some(7), 20).await.unwrap();
    store.actions_on("r", 20).await.unwrap();
    store.action_of_run(&RunId::new("r")).await.unwrap();
    store.newest_retry(&RunId::new("r")).await.unwrap();
}

async fn ask_for_slots_not_run(store: &Store, now: Timestamp) {
    let tasks = [task("c".to_owned())];
    let passed = SlotFilter {
        tasks: &tasks,
        skipped_only: false,
        since: Some(now),
        until: Some(now),
        last: 20,
    };
    store.slots_not_run(&passed).await.unwrap();
}

/// A run of one task, as its journal has it.
const JOURNAL: &str = concat!(
    r#"{"seq":1,"event":"run_started","run":"r","schedule":"daily","group":null,"at":"2026-11-26T04:18:45Z","owner":{"host":"h","boot":"b","pid":1,"started":1},"tasks":[{"position":1,"group":"g","command":"c","args":["a"],"schedule":"daily"}]}"#,
    "\n",
    r#"{"seq":2,"event":"task_finished","at":"2026-11-26T04:18:46Z","position":1,"group":"g","command":"c","args":["a"],"outcome":"succeeded","exit_code":0,"signal":null,"reason":"exited with code 0","category":null,"hint":null,"attempts":1,"duration_ms":21,"max_rss_bytes":1,"cpu_ms":0,"stdout_bytes":0,"stderr_bytes":0,"lines":0,"truncated":false,"leaked":false,"records":null,"suspect":null,"log":"l","last_attempt":{"number":1,"started_at":"2026-11-26T04:18:45Z","finished_at":"2026-11-26T04:18:46Z","outcome":"succeeded","exit_code":0,"signal":null,"reason":"exited with code 0","log":"l","isolation":"tree"}}"#,
    "\n",
);

/// Many ends go into one statement: each must find its own task, not look at all tasks of
/// the run.
#[tokio::test]
async fn an_end_is_written_where_its_task_is() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(None, dir.path()).await.unwrap();
    statements::take();
    let journal = dir.path().join("journal.jsonl");
    std::fs::write(&journal, JOURNAL).unwrap();
    let (events, problems) = journal::read(&journal).unwrap();
    assert_eq!((events.len(), problems), (2, Vec::new()));
    store
        .apply(&RunId::new("r"), &events, Gaps::Forgotten, None)
        .await
        .unwrap();
    let ends: Vec<String> = statements::take()
        .into_iter()
        .filter(|sql| sql.contains("json_each") && sql.contains("outcome is null"))
        .collect();
    assert_eq!(ends.len(), 2, "{ends:#?}");
    for statement in ends {
        let steps = steps(&store, &statement).await;
        let found = "USING PRIMARY KEY (run_id=? AND position=?)";
        assert!(
            steps
                .iter()
                .any(|step| step.starts_with("SEARCH tasks ") && step.ends_with(found)),
            "{steps:#?}: {statement}"
        );
    }
    store.close().await;
}

/// What is asked of a collector in a group begins at both, however many groups share it.
#[tokio::test]
async fn a_name_that_groups_share_costs_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(None, dir.path()).await.unwrap();
    let journal = dir.path().join("journal.jsonl");
    std::fs::write(&journal, JOURNAL).unwrap();
    let (events, _) = journal::read(&journal).unwrap();
    let run = RunId::new("r");
    store.apply(&run, &events, Gaps::Forgotten, None).await.unwrap();
    statements::take();
    store.last_outcomes("g", "c", 20).await.unwrap();
    store.last_success("g", "c").await.unwrap();
    assert_eq!(store.task_ends(&run).await.unwrap().len(), 1);
    assert_eq!(
        store
            .precious_among(std::slice::from_ref(&run))
            .await
            .unwrap()
            .len(),
        1
    );
    let task = task("c".to_owned());
    for outcome in [None, Some("failed".to_owned())] {
        let filter = HistoryFilter {
            tasks: vec![task.clone()],
            group: Some(task.group.clone()),
            outcome,
            last: 20,
            ..HistoryFilter::default()
        };
        store.history(&filter).await.unwrap();
    }
    let filter = StatisticsFilter {
        tasks: vec![task],
        last: 20,
        ..StatisticsFilter::default()
    };
    store.statistics(&filter).await.unwrap();
    let mut looked = 0;
    for statement in statements::take() {
        for step in steps(&store, &statement).await {
            let of_collector = step.contains("tasks_") || step.starts_with("SCAN tasks");
            if of_collector {
                assert!(step.contains("(group_name=? AND name=?"), "{step}: {statement}");
                looked += 1;
            }
        }
    }
    assert!(looked >= 10, "{looked} looks");
    store.close().await;
}

/// How SQLite goes about a statement.
async fn steps(store: &Store, statement: &str) -> Vec<String> {
    let explain = format!("explain query plan {statement}");
    let steps: Vec<(i64, i64, i64, String)> =
        store.database.fetch(AssertSqlSafe(explain), &[]).await.unwrap();
    steps.into_iter().map(|(.., step)| step).collect()
}

/// Most words are bound. Those that stand in the text, because an index is only of rows with
/// that word or because nothing but the word makes sense there, must be words of ours.
fn knows_its_words(statement: &str) {
    let known = [OutcomeKind::WORDS, LedgerState::WORDS, QueuedState::WORDS].concat();
    for word in statement.split('\'').skip(1).step_by(2) {
        assert!(known.contains(&word), "{word}: {statement}");
    }
}

#[tokio::test]
async fn no_question_reads_a_whole_table() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(None, dir.path()).await.unwrap();
    ask_everything(&store).await;
    let mut statements = statements::take();
    statements.sort();
    statements.dedup();
    assert!(statements.len() > 30, "{statements:#?}");
    let is_of_rows = |sql: &&String| !sql.contains("sqlite_master") && !sql.contains("pragma_table_info");
    for statement in statements.iter().filter(is_of_rows) {
        knows_its_words(statement);
        let steps = steps(&store, statement).await;
        for step in &steps {
            let whole = ["runs", "tasks", "attempts", "slots", "ledger"]
                .iter()
                .any(|table| *step == format!("SCAN {table}"));
            assert!(!whole, "{step}: {statement}");
            // Few runs are without an end: to look for them among all others, even in
            // the order of an index, is to read everything.
            let wrong_index = statement.contains("finished_at is null") && step.contains("runs_by_start");
            assert!(!wrong_index, "{step}: {statement}");
        }
    }
    store.close().await;
}
