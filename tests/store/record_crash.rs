//! Deliveries and what can happen to them: kill -9 while one is taken, a database that
//! is away when one should be, and others who write meanwhile.

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Instant;

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use orchestrator::database::Database;
use orchestrator::model::{Outcome, RunId};
use orchestrator::records::{Delivery, Follower, Undelivered};
use orchestrator::store::{Store, this_process};
use sqlx::{ConnectOptions, Connection};

use crate::both::runtime;
use crate::cluster::{Cluster, cluster};
use crate::records::{delivery, line, shelf, state};
use crate::run_events::{Home, Story, at};
use crate::support::{Place, Running, wait_until};

const RECORDS: usize = 4000;
const KILLS: u32 = 12;

fn records(count: usize) -> String {
    (0..count)
        .map(|key| {
            format!(
                "{{\"type\":\"record\",\"collection\":\"c\",\"key\":\"{key}\",\"data\":{{\"n\":{key}}}}}\n"
            )
        })
        .collect()
}

fn noted(place: &Place, run: &str) -> Delivery {
    fs::create_dir_all(place.state()).unwrap();
    let path = PathBuf::from(format!("{run}.jsonl"));
    fs::write(place.state().join(&path), records(RECORDS)).unwrap();
    let examined = Follower::open(&place.state().join(&path))
        .unwrap()
        .finish()
        .unwrap();
    let delivery = Delivery {
        run: RunId::new(run),
        epoch: None,
        position: 1,
        group: "g".into(),
        name: "c".into(),
        command: "c".into(),
        at: at(1),
        events: path,
        bytes: examined.bytes,
        state: Some("{}".into()),
        reads: Vec::new(),
        complete: Vec::new(),
        settles: None,
        only_reads: false,
    };
    delivery.note(&place.state()).unwrap();
    delivery
}

/// How many records there are; and the state must be there exactly if they are.
fn taken(place: &Place, url: Option<&str>) -> usize {
    runtime().block_on(async {
        let store = Store::open(url, &place.state()).await.unwrap();
        let shelf = shelf(&store);
        let collections = shelf.collections().await.unwrap();
        let state = state(&store).await;
        store.close().await;
        let count = collections
            .first()
            .map_or(0, |one| usize::try_from(one.records).unwrap());
        assert_eq!(state.is_some(), count > 0, "records and state are taken together");
        count
    })
}

/// Killed at points that are spread over the whole of its work.
fn killed_again_and_again(url: Option<&str>) {
    let place = Place::new("groups: {}\n");
    let start = || {
        let mut command = place.command(&["db", "import-journal"]);
        if let Some(url) = url {
            command.env("DATABASE_URL", url);
        }
        let command = command.stdout(Stdio::null()).stderr(Stdio::null());
        Running::start(command, &place.marker)
    };
    // A first one, in peace, tells how long it takes.
    noted(&place, "r0");
    let begin = Instant::now();
    assert!(start().wait().unwrap().success());
    let whole = begin.elapsed();
    assert_eq!(taken(&place, url), RECORDS);
    let mut interrupted = 0;
    for kill in 0..KILLS {
        runtime().block_on(async {
            let store = Store::open(url, &place.state()).await.unwrap();
            let forget = async |sql: &'static str| match store.database() {
                Database::Sqlite(file) => drop(sqlx::query(sql).execute(file.pool()).await.unwrap()),
                Database::Postgres(pool) => {
                    let mut own = pool.options().connect().await.unwrap();
                    sqlx::query(sql).execute(&mut own).await.unwrap();
                }
            };
            for sql in [
                "delete from records",
                "delete from deliveries",
                "delete from ingests",
                "delete from states",
            ] {
                forget(sql).await;
            }
            store.close().await;
        });
        let delivery = noted(&place, "r1");
        let mut child = start();
        let deadline = Instant::now() + whole * (kill + 1) / KILLS;
        while Instant::now() < deadline && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        // It may have ended by itself.
        let _ = child.kill();
        child.wait().unwrap();
        let count = taken(&place, url);
        assert!(count == 0 || count == RECORDS, "half of it: {count}");
        interrupted += u32::from(count == 0);
        // The next start brings it in, or finds that it is in.
        assert!(start().wait().unwrap().success());
        assert_eq!(taken(&place, url), RECORDS);
        assert!(Undelivered::find(&place.state()).unwrap().deliveries.is_empty());
        drop(delivery);
    }
    assert!(interrupted > 0, "no kill came in time");
}

#[test]
fn kill_9_leaves_all_or_nothing_sqlite() {
    killed_again_and_again(None);
}

#[test]
fn kill_9_leaves_all_or_nothing_postgres() {
    let url = cluster().database();
    killed_again_and_again(Some(&url));
}

/// Others who write wait for their turn, and none hears "database is locked".
#[test]
fn others_write_while_a_delivery_is_taken() {
    let home = Home::new(None);
    runtime().block_on(async {
        let store = home.open().await;
        let other = home.open().await;
        fs::write(home.path().join("events"), records(20_000)).unwrap();
        let delivery = Delivery {
            run: RunId::new("r"),
            epoch: None,
            position: 1,
            group: "g".into(),
            name: "c".into(),
            command: "c".into(),
            at: at(1),
            events: "events".into(),
            bytes: fs::metadata(home.path().join("events")).unwrap().len(),
            state: None,
            reads: Vec::new(),
            complete: Vec::new(),
            settles: None,
            only_reads: false,
        };
        let (shelf, path) = (shelf(&store), home.path().to_owned());
        let taking = tokio::spawn(async move { shelf.ingest(&path, &delivery).await });
        let mut stories = 0;
        while !taking.is_finished() || stories == 0 {
            let mut story = Story::new(&format!("s{stories}"), 0, &["a"], this_process().unwrap());
            story.does(Outcome::Succeeded).finish();
            let end = story.tell(&other).await;
            assert!(end.failure.is_none(), "{end:?}");
            stories += 1;
        }
        assert_eq!(taking.await.unwrap().unwrap().counts.new, 20_000);
        assert!(stories > 1, "nobody else wrote meanwhile");
        other.close().await;
        store.close().await;
    });
}

/// What a delivery sees again at this moment must not be forgotten as unseen.
#[test]
fn a_prune_waits_until_a_delivery_is_merged() {
    let home = Home::new(Some(cluster().database()));
    runtime().block_on(async {
        let store = home.open().await;
        let Database::Postgres(pool) = store.database() else {
            unreachable!("a PostgreSQL URL")
        };
        let taken = delivery(&home, "r1", 1, &line("x", "a", "{}"));
        shelf(&store).ingest(home.path(), &taken).await.unwrap();
        // The turn of whoever merges.
        let mut own = pool.options().connect().await.unwrap();
        let mut merging = own.begin().await.unwrap();
        let turn = sqlx::raw_sql("select pg_advisory_xact_lock(7102338501)");
        turn.execute(&mut *merging).await.unwrap();
        let records = shelf(&store);
        let pruning = tokio::spawn(async move { records.prune("x", at(2), false).await });
        loop {
            assert!(!pruning.is_finished(), "it did not wait");
            let (waiting,): (i64,) = sqlx::query_as(
                "select count(*) from pg_locks where locktype = 'advisory' and not granted
                     and database = (select oid from pg_database where datname = current_database())",
            )
            .fetch_one(&mut *merging)
            .await
            .unwrap();
            if waiting == 1 {
                break;
            }
            tokio::task::yield_now().await;
        }
        merging.commit().await.unwrap();
        assert_eq!(pruning.await.unwrap().unwrap(), 1);
        store.close().await;
    });
}

/// The server is away when a collector succeeds, and comes back after the run.
#[test]
fn a_delivery_waits_for_its_database_and_is_taken_once() {
    let cluster = Cluster::start();
    let place = Place::new(
        "groups:\n  g:\n    default_time: \"04:10\"\n    tasks:\n      - {command: c, schedule: daily}\n",
    );
    place.script(
        "c",
        "#!/bin/sh\ntouch started; cat go\nprintf '{\"type\":\"record\",\"collection\":\"c\",\"key\":\"k\",\"data\":{}}\\n' >>\"$ORCHESTRATE_EVENTS\"\n",
    );
    mkfifo(&place.path("go"), Mode::S_IRWXU).unwrap();
    let url = cluster.database();
    let run = |args: &[&str]| {
        let mut command = place.command(args);
        command.env("DATABASE_URL", &url);
        command
    };
    let child = place.start(&mut run(&["run", "--schedule", "daily"]));
    wait_until("the collector to start", || place.path("started").exists());
    cluster.control(&["-m", "immediate", "stop"]);
    fs::write(place.path("go"), ".").unwrap();
    place
        .see(child)
        .exits(3)
        .says("Summary: 1 succeeded, 0 failed, 0 skipped.")
        .says("what it brought is not in the database yet")
        .says_not("s3cret");
    cluster.control(&["-l", "log", "start"]);
    for _ in 0..2 {
        place
            .see(place.start(&mut run(&["db", "import-journal"])))
            .exits(0);
        let seen = place.see(place.start(&mut run(&["records", "export", "c"])));
        assert_eq!(seen.exits(0).stdout.lines().count(), 1);
    }
    let shown = place
        .see(place.start(&mut run(&["show", "last", "--format", "json"])))
        .json();
    assert_eq!(shown["tasks"][0]["outcome"], "succeeded");
    assert_eq!(shown["tasks"][0]["records"]["new"], 1);
}

/// A password is in no environment and on no command line, and reading back works.
#[test]
fn a_collector_reads_back_from_a_server_and_never_sees_its_password() {
    let place = Place::new(
        "groups:\n  g:\n    default_time: \"04:10\"\n    tasks:\n      - {command: bring, schedule: daily}\n      - {command: read, schedule: daily}\n",
    );
    place.script(
        "bring",
        "#!/bin/sh\nprintf '{\"type\":\"record\",\"collection\":\"c\",\"key\":\"k\",\"data\":{}}\\n' >>\"$ORCHESTRATE_EVENTS\"\n",
    );
    place.script(
        "read",
        "#!/bin/sh\nenv; cat /proc/self/cmdline; \"$ORCHESTRATE\" records export c --format jsonl\n",
    );
    let socket = cluster().database();
    let separator = if socket.contains('?') { '&' } else { '?' };
    let url = format!("{socket}{separator}password=s3cret");
    let mut command = place.command(&["run", "--schedule", "daily"]);
    let seen = place.see(place.start(command.env("DATABASE_URL", &url)));
    seen.exits(0).says("\"key\":\"k\"").says_not("s3cret");
    let left = fs::read_dir(place.state().join("private")).unwrap().count();
    assert_eq!(left, 0);
}
