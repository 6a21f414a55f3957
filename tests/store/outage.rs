//! PostgreSQL goes away while runs go on: no collector waits for it, nothing is lost,
//! nothing is there twice.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, mkfifo};
use orchestrator::model::Outcome;
use orchestrator::store::{DRAIN, Store, this_process};

use crate::both::runtime;
use crate::cluster::{Cluster, cluster, name_of};
use crate::proxy::{Proxy, Weather};
use crate::run_events::{Home, Story};
use crate::support::{Place, Running, outcomes, wait_until};

/// Three collectors; the second says `started` and waits for `go`.
fn place() -> Place {
    let place = Place::new(
        r#"
groups:
  g:
    default_time: "04:10"
    tasks:
      - {command: fake, schedule: daily, args: [append, ledger, one]}
      - {command: fake, schedule: daily, args: [touch, started, fifo-read, go, append, ledger, two]}
      - {command: fake, schedule: daily, args: [append, ledger, three]}
"#,
    );
    mkfifo(&place.path("go"), Mode::S_IRWXU).unwrap();
    place
}

fn started(place: &Place, url: &str) -> Running {
    let mut command = place.command(&["run", "--schedule", "daily"]);
    let child = place.start(command.env("DATABASE_URL", url));
    wait_until("the collector to start", || place.path("started").exists());
    child
}

fn go(place: &Place) {
    fs::OpenOptions::new()
        .write(true)
        .open(place.path("go"))
        .unwrap()
        .write_all(b".")
        .unwrap();
}

/// The run is whole in the database, and each collector ran once.
fn whole(place: &Place, url: &str) {
    let mut show = place.command(&["show", "last", "--format", "json"]);
    let shown = place.see(place.start(show.env("DATABASE_URL", url)));
    let record = shown.exits(0).json();
    assert_eq!(record["state"], "finished", "{record}");
    let outcomes: Vec<String> = outcomes(&record)
        .into_iter()
        .map(|(_, outcome)| outcome)
        .collect();
    assert_eq!(outcomes, ["succeeded"; 3]);
    for task in record["tasks"].as_array().unwrap() {
        assert_eq!(task["attempt_list"].as_array().unwrap().len(), 1, "{task}");
    }
    assert_eq!(
        fs::read_to_string(place.path("ledger")).unwrap(),
        "one\ntwo\nthree\n"
    );
    assert_eq!(fs::read_dir(place.state().join("unrecorded")).unwrap().count(), 0);
}

#[test]
fn a_server_that_restarts_during_a_run_is_waited_for() {
    let (cluster, place) = (Cluster::start(), place());
    let url = cluster.database();
    let child = started(&place, &url);
    cluster.control(&["-m", "immediate", "stop"]);
    go(&place);
    wait_until("the last collector", || {
        fs::read_to_string(place.path("ledger"))
            .unwrap()
            .ends_with("three\n")
    });
    cluster.control(&["-l", "log", "start"]);
    place.see(child).exits(0).says_not("s3cret");
    whole(&place, &url);
}

#[test]
fn a_server_that_stays_away_is_code_3_and_the_next_start_brings_the_run_in() {
    let (cluster, place) = (Cluster::start(), place());
    let url = cluster.database();
    let child = started(&place, &url);
    cluster.control(&["-m", "immediate", "stop"]);
    go(&place);
    let seen = place.see(child);
    seen.exits(3)
        .says("Summary: 3 succeeded, 0 failed, 0 skipped.")
        .says("are not in the database")
        .says("the next start brings it in")
        .says_not("s3cret");
    cluster.control(&["-l", "log", "start"]);
    whole(&place, &url);
}

/// Whoever has waited enough ends the wait, and loses nothing: the journal has it all.
#[test]
fn a_signal_ends_the_wait_for_a_database_that_stays_away() {
    let (cluster, place) = (Cluster::start(), place());
    let url = cluster.database();
    let mut child = started(&place, &url);
    cluster.control(&["-m", "immediate", "stop"]);
    go(&place);
    // It says so once it waits.
    let mut said = String::new();
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    while !said.contains("or until Ctrl-C") {
        assert!(lines.read_line(&mut said).unwrap() > 0, "{said}");
    }
    let begin = Instant::now();
    kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGINT).unwrap();
    lines.read_to_string(&mut said).unwrap();
    let seen = place.see(child);
    assert!(begin.elapsed() < DRAIN / 2, "{:?}: {said}", begin.elapsed());
    assert_eq!(seen.code, Some(3), "{said}");
    assert!(said.contains("are not in the database"), "{said}");
    cluster.control(&["-l", "log", "start"]);
    whole(&place, &url);
}

#[test]
fn a_connection_that_stalls_holds_no_collector_back() {
    let place = place();
    let direct = cluster().database();
    let proxy = Proxy::before(&cluster().socket());
    let url = format!(
        "postgres://test:s3cret@127.0.0.1:{}/{}",
        proxy.port,
        name_of(&direct)
    );
    let child = started(&place, &url);
    proxy.set(Weather::Stalled);
    go(&place);
    wait_until("the last collector", || {
        fs::read_to_string(place.path("ledger"))
            .unwrap()
            .ends_with("three\n")
    });
    proxy.set(Weather::Fair);
    place.see(child).exits(0);
    whole(&place, &direct);
}

/// A connection that is cut leaves open whether the last batch arrived.
#[test]
fn connections_that_are_cut_again_and_again_lose_and_double_nothing() {
    const TASKS: usize = 300;
    let direct = cluster().database();
    let proxy = Proxy::before(&cluster().socket());
    let url = format!("postgres://test@127.0.0.1:{}/{}", proxy.port, name_of(&direct));
    let home = Home::new(Some(direct));
    let story = {
        let mut story = Story::new("r", 0, &["a"; TASKS], this_process().unwrap());
        for _ in 0..TASKS {
            story.start(1).retry(1).start(2).end(2, Outcome::Succeeded);
        }
        story.finish();
        story
    };
    let cutter = {
        let proxy = proxy.clone();
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        let thread = std::thread::spawn(move || {
            let mut cuts = 0;
            while stopped.recv_timeout(Duration::from_millis(40)).is_err() && cuts < 60 {
                proxy.cut();
                cuts += 1;
            }
            cuts
        });
        (stop, thread)
    };
    let record = runtime().block_on(async {
        home.open().await.close().await;
        let end = loop {
            // The first connection may be cut as well.
            if let Ok(store) = Store::connect(Some(&url), home.path()).await {
                break story.tell(&store).await;
            }
        };
        assert!(end.failure.is_none(), "{end:?}");
        let store = home.open().await;
        let record = store.run(&story.run).await.unwrap().unwrap();
        store.close().await;
        record
    });
    drop(cutter.0);
    let cuts = cutter.1.join().unwrap();
    assert!(cuts > 3, "{cuts} cuts are no test");
    assert_eq!(record.header.succeeded as usize, TASKS);
    assert!(record.tasks.iter().all(|task| task.attempt_list.len() == 2));
}
