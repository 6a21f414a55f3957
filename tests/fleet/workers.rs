//! Workers as processes of their own, on a real PostgreSQL.

use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::cluster::{cluster, name_of};
use crate::support::{Place, Running, Seen, wait_until};

/// Five collectors: each notes its start and its end in one file, and waits for its gate, if it
/// has one.
const STEP: &str = r#"#!/bin/sh
echo "start $1 $ORCHESTRATE_ATTEMPT $$" >> "$LEDGER"
while [ -e "$GATES/$1" ]; do sleep 0.02; done
echo "{\"type\":\"record\",\"collection\":\"steps\",\"key\":\"$1\",\"data\":{\"by\":\"$ORCHESTRATE_ATTEMPT\"}}" >> "$ORCHESTRATE_EVENTS"
echo "end $1 $ORCHESTRATE_ATTEMPT $$" >> "$LEDGER"
"#;

/// Machines: places with state directories of their own, one database, one set of collectors.
pub(crate) struct Fleet {
    url: String,
    first: Place,
    others: Vec<Place>,
    /// Variables that every machine has.
    pub(crate) variables: Vec<(&'static str, &'static str)>,
}

impl Fleet {
    pub(crate) fn new(schedule: &str, settings: &str, machines: usize) -> Self {
        Self::at(cluster().database(), schedule, settings, machines)
    }

    /// The same with its database elsewhere.
    pub(crate) fn at(url: String, schedule: &str, settings: &str, machines: usize) -> Self {
        let first = Place::new(schedule);
        first.script("step", STEP);
        fs::create_dir(first.path("gates")).unwrap();
        fs::write(first.path("ledger"), "").unwrap();
        fs::write(first.path("config/orchestrator.yaml"), settings).unwrap();
        let others = (1..machines)
            .map(|_| {
                let place = Place::new(schedule);
                fs::remove_dir_all(place.path("collectors")).unwrap();
                symlink(first.path("collectors"), place.path("collectors")).unwrap();
                fs::write(place.path("config/orchestrator.yaml"), settings).unwrap();
                place
            })
            .collect();
        Self {
            url,
            first,
            others,
            variables: Vec::new(),
        }
    }

    pub(crate) fn place(&self, machine: usize) -> &Place {
        match machine {
            0 => &self.first,
            other => &self.others[other - 1],
        }
    }

    pub(crate) fn start(&self, machine: usize, args: &[&str]) -> Running {
        self.place(machine).start(&mut self.command(machine, args))
    }

    pub(crate) fn command(&self, machine: usize, args: &[&str]) -> Command {
        let mut command = self.place(machine).command(args);
        command
            .env("ORCHESTRATE_DATABASE_URL", &self.url)
            .env("LEDGER", self.first.path("ledger"))
            .env("GATES", self.first.path("gates"))
            .envs(self.variables.iter().copied());
        command
    }

    pub(crate) fn run(&self, machine: usize, args: &[&str]) -> Seen {
        let running = self.start(machine, args);
        let output = running.wait_with_output();
        Seen {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// A collector that every machine has.
    pub(crate) fn script(&self, name: &str, text: &str) {
        self.first.script(name, text);
    }

    pub(crate) fn gate(&self, step: &str) -> PathBuf {
        self.first.path("gates").join(step)
    }

    pub(crate) fn close_gate(&self, step: &str) {
        fs::File::create(self.gate(step)).unwrap().flush().unwrap();
    }

    pub(crate) fn open_gate(&self, step: &str) {
        fs::remove_file(self.gate(step)).unwrap();
    }

    /// `start a 1`, `end a 1`, ...: in order, without process ids.
    pub(crate) fn ledger(&self) -> Vec<String> {
        let text = fs::read_to_string(self.first.path("ledger")).unwrap();
        let words = |line: &str| line.split(' ').take(3).collect::<Vec<_>>().join(" ");
        text.lines().map(words).collect()
    }

    /// The process of a collector that noted this.
    pub(crate) fn pid_of(&self, line: &str) -> u32 {
        let text = fs::read_to_string(self.first.path("ledger")).unwrap();
        let of_it = text.lines().find_map(|one| one.strip_prefix(line));
        of_it.unwrap().trim().parse().unwrap()
    }

    /// Whether a process is there; a zombie is not.
    pub(crate) fn is_there(&self, pid: u32) -> bool {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit(") ")
            .next()
            .is_some_and(|rest| !rest.is_empty() && !rest.starts_with('Z'))
    }

    pub(crate) fn wait_for(&self, line: &str) {
        wait_until(line, || self.ledger().iter().any(|one| one == line));
    }

    pub(crate) fn show(&self, run: &str) -> Value {
        self.run(0, &["show", run, "--format", "json"]).exits(0).json()
    }

    pub(crate) fn workers(&self) -> Value {
        self.run(0, &["workers", "--format", "json"]).exits(0).json()
    }

    pub(crate) fn psql(&self, sql: &str) -> String {
        cluster().psql(name_of(&self.url), sql).trim().to_owned()
    }

    pub(crate) fn queue(&self, group: &str) -> String {
        let seen = self.run(0, &["run", "--schedule", "daily", "--group", group, "--queue"]);
        seen.exits(0).stdout.trim().to_owned()
    }

    /// Ends a worker, or another service, which has nothing to do any more.
    pub(crate) fn end(&self, machine: usize, service: Running) {
        signal(&service, Signal::SIGTERM);
        self.place(machine).see(service).exits(0);
    }

    pub(crate) fn wait_for_end(&self, run: &str) -> Value {
        self.wait_until_ended(run);
        self.show(run)
    }

    fn wait_until_ended(&self, run: &str) {
        let ended = format!("select count(*) from queued_runs where run_id = '{run}' and state = 'ended'");
        wait_until("the end of a run", || self.psql(&ended) == "1");
    }
}

pub(crate) fn signal(worker: &Running, signal: Signal) {
    kill(Pid::from_raw(worker.id().cast_signed()), signal).unwrap();
}

pub(crate) const BATCH: &str = r#"
groups:
  g:
    default_time: "04:10"
    tasks:
      - {command: step, name: a, schedule: daily, args: [a]}
      - {command: step, name: b, schedule: daily, args: [b]}
      - {command: step, name: c, schedule: daily, args: [c]}
"#;

pub(crate) fn outcomes(record: &Value) -> Vec<(&str, u64)> {
    let tasks = record["tasks"].as_array().unwrap().iter();
    tasks
        .map(|task| {
            (
                task["outcome"].as_str().unwrap(),
                task["attempts"].as_u64().unwrap(),
            )
        })
        .collect()
}

#[test]
fn a_queue_needs_postgresql() {
    let place = Place::new(BATCH);
    place.script("step", STEP);
    for args in [
        &["worker"][..],
        &["run", "--schedule", "daily", "--queue"],
        &["beat", "--execute", "queue"],
    ] {
        place.run(args).exits(2).says("needs PostgreSQL");
    }
}

#[test]
fn a_worker_takes_what_was_queued_and_says_that_it_is_there() {
    let fleet = Fleet::new(BATCH, "", 1);
    let worker = fleet.start(
        0,
        &[
            "worker",
            "--name",
            "one",
            "--concurrency",
            "2",
            "--labels",
            "eu,gpu",
        ],
    );
    let run = fleet.queue("g");
    let record = fleet.wait_for_end(&run);
    assert_eq!(outcomes(&record), [("succeeded", 1); 3]);
    assert_eq!(record["success"], true);
    assert_eq!(
        fleet.ledger(),
        [
            "start a 1",
            "end a 1",
            "start b 1",
            "end b 1",
            "start c 1",
            "end c 1"
        ]
    );
    let workers = fleet.workers();
    assert_eq!(workers.as_array().unwrap().len(), 1);
    let one = &workers[0];
    assert_eq!(one["worker"], "one");
    assert_eq!(one["state"], "working");
    assert_eq!(one["capacity"], 2);
    assert_eq!(one["running"], serde_json::json!([]));
    assert_eq!(one["labels"], serde_json::json!(["eu", "gpu"]));
    assert!(one["clock_skew_ms"].as_i64().unwrap().abs() < 1000, "{one}");
    fleet
        .run(0, &["worker", "--name", "one"])
        .exits(2)
        .says("another worker is called one");
    signal(&worker, Signal::SIGTERM);
    fleet.first.see(worker).exits(0).says("this worker has ended");
    assert_eq!(fleet.workers()[0]["state"], "gone");
}

#[test]
fn who_waits_exits_as_if_it_had_run_here() {
    let schedule = r#"
groups:
  good: {default_time: "04:10", tasks: [{command: step, schedule: daily, args: [a]}]}
  bad: {default_time: "04:10", tasks: [{command: fake, schedule: daily, args: [exit, "3"]}]}
"#;
    let fleet = Fleet::new(schedule, "", 1);
    let worker = fleet.start(0, &["worker"]);
    let args = ["run", "--schedule", "daily", "--queue", "--wait"];
    let seen = fleet.run(0, &args);
    seen.exits(1)
        .says("1 succeeded, 0 failed")
        .says("0 succeeded, 1 failed");
    assert_eq!(seen.stdout.lines().count(), 2, "a run a group: {seen:#?}");
    fleet.run(0, &[&args[..], &["--group", "good"]].concat()).exits(0);
    fleet.end(0, worker);
}

/// What had ended is not done again; what was interrupted is tried once more, elsewhere.
#[test]
fn a_worker_that_is_killed_is_replaced_where_it_was() {
    let fleet = Fleet::new(BATCH, "lease: 2s\n", 2);
    let mut first = fleet.start(0, &["worker", "--name", "first"]);
    fleet.close_gate("b");
    let run = fleet.queue("g");
    fleet.wait_for("start b 1");
    let begun = Instant::now();
    first.kill().unwrap();
    first.wait().unwrap();
    fleet.first.wait_until_gone();
    fleet.open_gate("b");
    let second = fleet.start(1, &["worker", "--name", "second"]);
    let record = fleet.wait_for_end(&run);
    // The first one left a journal of a run that is another one's by now: it changes nothing.
    assert!(!fleet.first.state().join("unrecorded").join(&run).exists());
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    assert_eq!(
        fleet.ledger(),
        [
            "start a 1",
            "end a 1",
            "start b 1",
            "start b 2",
            "end b 2",
            "start c 1",
            "end c 1"
        ]
    );
    assert_eq!(
        outcomes(&record),
        [("succeeded", 1), ("succeeded", 2), ("succeeded", 1)]
    );
    let lost = &record["tasks"][1]["attempt_list"][0];
    assert_eq!(lost["outcome"], "lost");
    assert!(
        lost["reason"]
            .as_str()
            .unwrap()
            .starts_with("worker first did not renew its lease"),
        "{lost}"
    );
    let records = fleet
        .run(0, &["records", "export", "steps"])
        .exits(0)
        .json_lines();
    assert_eq!(records.len(), 3, "{records:?}");
    fleet.end(1, second);
    assert_eq!(fleet.show(&run)["success"], true);
}

#[test]
fn a_signal_drains_and_a_second_one_cancels() {
    let fleet = Fleet::new(BATCH, "", 1);
    let worker = fleet.start(0, &["worker", "--name", "w"]);
    fleet.close_gate("a");
    let (first, second) = (fleet.queue("g"), fleet.queue("g"));
    fleet.wait_for("start a 1");
    signal(&worker, Signal::SIGTERM);
    wait_until("the worker to drain", || {
        fleet.workers()[0]["state"] == "draining"
    });
    assert_eq!(fleet.workers()[0]["running"], serde_json::json!([first]));
    signal(&worker, Signal::SIGTERM);
    fleet.first.see(worker).exits(143);
    let record = fleet.wait_for_end(&first);
    assert_eq!(
        outcomes(&record),
        [("cancelled", 1), ("skipped", 0), ("skipped", 0)]
    );
    assert_eq!(
        fleet.psql(&format!(
            "select state from queued_runs where run_id = '{second}'"
        )),
        "queued"
    );
}

/// The worker is stopped and can do nothing: its supervisors know how long they may.
#[test]
fn collectors_of_a_stopped_worker_are_gone_before_another_one_starts_them() {
    let fleet = Fleet::new(BATCH, "lease: 2s\n", 2);
    fleet.close_gate("b");
    let first = fleet.start(0, &["worker", "--name", "first"]);
    let run = fleet.queue("g");
    fleet.wait_for("start b 1");
    let collector = fleet.pid_of("start b 1");
    signal(&first, Signal::SIGSTOP);
    let second = fleet.start(1, &["worker", "--name", "second"]);
    fleet.wait_for("start b 2");
    assert!(!fleet.is_there(collector), "two at the same time");
    signal(&first, Signal::SIGCONT);
    fleet.open_gate("b");
    let record = fleet.wait_for_end(&run);
    assert_eq!(
        outcomes(&record),
        [("succeeded", 1), ("succeeded", 2), ("succeeded", 1)]
    );
    assert!(!fleet.ledger().contains(&"end b 1".to_owned()));
    assert_eq!(fleet.psql("select worker from queued_runs"), "second");
    for (machine, worker) in [(0, first), (1, second)] {
        fleet.end(machine, worker);
    }
}

#[test]
fn a_queued_run_is_cancelled_from_elsewhere() {
    // Renewals, which tell of it as well, are minutes away.
    let fleet = Fleet::new(BATCH, "lease: 10m\n", 2);
    let worker = fleet.start(1, &["worker", "--name", "w"]);
    fleet.close_gate("a");
    let (first, second) = (fleet.queue("g"), fleet.queue("g"));
    fleet.wait_for("start a 1");
    fleet.run(0, &["cancel", &second, "--no-wait"]).exits(0);
    fleet.run(0, &["cancel", &first]).exits(0).says("has ended");
    // On a machine that has nothing else to do it is a hundredth of that: scripts/bench-fleet.
    let took =
        "select (a.finished_at - q.cancelled_at) / 1000 from attempts a join queued_runs q using (run_id)
                where a.outcome = 'cancelled'";
    let took: u64 = fleet.psql(took).parse().unwrap();
    assert!(took < 5000, "{took} ms");
    let record = fleet.wait_for_end(&first);
    assert_eq!(
        outcomes(&record),
        [("cancelled", 1), ("skipped", 0), ("skipped", 0)]
    );
    let reason = record["tasks"][0]["reason"].as_str().unwrap();
    assert!(reason.starts_with("cancelled by the operator"), "{reason}");
    // One that waits is told of when its turn comes, and starts nothing.
    let record = fleet.wait_for_end(&second);
    assert_eq!(outcomes(&record), [("skipped", 0); 3]);
    assert_eq!(fleet.ledger(), ["start a 1"]);
    fleet.run(0, &["cancel", &second]).exits(2);
    fleet.end(1, worker);
}

/// A scheduler gives slots to the queue and ends; its runs do not.
#[test]
fn a_scheduler_gives_its_slots_to_workers() {
    let schedule = r#"
groups:
  g: {tasks: [{command: step, name: a, schedule: interval, minutes: 1, args: [a]}]}
"#;
    let fleet = Fleet::new(schedule, "execute: queue\n", 2);
    fleet.run(0, &["db", "migrate"]).exits(0);
    // A minute a second.
    let lapse = ("ORCHESTRATE_TIME_LAPSE", "2026-11-25T00:00:00Z*60");
    let place = fleet.place(0);
    let mut command = place.command(&["beat"]);
    command
        .env("ORCHESTRATE_DATABASE_URL", &fleet.url)
        .env(lapse.0, lapse.1);
    let beat = place.start(&mut command);
    wait_until("a slot in the queue", || {
        fleet.psql("select count(*) > 0 from queued_runs where state = 'queued'") == "t"
    });
    fleet.end(0, beat);
    let worker = fleet.start(1, &["worker", "--name", "w"]);
    let run = fleet.psql("select run_id from queued_runs order by message limit 1");
    let record = fleet.wait_for_end(&run);
    assert_eq!(outcomes(&record), [("succeeded", 1)]);
    let ledger = fleet.psql(&format!(
        "select state from ledger join slots using (entry, slot) where slots.run_id = '{run}'"
    ));
    assert_eq!(ledger, "ran");
    fleet.end(1, worker);
}

/// What a worker cannot give to a collector, another one may.
#[test]
fn a_worker_that_lacks_a_secret_leaves_the_run_to_others() {
    let schedule = r#"
groups:
  g: {default_time: "04:10", tasks: [{command: step, name: a, schedule: daily, args: [a, hush-hush]}]}
"#;
    let fleet = Fleet::new(schedule, "secrets: [TOKEN]\n", 2);
    let lacking = fleet.start(1, &["worker", "--name", "lacking"]);
    let place = fleet.place(0);
    let with_token = |args: &[&str]| {
        let mut command = place.command(args);
        command
            .env("ORCHESTRATE_DATABASE_URL", &fleet.url)
            .env("LEDGER", fleet.first.path("ledger"))
            .env("GATES", fleet.first.path("gates"))
            .env("TOKEN", "hush-hush");
        place.start(&mut command)
    };
    let queued = with_token(&["run", "--schedule", "daily", "--queue"]).wait_with_output();
    let run = String::from_utf8(queued.stdout).unwrap().trim().to_owned();
    assert!(
        fleet
            .psql("select plan from queued_runs")
            .contains("{secret:TOKEN}")
    );
    wait_until("the worker to say what it lacks", || {
        fleet.workers()[0]["lacks"] == serde_json::json!(["TOKEN"])
    });
    assert_eq!(fleet.psql("select state from queued_runs"), "queued");
    let able = with_token(&["worker", "--name", "able"]);
    fleet.wait_for_end(&run);
    assert_eq!(fleet.psql("select worker from queued_runs"), "able");
    for (machine, worker) in [(1, lacking), (0, able)] {
        fleet.end(machine, worker);
    }
}
