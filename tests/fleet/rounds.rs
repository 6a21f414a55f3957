//! Rounds of chaos: three workers, twenty runs of five groups, and `kill -9` of one worker after
//! the other in the middle of them. What the collectors themselves noted is compared with the
//! record. `FLEET_ROUNDS` says how many rounds (one by default); `scripts/test-fleet` does more.

use std::collections::BTreeMap;
use std::time::Instant;

use crate::support::{Running, wait_until};
use crate::workers::Fleet;

const WORKERS: usize = 3;
const GROUPS: usize = 5;
const RUNS_OF_EACH: usize = 4;
const TASKS: usize = 2;

/// So many starts of collectors later the next worker is killed.
const KILL_AFTER: usize = 4;
const KILLS: usize = 8;

/// Holds a lock of its group as long as it lives: whoever finds it held says so.
const COLLECTOR: &str = r#"#!/bin/sh
exec 9>>"$GATES/$ORCHESTRATE_GROUP"
flock -n 9 || echo "overlap $ORCHESTRATE_RUN_ID $ORCHESTRATE_TASK" >> "$LEDGER"
echo "start $ORCHESTRATE_RUN_ID $ORCHESTRATE_TASK" >> "$LEDGER"
sleep 0.1
echo "end $ORCHESTRATE_RUN_ID $ORCHESTRATE_TASK" >> "$LEDGER"
"#;

fn schedule() -> String {
    let groups = (1..=GROUPS).map(|group| {
        let task = |name| format!("      - {{command: note, name: {name}, schedule: daily}}\n");
        format!(
            "  g{group}:\n    default_time: \"04:10\"\n    tasks:\n{}{}",
            task("a"),
            task("b")
        )
    });
    format!("groups:\n{}", groups.collect::<String>())
}

#[test]
fn every_run_ends_once_whoever_is_killed() {
    let rounds = std::env::var("FLEET_ROUNDS").map_or(1, |rounds| rounds.parse().unwrap());
    for number in 1..=rounds {
        round(number);
    }
}

fn count(fleet: &Fleet, word: &str) -> usize {
    let word = format!("{word} ");
    fleet
        .ledger()
        .iter()
        .filter(|line| line.starts_with(&word))
        .count()
}

fn round(number: usize) {
    let fleet = Fleet::new(&schedule(), "lease: 2s\n", WORKERS);
    fleet.script("note", COLLECTOR);
    let begun = Instant::now();
    let start = |machine: usize| {
        let name = format!("w{machine}");
        fleet.start(machine, &["-q", "worker", "--concurrency", "2", "--name", &name])
    };
    for _ in 0..RUNS_OF_EACH {
        fleet.run(0, &["run", "--schedule", "daily", "--queue"]).exits(0);
    }
    let mut workers: Vec<Running> = (0..WORKERS).map(start).collect();
    let runs = GROUPS * RUNS_OF_EACH;
    let ended = || {
        fleet
            .psql("select count(*) from queued_runs where state = 'ended'")
            .parse::<usize>()
            .unwrap()
    };
    let mut kills = 0;
    while kills < KILLS {
        let next = count(&fleet, "start") + KILL_AFTER;
        wait_until("more collectors", || {
            count(&fleet, "start") >= next || ended() == runs
        });
        if ended() == runs {
            break;
        }
        let victim = (kills * 7 + number) % WORKERS;
        workers[victim].kill().unwrap();
        workers[victim].wait().unwrap();
        workers[victim] = start(victim);
        kills += 1;
    }
    wait_until("the end of every run", || ended() == runs);
    let took = begun.elapsed();
    for (machine, worker) in workers.into_iter().enumerate() {
        fleet.end(machine, worker);
    }
    judge(&fleet, runs, kills);
    println!(
        "round {number}: {runs} runs, {kills} workers killed, {:.1} s",
        took.as_secs_f64()
    );
}

fn judge(fleet: &Fleet, runs: usize, kills: usize) {
    assert_eq!(
        count(fleet, "overlap"),
        0,
        "two at a time of one group: {:#?}",
        fleet.ledger()
    );
    // In the record each run has one end, and each task one.
    let record = fleet.psql("select count(*), bool_and(success) from runs where finished_at is not null");
    assert_eq!(record, format!("{runs}|t"));
    let tasks = fleet.psql("select count(*) from tasks where outcome = 'succeeded'");
    assert_eq!(tasks, (runs * TASKS).to_string());
    let messages = fleet.psql("select count(*) from pgmq.q_orchestrate_orchestrate");
    assert_eq!(messages, "0");
    // What ran twice to its end was killed between its last line and the commit of its finish:
    // it has a lost attempt, and there are no more of them than kills had runs.
    let mut ends: BTreeMap<String, usize> = BTreeMap::new();
    for line in fleet.ledger().iter().filter_map(|line| line.strip_prefix("end ")) {
        *ends.entry(line.to_owned()).or_default() += 1;
    }
    assert_eq!(ends.len(), runs * TASKS);
    let mut repeated = 0;
    for (task, count) in ends.iter().filter(|(_, count)| **count > 1) {
        let (run, name) = task.split_once(' ').unwrap();
        let lost = fleet.psql(&format!(
            "select count(*) from attempts a join tasks t using (run_id, position)
             where a.run_id = '{run}' and t.name = '{name}' and a.outcome = 'lost'"
        ));
        assert!(
            lost.parse::<usize>().unwrap() >= count - 1,
            "{task}: a recorded end was repeated"
        );
        repeated += count - 1;
    }
    assert!(repeated <= kills * 2, "{repeated} repeated, {kills} kills");
    println!("{repeated} collectors that had ended ran again, after a kill before their end was recorded");
}
