//! The views for people who look with SQL: words and times, the same on either database.

use orchestrator::events::SlotRef;
use orchestrator::model::Outcome;
use orchestrator::store::{SlotRequest, SlotState, SlotTask, this_process};

use sqlx::ConnectOptions;

use crate::run_events::{Home, Story, at};

on_both!(names_outcomes_and_times_can_be_read);

/// Each row as one text.
async fn rows(home: &Home, sql: &str) -> Vec<String> {
    let store = home.open().await;
    let rows: Vec<(String,)> = match store.database() {
        orchestrator::database::Database::Sqlite(file) => sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .fetch_all(file.pool())
            .await
            .unwrap(),
        orchestrator::database::Database::Postgres(pool) => {
            let mut own = pool.options().connect().await.unwrap();
            sqlx::query_as(sqlx::AssertSqlSafe(sql))
                .fetch_all(&mut own)
                .await
                .unwrap()
        }
    };
    store.close().await;
    rows.into_iter()
        .map(|(row,)| row.replace(['T', 'Z'], " "))
        .collect()
}

async fn names_outcomes_and_times_can_be_read(home: &Home) {
    let store = home.open().await;
    let slot = SlotRef {
        entry: "group:g".into(),
        at: at(0),
    };
    let owner = this_process().unwrap();
    let due = |command: &str| SlotTask {
        group: "g".into(),
        name: command.into(),
        command: command.into(),
        state: SlotState::Due,
    };
    let run = orchestrator::model::RunId::new("r1");
    store
        .claim_slot(
            SlotRequest::new(&slot, (&run, &owner), &[due("a"), due("b")]),
            at(0),
        )
        .await
        .unwrap();
    let mut story = Story::at_slot("r1", 1, &["a", "b"], owner, Some(slot));
    story.does(Outcome::Succeeded).does(Outcome::Succeeded);
    let end = story.finish().tell(&store).await;
    assert!(end.failure.is_none(), "{end:?}");
    store.close().await;
    let runs = rows(
        home,
        "select run || ' ' || outcome || ' ' || cast(started_at as text) from readable_runs",
    )
    .await;
    assert!(
        runs[0].starts_with("r1 ") && runs[0].contains(" 2026-11-25 00:00:01"),
        "{runs:?}"
    );
    let tasks = rows(
        home,
        "select group_name || '/' || name || ' ' || outcome from readable_tasks order by position",
    )
    .await;
    assert_eq!(tasks[0], "g/a succeeded", "{tasks:?}");
    let attempts = rows(
        home,
        "select command || ' ' || attempt || ' ' || outcome || ' ' || cast(started_at as text) from readable_attempts",
    )
    .await;
    assert!(
        attempts[0].starts_with("a 1 succeeded 2026-11-25 00:00:0"),
        "{attempts:?}"
    );
    let slots = rows(
        home,
        "select name || ' ' || state || ' ' || coalesce(outcome, '-') || ' ' || run || ' ' || cast(slot_at as text)
         from readable_slots order by name",
    )
    .await;
    assert!(
        slots[0].starts_with("a ran succeeded r1 2026-11-25 00:00:00"),
        "{slots:?}"
    );
}
