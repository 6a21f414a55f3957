//! Once, our tables go from `public` into a schema of their own: whole or not at all, never
//! another program's, and never under somebody who works there. (That every row is as it was:
//! `before_house`.)

use std::fs;
use std::path::Path;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use orchestrator::model::Clock;
use orchestrator::model::SystemClock;
use orchestrator::store::this_process;
use sqlx::Connection;

use crate::both::runtime;
use crate::cluster::{cluster, name_of};
use crate::looking::catalogue;
use crate::support::{Place, Seen, wait_until};

/// A database as the build of before left it, with an application's tables beside ours.
struct Old {
    place: Place,
    url: String,
    database: String,
}

impl Old {
    fn new() -> Self {
        let url = cluster().database();
        let dump =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/before_house/postgres/dump.sql");
        let dump = fs::read_to_string(dump).unwrap();
        runtime().block_on(async {
            let mut connection = sqlx::PgConnection::connect(&url).await.unwrap();
            let dump = sqlx::raw_sql(sqlx::AssertSqlSafe(dump));
            dump.execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        });
        let old = Self {
            place: Place::new("groups: {}\n"),
            database: name_of(&url).to_owned(),
            url,
        };
        old.sql(
            "create table public.article (id int primary key, run text);
             insert into public.article values (1, 'theirs');
             create view public.failures as select id from public.runs where not success",
        );
        old
    }

    fn sql(&self, sql: &str) -> String {
        cluster().psql(&self.database, sql)
    }

    fn run(&self, args: &[&str]) -> Seen {
        self.place.run(&[args, &["--database-url", &self.url]].concat())
    }

    fn catalogue(&self) -> String {
        catalogue(&self.database)
    }
}

#[test]
fn ours_go_together_and_an_applications_stay() {
    let old = Old::new();
    let reader = format!("reader_{}", old.database);
    old.sql(&format!(
        "create role {reader}; grant select on public.runs, public.current_records to {reader}"
    ));
    let (runs, records) = (
        old.sql("select count(*), max(id) from public.runs"),
        old.sql(
            "select md5(string_agg(r::text, ',' order by collection, key)) from public.current_records r",
        ),
    );
    old.run(&["history"])
        .exits(3)
        .says("older versions put them")
        .says("orchestrate db migrate moves them");
    old.run(&["health"]).exits(3).says("orchestrate db migrate");
    old.run(&["db", "migrate"])
        .exits(0)
        .says("the tables moved from public to orchestrate");
    let there = old.catalogue();
    let left: Vec<&str> = there.lines().filter(|line| line.contains(" public.")).collect();
    assert_eq!(
        left,
        [
            "relation public.article r",
            "relation public.article_pkey i",
            "relation public.collections v",
            "relation public.current_records v",
            "relation public.failures v",
            "relation public.record_deliveries v",
        ]
    );
    assert_eq!(old.sql("select count(*), max(id) from orchestrate.runs"), runs);
    for place in ["public", "orchestrate"] {
        let now = format!(
            "select md5(string_agg(r::text, ',' order by collection, key)) from {place}.current_records r"
        );
        assert_eq!(old.sql(&now), records, "{place}");
    }
    assert_eq!(old.sql("select run from public.article"), "theirs\n");
    assert_ne!(
        old.sql("select count(*) from public.failures"),
        "0\n",
        "a view of theirs follows"
    );
    let asked = old.sql(&format!(
        "set role {reader}; select count(*) > 0 from orchestrate.runs; select count(*) > 0 from public.current_records"
    ));
    assert_eq!(asked, "t\nt\n", "who could read can read");
    // A kill between a step and their return, or an eager hand: the next start brings them back.
    old.sql("drop view public.collections");
    old.run(&["db", "migrate"]).exits(0);
    assert_eq!(old.catalogue(), there);
    old.run(&["health"]).exits(3).says_not("migrate");
}

#[test]
fn rows_that_are_not_ours_move_nothing() {
    let old = Old::new();
    old.sql(
        "insert into public._sqlx_migrations (version, description, success, checksum, execution_time)
         values (20260101000000, 'theirs', true, 'x', 1)",
    );
    let before = old.catalogue();
    for verb in [&["history"][..], &["db", "migrate"], &["health"]] {
        old.run(verb).exits(3).says(
            "our tables are in `public`, and its table of steps has another program's, too (20260101000000)",
        );
        assert_eq!(old.catalogue(), before, "{verb:?}");
    }
    // None of them: another program's table, beside which ours are made.
    old.sql("update public._sqlx_migrations set checksum = 'x'");
    old.run(&["db", "migrate"]).exits(0).says("of them new");
    assert_eq!(old.sql("select count(*) from orchestrate.runs"), "0\n");
}

#[test]
fn nobody_of_an_older_version_loses_the_ground() {
    let old = Old::new();
    let before = old.catalogue();
    let refused = |words: &str| {
        old.run(&["db", "migrate"])
            .exits(3)
            .says(words)
            .says("end it first; nothing was moved");
        assert_eq!(old.catalogue(), before);
    };
    let here = this_process().unwrap();
    let owner = format!("'{}', '{}', {}, {}", here.host, here.boot, here.pid, here.started);
    old.sql(&format!(
        "insert into public.runs (id, schedule, started_at, owner_host, owner_boot, owner_pid, owner_start)
         values ('z', 'daily', 1, {owner})"
    ));
    refused("a run of an older version goes on");
    old.sql("delete from public.runs where id = 'z'");
    let now = SystemClock.now().as_microsecond();
    old.sql(&format!(
        "delete from public.beats;
         insert into public.beats (owner_host, owner_boot, owner_pid, owner_start, state, started_at, seen_at,
             schedule_file) values ('elsewhere', 'b', 1, 1, 'leading', 1, {now}, 'f')"
    ));
    refused("a scheduler of an older version is alive");
    old.sql("update public.beats set seen_at = seen_at - 61000000");
    runtime().block_on(async {
        let url = format!("{}?application_name=orchestrate", old.url);
        let connection = sqlx::PgConnection::connect(&url).await.unwrap();
        refused("an older version of orchestrate is connected");
        connection.close().await.unwrap();
    });
    let gone = "select count(*) from pg_stat_activity where application_name = 'orchestrate'";
    wait_until("the connection to be gone", || {
        let mine = format!("{gone} and datname = '{}'", old.database);
        old.sql(&mine) == "0\n"
    });
    old.run(&["db", "migrate"]).exits(0).says("moved from public");
}

#[test]
fn a_kill_in_the_middle_moves_nothing() {
    let old = Old::new();
    let before = old.catalogue();
    runtime().block_on(async {
        // The last of the tables is held: all others are on their way when it comes.
        let mut holder = sqlx::PgConnection::connect(&old.url).await.unwrap();
        let hold = sqlx::raw_sql("begin; lock table public.sightings in access share mode");
        hold.execute(&mut holder).await.unwrap();
        let mut command = old.place.command(&["db", "migrate", "--database-url", &old.url]);
        let mut child = old.place.start(&mut command);
        let mine = format!("and datname = '{}'", old.database);
        wait_until("the move to wait for the last table", || {
            old.sql(&format!(
                "select count(*) from pg_stat_activity where wait_event_type = 'Lock'
                 and query like 'alter table public.sightings%' {mine}"
            )) == "1\n"
        });
        kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGKILL).unwrap();
        child.wait().unwrap();
        holder.close().await.unwrap();
        wait_until("the server to notice", || {
            old.sql(&format!(
                "select count(*) from pg_stat_activity where application_name like 'orchestrate%' {mine}"
            )) == "0\n"
        });
    });
    assert_eq!(old.catalogue(), before);
    old.run(&["db", "migrate"]).exits(0).says("moved from public");
    assert_eq!(old.sql("select count(*) from orchestrate.runs"), "50\n");
}

#[test]
fn many_at_once_move_once() {
    let old = Old::new();
    let all: Vec<_> = (0..4)
        .map(|_| {
            let mut command = old.place.command(&["db", "migrate", "--database-url", &old.url]);
            old.place.start(&mut command)
        })
        .collect();
    let moved = all
        .into_iter()
        .map(|child| {
            let output = child.wait_with_output();
            assert!(output.status.success(), "{output:?}");
        })
        .count();
    assert_eq!(moved, 4);
    assert_eq!(old.sql("select count(*) from orchestrate.runs"), "50\n");
}
