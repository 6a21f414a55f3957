//! A database that is slow, crowded or away: whom it holds up, for how long, and that no
//! collector is charged with it.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::ChildStderr;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, mkfifo};
use serde_json::Value;
use sqlx::{Connection, PgConnection, SqliteConnection};
use tokio::runtime::Runtime;

use crate::both::runtime;
use crate::cluster::{Cluster, cluster, name_of};
use crate::proxy::Proxy;
use crate::support::{Place, Running, Seen, wait_until};

/// Says what it left the last time, and does what it is asked.
const C: &str = r#"#!/bin/sh
echo "state [$ORCHESTRATE_STATE]"
for what; do case $what in
    bring) printf '{"type":"record","collection":"c","key":"k","data":{}}\n{"type":"state","data":7}\n' >>"$ORCHESTRATE_EVENTS" ;;
    wait) touch waits; cat go >/dev/null ;;
    *) touch "$what" ;;
esac; done
"#;

/// A group of tasks of one collector, each with these words.
fn place(tasks: &[&str]) -> Place {
    let tasks: String = tasks
        .iter()
        .map(|args| format!("      - {{command: c, schedule: daily, args: [{args}]}}\n"))
        .collect();
    let place = Place::new(&format!(
        "groups:\n  g:\n    default_time: \"04:10\"\n    tasks:\n{tasks}"
    ));
    place.script("c", C);
    mkfifo(&place.path("go"), Mode::S_IRWXU).unwrap();
    place
}

fn start(place: &Place, url: Option<&str>) -> Running {
    let mut command = place.command(&["run", "--schedule", "daily"]);
    command.envs(url.map(|url| ("DATABASE_URL", url)));
    place.start(&mut command)
}

fn send(child: &Running, signal: Signal) {
    kill(Pid::from_raw(child.id().cast_signed()), signal).unwrap();
}

/// What a run says on standard error, as it comes.
struct Hearing {
    lines: BufReader<ChildStderr>,
    said: String,
}

impl Hearing {
    fn of(child: &mut Running) -> Self {
        Self {
            lines: BufReader::new(child.stderr.take().unwrap()),
            said: String::new(),
        }
    }

    #[track_caller]
    fn waits_for(&mut self, text: &str) {
        while !self.said.contains(text) {
            assert!(
                self.lines.read_line(&mut self.said).unwrap() > 0,
                "no {text:?} in {}",
                self.said
            );
        }
    }

    /// The end of it, with all that was said.
    #[track_caller]
    fn ends(mut self, place: &Place, child: Running, code: i32) -> Seen {
        self.lines.read_to_string(&mut self.said).unwrap();
        let mut seen = place.see(child);
        seen.stderr = self.said;
        seen.exits(code);
        seen
    }
}

/// Somebody else in the database who holds a lock until he is dropped.
struct Holder<C> {
    _connection: C,
    _runtime: Runtime,
}

/// Nobody else may write.
fn hold_file(place: &Place) -> Holder<SqliteConnection> {
    let url = format!("sqlite:{}", place.state().join("orchestrate.db").display());
    let runtime = runtime();
    let connection = runtime.block_on(async {
        let mut connection = SqliteConnection::connect(&url).await.unwrap();
        let lock = sqlx::raw_sql("begin immediate");
        lock.execute(&mut connection).await.unwrap();
        connection
    });
    Holder {
        _connection: connection,
        _runtime: runtime,
    }
}

/// Nobody else may read what collectors left.
fn hold_states(url: &str) -> Holder<PgConnection> {
    let runtime = runtime();
    let connection = runtime.block_on(async {
        let mut connection = PgConnection::connect(url).await.unwrap();
        let lock = sqlx::raw_sql("begin; lock table orchestrate.states in access exclusive mode");
        lock.execute(&mut connection).await.unwrap();
        connection
    });
    Holder {
        _connection: connection,
        _runtime: runtime,
    }
}

/// Makes the tables, so that no run has to.
fn migrate(place: &Place, url: &str) {
    let mut command = place.command(&["db", "migrate"]);
    place.see(place.start(command.env("DATABASE_URL", url))).exits(0);
}

fn start_all(places: &[Place], url: &str) -> Vec<(Running, Hearing)> {
    let begin = |place: &Place| {
        let mut child = start(place, Some(url));
        let hearing = Hearing::of(&mut child);
        (child, hearing)
    };
    places.iter().map(begin).collect()
}

const WAITS: &str = "the run waits for what its collectors left in the database, for at most 60 s";

/// A minute, then nothing is started; a signal ends the wait before that, by its own code.
#[test]
fn states_that_do_not_come_start_nothing_and_a_signal_ends_the_wait() {
    let url = cluster().database();
    let places: Vec<Place> = (0..4).map(|_| place(&["ran"])).collect();
    migrate(&places[0], &url);
    let _holder = hold_states(&url);
    let begin = Instant::now();
    let mut runs = start_all(&places, &url);
    for (_, hearing) in &mut runs {
        hearing.waits_for(WAITS);
    }
    let ends = [
        (
            Some(Signal::SIGINT),
            130,
            "nothing was started: interrupted (SIGINT)",
        ),
        (Some(Signal::SIGTERM), 143, "nothing was started: "),
        (Some(Signal::SIGHUP), 129, "nothing was started: "),
        (
            None,
            3,
            "not started: what its collectors left in the database cannot be read",
        ),
    ];
    for ((place, (child, hearing)), (signal, code, words)) in places.iter().zip(runs).zip(ends) {
        if let Some(signal) = signal {
            send(&child, signal);
        }
        hearing.ends(place, child, code).says(words).says_not("s3cret");
        let waited = begin.elapsed();
        assert_eq!(
            signal.is_none(),
            waited > Duration::from_secs(58),
            "{signal:?}: {waited:?}"
        );
        assert!(!place.path("ran").exists() && !place.state().join("runs").exists());
    }
}

/// Slow and away at the start, and away again in the middle: each collector gets its state.
#[test]
fn no_outage_takes_a_state_away() {
    let cluster = Cluster::start();
    let url = cluster.database();
    let place = place(&["wait", "looked"]);
    for task in ["c", "c#2"] {
        let mut bring = place.command(&["run-one", task, "--group", "g", "--", "bring"]);
        place.see(place.start(bring.env("DATABASE_URL", &url))).exits(0);
    }
    let holder = hold_states(&url);
    let mut child = start(&place, Some(&url));
    let mut hearing = Hearing::of(&mut child);
    hearing.waits_for(WAITS);
    cluster.control(&["-m", "immediate", "stop"]);
    drop(holder);
    cluster.control(&["-l", "log", "start"]);
    wait_until("the first collector", || place.path("waits").exists());
    cluster.control(&["-m", "immediate", "stop"]);
    fs::OpenOptions::new()
        .write(true)
        .open(place.path("go"))
        .unwrap()
        .write_all(b".")
        .unwrap();
    hearing.waits_for("or until Ctrl-C");
    send(&child, Signal::SIGINT);
    let seen = hearing.ends(&place, child, 3);
    assert!(place.path("looked").exists());
    seen.says("[g/c] state [7]").says("[g/c#2] state [7]");
}

/// The tasks of the newest run, and that none of them is charged with a wait.
fn short_tasks(place: &Place) -> Vec<Value> {
    let run = place.last();
    let tasks = run["tasks"].as_array().unwrap().clone();
    for task in &tasks {
        assert_eq!(task["outcome"], "succeeded", "{task}");
        assert!(task["duration_ms"].as_u64().unwrap() < 1500, "{task}");
    }
    tasks
}

/// What follows a delivery waits for it, for a while, and nobody is charged with that.
#[test]
fn a_locked_file_is_waited_for_by_whom_a_delivery_concerns() {
    let place = place(&["early", "bring", "late"]);
    place.run(&["db", "migrate"]).exits(0);
    let holder = hold_file(&place);
    let mut child = start(&place, None);
    let mut hearing = Hearing::of(&mut child);
    hearing.waits_for("the run waits for the database to take what g/c#2 brought, for at most 30 s");
    assert!(place.path("early").exists() && !place.path("late").exists());
    assert_eq!(
        fs::read_dir(place.state().join("undelivered")).unwrap().count(),
        1
    );
    drop(holder);
    hearing.ends(&place, child, 0).says("database is slow: ");
    let tasks = short_tasks(&place);
    assert_eq!(tasks[1]["records"]["new"], 1, "{tasks:#?}");
    assert_eq!(tasks[1].get("warnings"), None, "in time is no warning");
    let at = |task: usize, key: &str| {
        let attempt = &tasks[task]["attempt_list"][0][key];
        attempt.as_str().unwrap().parse::<jiff::Timestamp>().unwrap()
    };
    let waited = at(2, "started_at").duration_since(at(1, "finished_at"));
    assert!(waited.as_secs() >= 2, "{waited}");
    assert_eq!(
        fs::read_dir(place.state().join("undelivered")).unwrap().count(),
        0
    );
}

/// After half a minute the run goes on, with the state in hand, and says what is missing.
#[test]
fn a_file_that_stays_locked_holds_a_run_up_for_half_a_minute() {
    let mut tasks = vec!["noop"; 20];
    tasks.extend(["bring", "late"]);
    let place = place(&tasks);
    place.run(&["db", "migrate"]).exits(0);
    let holder = hold_file(&place);
    let mut child = start(&place, None);
    let mut hearing = Hearing::of(&mut child);
    hearing.waits_for("the run waits for the database to take what g/c#21 brought");
    let begin = Instant::now();
    hearing.waits_for("database is slow: 30 s for what g/c#21 brought; the run goes on without it");
    let waited = begin.elapsed();
    assert!((27..40).contains(&waited.as_secs()), "{waited:?}");
    wait_until("the next collector", || place.path("late").exists());
    drop(holder);
    let seen = hearing.ends(&place, child, 0);
    seen.says("what it brought is not in the database yet, after 30 s");
    let tasks = short_tasks(&place);
    let warning = tasks[20]["warnings"][0].as_str().unwrap();
    assert!(warning.contains("and is brought in later"), "{warning}");
    assert_eq!(tasks[20]["records"]["new"], 1, "brought in at the end of the run");
    assert_eq!(
        fs::read_dir(place.state().join("undelivered")).unwrap().count(),
        0
    );
}

/// A server that takes 0.1 s for each answer: tasks that deliver nothing do not notice.
#[test]
fn a_server_that_is_far_away_holds_no_task_up() {
    let direct = cluster().database();
    let proxy = Proxy::at_distance(&cluster().socket(), Duration::from_millis(50));
    let url = format!("postgres://test@127.0.0.1:{}/{}", proxy.port, name_of(&direct));
    let place = place(&["noop"; 20]);
    migrate(&place, &direct);
    let begin = Instant::now();
    place.see(start(&place, Some(&url))).exits(0);
    let whole = begin.elapsed();
    let mut show = place.command(&["show", "last", "--format", "json"]);
    let run = place.see(place.start(show.env("DATABASE_URL", &direct))).json();
    let at = |key: &str| run[key].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let took = at("finished_at").duration_since(at("started_at"));
    println!("20 tasks in {took:?} of {whole:?}");
    assert!(took.as_secs() < 3, "{took}");
    let tasks = run["tasks"].as_array().unwrap();
    assert!(
        tasks
            .iter()
            .all(|task| task["duration_ms"].as_u64().unwrap() < 1000),
        "{run}"
    );
}

const CROWDED: &str = "; waiting for at most 60 s";

/// Twelve runs at once, five connections, and somebody who has all of them.
#[test]
fn runs_wait_for_a_server_that_lets_nobody_in_and_all_of_them_run() {
    let few = |count: u32| format!("max_connections = {count}\nsuperuser_reserved_connections = 0\n");
    let cluster = Cluster::start_with(5432, |_| few(5));
    let url = cluster.database();
    let places: Vec<Place> = (0..12).map(|_| place(&["bring", "ran"])).collect();
    migrate(&places[0], &url);
    let holders: Vec<PgConnection> = runtime().block_on(async {
        let mut all = Vec::new();
        while let Ok(one) = PgConnection::connect(&url).await {
            all.push(one);
        }
        all
    });
    assert_eq!(holders.len(), 5);
    let mut runs = start_all(&places, &url);
    for (_, hearing) in &mut runs {
        hearing.waits_for(CROWDED);
    }
    drop(holders);
    for (place, (child, hearing)) in places.iter().zip(runs) {
        hearing
            .ends(place, child, 0)
            .says("too many clients")
            .says("Summary: 2 succeeded, 0 failed, 0 skipped.");
    }
    let count = cluster.psql(name_of(&url), "select count(*) from runs where success");
    assert_eq!(count, "12\n");
}

/// Nothing needs two connections at a time.
#[test]
fn a_run_needs_one_connection() {
    let cluster = Cluster::start_with(5432, |_| {
        "max_connections = 1\nsuperuser_reserved_connections = 0\n".to_owned()
    });
    let url = cluster.database();
    let place = place(&["bring", "ran"]);
    place
        .see(start(&place, Some(&url)))
        .exits(0)
        .says("1 new")
        .says_not("too many clients");
    assert!(place.path("ran").exists());
}
