//! On PostgreSQL, too, no question reads a whole table: the server itself says how it
//! answered each statement that was really sent (auto_explain), in a database with
//! enough rows to matter. (For SQLite: `store::plans`.)

use std::fs;

use orchestrator::model::RunId;
use orchestrator::store::{HistoryFilter, KnownTask, StatisticsFilter, this_process};

use crate::both::runtime;
use crate::cluster::{Cluster, name_of};
use crate::figures::fill;
use crate::run_events::{Home, at};

const RUNS: u32 = 20_000;

/// No step of any answer looks at more rows: far fewer than the 200,000 that there are.
const MOST: u64 = 5_000;

#[test]
fn no_question_reads_a_whole_table() {
    let cluster = Cluster::start();
    let home = Home::new(Some(cluster.database()));
    let database = name_of(home.url.as_deref().unwrap()).to_owned();
    runtime().block_on(async {
        home.open().await.close().await;
        fill(&home, RUNS).await;
        cluster.psql(&database, "analyze");
        // For connections that are made from here on.
        for setting in [
            "session_preload_libraries = auto_explain",
            "auto_explain.log_min_duration = 0",
            "auto_explain.log_analyze = on",
            "auto_explain.log_timing = off",
            "auto_explain.log_format = json",
        ] {
            cluster.psql(&database, &format!("alter database {database} set {setting}"));
        }
        ask(&home).await;
    });
    let log = fs::read_to_string(cluster.dir().join("log")).unwrap();
    let plans: Vec<serde_json::Value> = log
        .split("plan:\n")
        .skip(1)
        .filter_map(|text| serde_json::Deserializer::from_str(text).into_iter().next())
        .map(Result::unwrap)
        .collect();
    assert!(plans.len() > 50, "{} plans in {log}", plans.len());
    let about_tasks = plans
        .iter()
        .filter(|plan| plan["Query Text"].as_str().unwrap().contains("from tasks"));
    assert!(about_tasks.count() > 10);
    for plan in &plans {
        judge(&plan["Plan"], &plan["Query Text"]);
    }
}

/// Every step of a plan, and those below it.
fn judge(step: &serde_json::Value, query: &serde_json::Value) {
    let number = |key: &str| step[key].as_f64().unwrap_or(0.0);
    let each =
        number("Actual Rows") + number("Rows Removed by Filter") + number("Rows Removed by Index Recheck");
    let rows = each * number("Actual Loops").max(1.0);
    assert!(rows < MOST as f64, "{rows} rows: {step:#}\nof {query}");
    for below in step["Plans"].as_array().into_iter().flatten() {
        judge(below, query);
    }
}

/// What people and schedulers ask.
async fn ask(home: &Home) {
    let store = home.open().await;
    let dates = [
        (None, None),
        (
            Some("2023-12-01T00:00:00Z".parse().unwrap()),
            Some("2023-12-02T00:00:00Z".parse().unwrap()),
        ),
    ];
    for (since, until) in dates {
        for command in [None, Some("run_12"), Some("rare")] {
            for group in [None, Some("g1")] {
                for outcome in [None, Some("failed"), Some("lost"), Some("running")] {
                    let filter = HistoryFilter {
                        tasks: command
                            .map(|name| task(group.unwrap_or("g1"), name))
                            .into_iter()
                            .collect(),
                        group: group.map(str::to_owned),
                        outcome: outcome.map(str::to_owned),
                        since,
                        until,
                        before: None,
                        last: 20,
                    };
                    store.history(&filter).await.unwrap();
                }
            }
        }
    }
    let thousand = HistoryFilter {
        last: 1000,
        ..HistoryFilter::default()
    };
    assert_eq!(store.history(&thousand).await.unwrap().len(), 1000);
    for command in ["run_12", "run_11", "rare", "nobody"] {
        for group in [None, Some("g1".to_owned())] {
            let mut tasks = store.known_tasks().await.unwrap();
            tasks.retain(|task| {
                task.name == command && group.as_ref().is_none_or(|group| *group == task.group)
            });
            let filter = StatisticsFilter {
                tasks,
                last: 1000,
                ..StatisticsFilter::default()
            };
            store.statistics(&filter).await.unwrap();
        }
        store.last_outcomes("g1", command, 20).await.unwrap();
        store.known_tasks().await.unwrap();
        store.ledger("g1", command, 20).await.unwrap();
    }
    store.find_run("last").await.unwrap();
    store.find_run("run-0123").await.unwrap();
    let run = RunId::new("run-012345");
    assert_eq!(store.run(&run).await.unwrap().unwrap().tasks.len(), 10);
    let here = this_process().unwrap();
    store.health(home.path(), &here).await.unwrap();
    store.recover(home.path(), &here, at(0)).await.unwrap();
    store.close().await;
}

fn task(group: &str, name: &str) -> KnownTask {
    KnownTask {
        group: group.into(),
        name: name.into(),
        command: name.into(),
    }
}
