//! kill -9 of schedulers at 50 random points, two at a time: no slot is run twice, and
//! every task at every slot has an end that is true.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use orchestrator::events::{Bus, RunEvent, SlotRef};
use orchestrator::model::{Outcome, RunId};
use orchestrator::store::{
    Claim, HistoryFilter, LedgerState, SlotRequest, SlotState, SlotTask, Store, record, this_process,
};

use crate::cluster::cluster;
use crate::run_events::{Home, Story, at};
use crate::runtime::runtime;
use crate::support::{Running, wait_until};

const ROUNDS: usize = 50;
const SLOTS: i64 = 250;

/// Where the process below finds what to work on.
const STATE: &str = "ORCHESTRATE_TEST_STATE";
const URL: &str = "ORCHESTRATE_TEST_URL";

#[test]
fn no_slot_is_run_twice_sqlite() {
    kill_9(&Home::new(None));
}

#[test]
fn no_slot_is_run_twice_postgres() {
    kill_9(&Home::new(Some(cluster().database())));
}

/// No test but the process that the tests above kill: it takes the slots one after
/// another and runs two collectors at each that it gets, as a scheduler does.
#[test]
#[ignore = "a process of the tests of this file"]
fn a_scheduler() {
    let Some(state) = std::env::var_os(STATE).map(PathBuf::from) else {
        return;
    };
    let url = std::env::var(URL).ok();
    runtime().block_on(async {
        let store = Store::open(url.as_deref(), &state).await.unwrap();
        let here = this_process().unwrap();
        store.recover(&state, &here, at(SLOTS)).await.unwrap();
        for second in 0..SLOTS {
            let slot = SlotRef {
                entry: "group:g".into(),
                at: at(second),
            };
            let tasks = ["a", "b"].map(|command| SlotTask {
                group: "g".into(),
                name: command.into(),
                command: command.into(),
                state: SlotState::Due,
            });
            let run = RunId::new(format!("{second:03}-{}", here.pid));
            // While the other one runs an earlier slot of the entry, this one waits.
            let claim = loop {
                let claim = store
                    .claim_slot(SlotRequest::new(&slot, (&run, &here), &tasks), at(second))
                    .await;
                match claim.unwrap() {
                    Claim::Busy(..) => tokio::time::sleep(Duration::from_millis(1)).await,
                    claim => break claim,
                }
            };
            if claim == Claim::Ours {
                run_slot(&store, &state, &run, slot).await;
            }
        }
        store.close().await;
    });
}

async fn run_slot(store: &Store, state: &Path, run: &RunId, slot: SlotRef) {
    let second = slot.at.as_second();
    let mut story = Story::at_slot(run.as_str(), 0, &["a", "b"], this_process().unwrap(), Some(slot));
    story.does(Outcome::Succeeded).does(Outcome::Succeeded).finish();
    let mut bus = Bus::new(vec![story.journal(state)]);
    let recorder = tokio::spawn(record(
        store.clone(),
        run.clone(),
        state.to_owned(),
        bus.subscribe(false),
        Duration::from_secs(60),
        Arc::default(),
    ));
    for event in &story.events {
        bus.publish(event.clone()).await;
        if let RunEvent::TaskStarted { task, .. } = event {
            // What a collector does, whatever is recorded.
            let line = format!("{second} {}\n", task.command);
            let ledger = fs::OpenOptions::new()
                .create(true)
                .append(true)
                .open(state.join("really"));
            ledger.unwrap().write_all(line.as_bytes()).unwrap();
            // It takes its time, so that it can be killed meanwhile.
            let until = Instant::now() + Duration::from_millis(5);
            while Instant::now() < until {
                tokio::task::yield_now().await;
            }
        }
    }
    drop(bus);
    assert!(recorder.await.unwrap().failure.is_none());
}

fn scheduler(home: &Home) -> Running {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--ignored", "--exact", "kill::a_scheduler", "--nocapture"])
        .env(STATE, home.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    if let Some(url) = &home.url {
        command.env(URL, url);
    }
    Running::start(&mut command, &format!("slots-{}", home.path().display()))
}

fn kill_9(home: &Home) {
    let really = || fs::read_to_string(home.path().join("really")).unwrap_or_default();
    let seed = std::process::id().into();
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    for _ in 0..ROUNDS {
        let mut both = [scheduler(home), scheduler(home)];
        // After some work of theirs, or while they start.
        let (before, work) = (really().lines().count(), random.usize(0..6));
        wait_until("the schedulers to do some work", || {
            really().lines().count() >= before + work
                || both.iter_mut().all(|child| child.try_wait().unwrap().is_some())
        });
        for child in &mut both {
            let until = Instant::now() + Duration::from_micros(random.u64(0..8_000));
            while Instant::now() < until {
                std::thread::yield_now();
            }
            // It may have done all there was.
            let _ = kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGKILL);
        }
        for child in &mut both {
            child.wait().unwrap();
        }
    }
    assert!(scheduler(home).wait().unwrap().success());

    let mut ran: BTreeMap<String, u32> = BTreeMap::new();
    for line in really().lines() {
        *ran.entry(line.to_owned()).or_default() += 1;
    }
    assert!(ran.values().all(|count| *count == 1), "run twice: {ran:?}");
    runtime().block_on(async {
        let store = home.open().await;
        let mut states: BTreeMap<LedgerState, u32> = BTreeMap::new();
        for command in ["a", "b"] {
            let rows = store.ledger("g", command, 1000).await.unwrap();
            assert_eq!(rows.len(), usize::try_from(SLOTS).unwrap());
            for row in rows {
                let really = ran.contains_key(&format!("{} {command}", row.slot.as_second()));
                match row.state {
                    LedgerState::Ran => assert!(really, "{row:?}"),
                    LedgerState::Skipped | LedgerState::Missed => assert!(!really, "{row:?}"),
                    LedgerState::Unknown => assert!(row.cause.is_some(), "{row:?}"),
                    LedgerState::Due => panic!("{row:?}"),
                }
                *states.entry(row.state).or_default() += 1;
            }
        }
        println!("{states:?}");
        let cut =
            states.get(&LedgerState::Unknown).unwrap_or(&0) + states.get(&LedgerState::Missed).unwrap_or(&0);
        assert!(cut > 5, "the points are badly chosen: {states:?}");
        let filter = HistoryFilter {
            outcome: Some("running".into()),
            last: 10,
            ..HistoryFilter::default()
        };
        assert_eq!(store.history(&filter).await.unwrap(), []);
        store.close().await;
    });
    assert_eq!(fs::read_dir(home.path().join("unrecorded")).unwrap().count(), 0);
}
