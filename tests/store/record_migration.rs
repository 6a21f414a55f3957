//! A database that was made before sightings (migration 0008) says the same after it.

use std::borrow::Cow;
use std::path::Path;

use orchestrator::database::Database;
use orchestrator::store::Store;
use sqlx::ConnectOptions;
use sqlx::migrate::Migrator;

use crate::records::{all, counts, delivery, line, shelf};
use crate::run_events::{Home, at};

on_both!(what_was_seen_stays_seen);

/// The schema as it was.
async fn at_version(store: &Store, version: i64) {
    let folder = match store.database() {
        Database::Sqlite(_) => "sqlite",
        Database::Postgres(_) => "postgres",
    };
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../migrations")
        .join(folder);
    let mut migrator = Migrator::new(path).await.unwrap();
    let until = migrator.migrations.iter().filter(|step| step.version <= version);
    migrator.migrations = Cow::Owned(until.cloned().collect());
    match store.database() {
        Database::Sqlite(file) => migrator.run(file.pool()).await.unwrap(),
        Database::Postgres(pool) => {
            let mut own = pool.options().connect().await.unwrap();
            let place = sqlx::raw_sql("create schema orchestrate");
            place.execute(&mut own).await.unwrap();
            migrator.run(&mut own).await.unwrap();
        }
    }
}

/// What the view says of every record.
async fn view(store: &Store) -> Vec<(String, String, String)> {
    const SQL: &str = "select collection, key, first_run || ' ' || changed_run || ' ' || seen_run
         from current_records order by collection, key";
    match store.database() {
        Database::Sqlite(file) => sqlx::query_as(SQL).fetch_all(file.pool()).await,
        Database::Postgres(pool) => {
            let mut own = pool.options().connect().await.unwrap();
            sqlx::query_as(SQL).fetch_all(&mut own).await
        }
    }
    .unwrap()
}

async fn sightings(store: &Store) -> i64 {
    const SQL: &str = "select count(*) from sightings";
    let (count,): (i64,) = match store.database() {
        Database::Sqlite(file) => sqlx::query_as(SQL).fetch_one(file.pool()).await.unwrap(),
        Database::Postgres(pool) => {
            let mut own = pool.options().connect().await.unwrap();
            sqlx::query_as(SQL).fetch_one(&mut own).await.unwrap()
        }
    };
    count
}

async fn what_was_seen_stays_seen(home: &Home) {
    let store = Store::connect(home.url.as_deref(), home.path()).await.unwrap();
    at_version(&store, 6).await;
    for ingest in 1..=5 {
        let moment = at(ingest).as_microsecond();
        home.sql(&format!(
            "insert into ingests (run_id, position, group_name, command, at)
             values ('r{ingest}', 1, 'g', 'c', {moment})"
        ))
        .await;
        for collection in ["fresh", "mixed", "whole"] {
            home.sql(&format!(
                "insert into deliveries values ('{collection}', {ingest}, 1, 1, 1)"
            ))
            .await;
        }
    }
    // Every order of the three there can be, once; all seen by one; nothing seen again.
    let mut records = Vec::new();
    for first in 1..=5 {
        for changed in first..=5 {
            for seen in changed..=5 {
                records.push(format!(
                    "('mixed', '{first}{changed}{seen}', '{{}}', {first}, {changed}, {seen})"
                ));
            }
        }
        records.push(format!("('fresh', '{first}', '{{}}', {first}, {first}, {first})"));
        records.push(format!("('whole', '{first}', '{{}}', 1, {}, 4)", first.min(4)));
    }
    home.sql(&format!("insert into records values {}", records.join(", ")))
        .await;
    let before = view(&store).await;
    assert_eq!(before.len(), 45);
    store.migrate().await.unwrap();
    assert_eq!(view(&store).await, before);
    let exported = all(&store, "mixed").await;
    for record in &exported {
        let runs = [&record.first_run, &record.changed_run, &record.seen_run];
        let key: String = runs.map(|run| run.trim_start_matches('r')).concat();
        assert_eq!(record.key, key);
    }
    // Those of `mixed` that were not last seen by its fifth, nor changed after that.
    assert_eq!(sightings(&store).await, 20, "no more than need be");
    // What is delivered from now on goes on from there.
    let again: String = exported
        .iter()
        .map(|record| line("mixed", &record.key, "{}"))
        .collect();
    let again = delivery(home, "r6", 6, &again);
    let taken = shelf(&store).ingest(home.path(), &again).await.unwrap();
    assert_eq!(taken.counts, counts(0, 0, 35));
    assert_eq!(sightings(&store).await, 0);
    assert!(
        all(&store, "mixed")
            .await
            .iter()
            .all(|record| record.seen_run == "r6")
    );
    assert_eq!(shelf(&store).prune("whole", at(5), false).await.unwrap(), 5);
    store.close().await;
}
