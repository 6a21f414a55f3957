//! No question that people or schedulers ask reads a whole table: every statement
//! that is sent for one is explained, and must begin at an index.

use std::cell::RefCell;
use std::path::Path;

use jiff::Timestamp;
use sqlx::AssertSqlSafe;

use super::read::HistoryFilter;
use super::slots::{SlotState, SlotTask};
use super::store::Store;
use crate::model::{Owner, RunId};
use crate::report::SlotRef;

thread_local! {
    static STATEMENTS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Called with every statement that is sent.
pub(super) fn note(sql: &str) {
    STATEMENTS.with_borrow_mut(|all| all.push(sql.to_owned()));
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
                command: given(1, "c"),
                group: given(2, "g"),
                outcome: given(4, outcome).or(given(8, outcome)),
                last: 20,
                ..base.clone()
            };
            store.history(&filter).await.unwrap();
        }
    }
    store.find_run("last").await.unwrap();
    store.find_run("2026").await.unwrap();
    store.run(&RunId::new("r")).await.unwrap();
    store.last_outcomes("g", "c", 20).await.unwrap();
    store.groups_of("c").await.unwrap();
    store.ledger("c", 20).await.unwrap();
    store.last_slot("group:g").await.unwrap();
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
        command: "c".into(),
        state: SlotState::Due,
    };
    store
        .claim_slot(&slot, &RunId::new("r"), &owner, &[due], now, None)
        .await
        .unwrap();
    store.last_slot_until("e", now).await.unwrap();
    store.last_success("g", "c").await.unwrap();
}

#[tokio::test]
async fn no_question_reads_a_whole_table() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(None, dir.path()).await.unwrap();
    ask_everything(&store).await;
    let mut statements = STATEMENTS.take();
    statements.sort();
    statements.dedup();
    assert!(statements.len() > 30, "{statements:#?}");
    for statement in statements.iter().filter(|sql| !sql.contains("sqlite_master")) {
        let explain = format!("explain query plan {statement}");
        let Store::Sqlite(pool) = &store else {
            unreachable!()
        };
        let steps: Vec<(i64, i64, i64, String)> = sqlx::query_as(AssertSqlSafe(explain))
            .fetch_all(pool)
            .await
            .unwrap();
        for (.., step) in &steps {
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
