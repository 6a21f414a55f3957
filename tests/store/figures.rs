//! A million attempts, and how long each question takes then. By hand:
//! `cargo test --test store figures -- --ignored --nocapture`

use std::time::{Duration, Instant};

use orchestrator::model::{Clock, Outcome, RunId, SystemClock};
use orchestrator::store::{HistoryFilter, KnownTask, StatisticsFilter, Store, this_process};

use crate::both::runtime;
use crate::cluster::cluster;
use crate::run_events::{Home, Story, at};

const RUNS: u32 = 100_000;

/// 100,000 runs of ten tasks; fifty collectors, one that ran once, long ago.
const RUN_ROWS: &str = "insert into runs
     (id, schedule, group_name, started_at, finished_at, succeeded, failed, skipped, success, exit_code, lost,
      events, owner_host, owner_boot, owner_pid, owner_start)
     select printf_id, 'daily', 'g' || (n % 5), 1700000000000000 + n * 600000000,
     1700000000000000 + n * 600000000 + 60000000, 10, 0, 0, TRUE_, 0, null, 32, 'h', 'b', 1, 1 from numbers";
const TASK_ROWS: &str =
    "insert into tasks (run_id, position, run_started_at, group_name, name, command, args, schedule,
     outcome, exit_code, reason, attempts, duration_ms, log)
     select printf_id, k, 1700000000000000 + n * 600000000, 'g' || (n % 5),
         case when n = 7 and k = 1 then 'rare' else 'run_' || (n % 5 * 10 + k) end,
         case when n = 7 and k = 1 then 'rare' else 'run_' || (n % 5 * 10 + k) end, '[\"--all\"]', 'daily',
         case when n = 9 and k = 2 then 'lost' when (n + k) % 10 = 0 and k <> 1 then 'failed' else 'succeeded' end, 0,
         'exited with code 0', 1, 1000, 'runs/r/1.log' from numbers, tens";
const ATTEMPT_ROWS: &str = "insert into attempts
     (run_id, position, number, started_at, finished_at, outcome, exit_code, signal, reason, log)
     select printf_id, k, 1, 1700000000000000 + n * 600000000,
     1700000000000000 + n * 600000000 + 1000000, 'succeeded', 0, null, 'exited with code 0', 'runs/r/1.log'
     from numbers, tens";

fn rows(statement: &str, sqlite: bool, runs: u32) -> String {
    let numbers = if sqlite {
        "with recursive numbers (n) as (select 0 union all select n + 1 from numbers where n < RUNS - 1),
         tens (k) as (select 1 union all select k + 1 from tens where k < 10) "
    } else {
        "with numbers (n) as (select generate_series(0::bigint, RUNS - 1)),
         tens (k) as (select generate_series(1::bigint, 10)) "
    };
    let id = if sqlite {
        "printf('run-%06d', n)"
    } else {
        "'run-' || lpad(n::text, 6, '0')"
    };
    let json = if sqlite {
        "'[\"--all\"]'"
    } else {
        "'[\"--all\"]'::jsonb"
    };
    let statement = statement
        .replace("printf_id", id)
        .replace("'[\"--all\"]'", json)
        .replace("TRUE_", if sqlite { "1" } else { "true" });
    // Both take the names before the insert.
    format!("{numbers} {statement}").replace("RUNS", &runs.to_string())
}

/// Fills the tables with so many runs of ten tasks.
pub(crate) async fn fill(home: &Home, runs: u32) {
    for statement in [RUN_ROWS, TASK_ROWS, ATTEMPT_ROWS] {
        let sql = rows(statement, home.url.is_none(), runs);
        home.sql(&sql).await;
    }
}

const SLOT_ROWS: &str = "insert into slots (entry, slot, claimed_at, run_id)
     select 'group:g' || (n % 5), 1700000000000000 + n * 600000000,
     1700000000000000 + n * 600000000, printf_id from numbers";
const LEDGER_ROWS: &str =
    "insert into ledger (entry, slot, group_name, name, command, position, state, cause)
     select 'group:g' || (n % 5), 1700000000000000 + n * 600000000, 'g' || (n % 5),
         'run_' || (n % 5 * 10 + k), 'run_' || (n % 5 * 10 + k), k, 'ran', 'exited with code 0'
     from numbers, tens";

/// The same and the slots of the runs, of which the last was a moment ago. `change` may have
/// other tasks in the rows.
pub(crate) async fn fill_as(home: &Home, runs: u32, change: fn(&str) -> String) {
    let sqlite = home.url.is_none();
    let base = SystemClock.now().as_microsecond() - i64::from(runs) * 600_000_000;
    for statement in [RUN_ROWS, TASK_ROWS, ATTEMPT_ROWS, SLOT_ROWS, LEDGER_ROWS] {
        let sql = rows(&change(statement), sqlite, runs).replace("BASE_", &base.to_string());
        home.sql(&sql).await;
    }
    if !sqlite {
        home.sql("analyze").await;
    }
}

/// The median of some tries after the first, which reads what is not in memory yet.
async fn median(what: &str, ask: impl AsyncFn() -> usize) -> Duration {
    let begin = Instant::now();
    let count = ask().await;
    let first = begin.elapsed();
    let mut times = Vec::new();
    for _ in 0..11 {
        let begin = Instant::now();
        ask().await;
        times.push(begin.elapsed());
    }
    times.sort();
    println!(
        "{what:40} {count:5} rows  first {first:9.1?}, then {:9.1?}",
        times[5]
    );
    times[5]
}

async fn ask(home: &Home) {
    let store = home.open().await;
    let begin = Instant::now();
    fill(home, RUNS).await;
    if home.url.is_some() {
        // As autovacuum does. SQLite has to do without.
        home.sql("analyze").await;
    }
    println!("filled in {:.1?}", begin.elapsed());
    let mut all = Vec::new();
    let filter = |change: fn(&mut HistoryFilter)| {
        let mut filter = HistoryFilter {
            last: 20,
            ..HistoryFilter::default()
        };
        change(&mut filter);
        filter
    };
    for (what, change) in [
        ("history", (|_| {}) as fn(&mut HistoryFilter)),
        ("history of a collector", |filter| {
            filter.tasks = vec![KnownTask {
                group: "g1".into(),
                name: "run_12".into(),
                command: "run_12".into(),
            }];
        }),
        ("history of a rare collector", |filter| {
            filter.tasks = vec![KnownTask {
                group: "g2".into(),
                name: "rare".into(),
                command: "rare".into(),
            }];
        }),
        ("history of a group", |filter| filter.group = Some("g3".into())),
        ("history of an outcome", |filter| {
            filter.outcome = Some("failed".into());
        }),
        ("history of a rare outcome", |filter| {
            filter.outcome = Some("lost".into());
        }),
        ("history of a collector's rare outcome", |filter| {
            filter.tasks = vec![KnownTask {
                group: "g1".into(),
                name: "run_12".into(),
                command: "run_12".into(),
            }];
            filter.outcome = Some("lost".into());
        }),
        ("history of what runs", |filter| {
            filter.outcome = Some("running".into());
        }),
        ("history of a week", |filter| {
            filter.since = Some("2024-06-01T00:00:00Z".parse().unwrap());
            filter.until = Some("2024-06-08T00:00:00Z".parse().unwrap());
            filter.last = 100;
        }),
    ] {
        let filter = filter(change);
        all.push(median(what, async || store.history(&filter).await.unwrap().len()).await);
    }
    for (what, change) in [
        ("history --last 1000", (|_| {}) as fn(&mut HistoryFilter)),
        ("history --last 1000 of a collector", |filter| {
            filter.tasks = vec![KnownTask {
                group: "g1".into(),
                name: "run_12".into(),
                command: "run_12".into(),
            }];
        }),
    ] {
        let mut filter = filter(change);
        filter.last = 1000;
        all.push(median(what, async || store.history(&filter).await.unwrap().len()).await);
    }
    for (what, command, last) in [
        ("statistics of a collector", "run_12", 1000),
        ("statistics of one that never failed", "run_11", 1000),
        ("statistics of one of all its runs", "run_12", 1_000_000),
        ("statistics of a rare collector", "rare", 1000),
    ] {
        let filter = StatisticsFilter {
            tasks: all_of(&store, command).await,
            last,
            ..StatisticsFilter::default()
        };
        let time = median(what, async || store.statistics(&filter).await.unwrap().runs).await;
        // All of 20,000 runs is more than anybody looks at: told, not judged.
        if last == 1000 {
            all.push(time);
        }
    }
    let run = RunId::new("run-054321");
    all.push(median("find", async || store.find_run("run-0543").await.unwrap().len()).await);
    all.push(
        median("show", async || {
            store.run(&run).await.unwrap().unwrap().tasks.len()
        })
        .await,
    );
    all.push(
        median("why", async || {
            store.last_outcomes("g1", "run_12", 20).await.unwrap().len()
        })
        .await,
    );
    all.push(
        median("every task that is known", async || {
            store.known_tasks().await.unwrap().len()
        })
        .await,
    );
    let here = this_process().unwrap();
    all.push(
        median("recovery", async || {
            store.recover(home.path(), &here, at(0)).await.unwrap().lost.len()
        })
        .await,
    );
    record(&store, home).await;
    store.close().await;
    assert!(
        all.iter().all(|time| *time < Duration::from_millis(50)),
        "{all:?}"
    );
}

/// A thousand attempts, as fast as they can be told.
async fn record(store: &Store, home: &Home) {
    let mut story = Story::new("new", 0, &["a"; 100], this_process().unwrap());
    for _ in 0..100 {
        for attempt in 1..10 {
            story.start(attempt).retry(attempt);
        }
        story.start(10).end(10, Outcome::Succeeded);
    }
    story.finish();
    let journal = vec![story.journal(home.path())];
    let (begin, used) = (Instant::now(), cpu());
    let end = story
        .tell_with(store, home.path(), journal, Duration::from_secs(60))
        .await;
    let (took, used) = (begin.elapsed(), cpu() - used);
    assert!(end.failure.is_none(), "{end:?}");
    println!("1000 attempts in journal and database: {took:.1?}, {used:.1?} of CPU");
    assert!(
        used < Duration::from_secs(1),
        "an attempt costs {:?}",
        used / 1000
    );
}

fn cpu() -> Duration {
    use nix::sys::resource::{UsageWho, getrusage};
    let usage = getrusage(UsageWho::RUSAGE_SELF).unwrap();
    [usage.user_time(), usage.system_time()]
        .iter()
        .map(|time| {
            Duration::from_secs(time.tv_sec().unsigned_abs())
                + Duration::from_micros(time.tv_usec().unsigned_abs())
        })
        .sum()
}

#[test]
#[ignore = "takes minutes; run it by hand"]
fn a_million_attempts_sqlite() {
    runtime().block_on(ask(&Home::new(None)));
}

#[test]
#[ignore = "takes minutes; run it by hand"]
fn a_million_attempts_postgres() {
    runtime().block_on(ask(&Home::new(Some(cluster().database()))));
}

/// Every task of that name, in whichever group.
async fn all_of(store: &Store, name: &str) -> Vec<KnownTask> {
    let mut tasks = store.known_tasks().await.unwrap();
    tasks.retain(|task| task.name == name);
    tasks
}
