//! A second run of what still runs: held back, waited for or allowed, by the group's `overlap:` or by
//! `--overlap`. Whoever is killed is in nobody's way.

use std::fs::{File, OpenOptions};
use std::io::Write;

use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::Pid;
use serde_json::Value;

use crate::support::{Place, Running, Seen, outcomes, wait_until};

/// A collector that says that it is there and waits until it may go on.
const WAITS: &str = "#!/bin/sh
touch \"there.$ORCHESTRATE_GROUP.$ORCHESTRATE_TASK.$ORCHESTRATE_RUN_ID\"
read word < gate
";

const TWO_GROUPS: &str = r#"
groups:
  g:
    default_time: "04:10"
    tasks:
      - {command: waits, schedule: daily}
      - {command: quick, schedule: daily}
  h:
    default_time: "04:10"
    tasks:
      - {command: fake, schedule: daily, args: [append, ledger, h]}
"#;

struct Gated {
    place: Place,
    /// Both ends: nobody waits for the other one.
    gate: File,
}

impl Gated {
    fn new(schedule: &str) -> Self {
        let place = Place::new(schedule);
        place.script("waits", WAITS);
        place.script("quick", "#!/bin/sh\n");
        nix::unistd::mkfifo(&place.path("gate"), Mode::S_IRWXU).unwrap();
        let gate = OpenOptions::new()
            .read(true)
            .write(true)
            .open(place.path("gate"))
            .unwrap();
        Self { place, gate }
    }

    /// Starts a verb; what it says goes into the file `said`.
    fn start(&self, args: &[&str], said: &str) -> Running {
        let said = File::create(self.place.path(said)).unwrap();
        let mut command = self.place.command(args);
        Running::start(
            command.stdout(said.try_clone().unwrap()).stderr(said),
            &self.place.marker,
        )
    }

    /// Starts a verb whose collector waits, and returns the id of its run.
    fn start_waiting(&self, args: &[&str], task: &str, said: &str) -> (Running, String) {
        let before = self.there(task);
        let child = self.start(args, said);
        let mut new = None;
        wait_until("the collector to be there", || {
            new = self.there(task).into_iter().find(|run| !before.contains(run));
            new.is_some()
        });
        (child, new.unwrap())
    }

    /// The runs whose collector of this task (group and name) has been there.
    fn there(&self, task: &str) -> Vec<String> {
        let prefix = format!("there.{task}.");
        let names = std::fs::read_dir(self.place.dir.path()).unwrap();
        names
            .filter_map(|name| {
                let name = name.unwrap().file_name().into_string().unwrap();
                name.strip_prefix(&prefix).map(str::to_owned)
            })
            .collect()
    }

    fn waits_for(&self, said: &str, words: &str) {
        wait_until(words, || {
            std::fs::read_to_string(self.place.path(said)).is_ok_and(|said| said.contains(words))
        });
    }

    /// So many collectors go on.
    fn open(&self, count: usize) {
        (&self.gate).write_all("\n".repeat(count).as_bytes()).unwrap();
    }

    fn ends(&self, mut child: Running, code: i32, said: &str) {
        let ended = child.wait().unwrap();
        let said = std::fs::read_to_string(self.place.path(said)).unwrap();
        assert_eq!(ended.code(), Some(code), "{said}");
    }

    /// Runs a verb to its end while another one goes on.
    fn run_beside(&self, args: &[&str]) -> Seen {
        let output = self.place.command(args).output().unwrap();
        Seen {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    fn last(&self) -> Value {
        self.run_beside(&["show", "last", "--format", "json"]).json()
    }
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(command, outcome): &(&str, &str)| ((*command).to_owned(), (*outcome).to_owned());
    expected.iter().map(owned).collect()
}

const RUN_G: [&str; 5] = ["run", "--schedule", "daily", "--group", "g"];

#[test]
fn a_group_that_still_runs_is_held_back_and_the_others_run() {
    let gated = Gated::new(TWO_GROUPS);
    let (first, run) = gated.start_waiting(&RUN_G, "g.waits", "first");
    let second = gated.run_beside(&["run", "--schedule", "daily"]);
    let reason = format!("run {run} still went on (overlap: skip)");
    second
        .exits(1)
        .says(&reason)
        .says("1 succeeded, 0 failed, 2 skipped");
    let summary = gated.last();
    assert_eq!(
        outcomes(&summary),
        pairs(&[("waits", "skipped"), ("quick", "skipped"), ("fake", "succeeded")])
    );
    assert_eq!(summary["tasks"][0]["reason"], reason.as_str());
    assert_eq!(
        (&summary["exit_code"], &summary["success"]),
        (&1.into(), &false.into())
    );
    // It needs a look, and what only looks is held back by nothing.
    let status = gated.run_beside(&["status", "--format", "json"]).json();
    let task = &status["tasks"][0];
    assert_eq!(
        (&task["attention"], &task["cause"]),
        (&true.into(), &reason.as_str().into())
    );
    gated
        .run_beside(&["run", "--schedule", "daily", "--dry-run"])
        .exits(0)
        .says_not("still went on");
    gated.open(1);
    gated.ends(first, 0, "first");
    let (again, _) = gated.start_waiting(&RUN_G, "g.waits", "again");
    gated.open(1);
    gated.ends(again, 0, "again");
    gated.place.wait_until_gone();
}

#[test]
fn who_is_killed_lets_go_at_once() {
    let gated = Gated::new(TWO_GROUPS);
    let (mut first, _) = gated.start_waiting(&RUN_G, "g.waits", "first");
    first.kill().unwrap();
    first.wait().unwrap();
    gated.open(2);
    let second = gated.run_beside(&RUN_G);
    second.exits(0);
    gated.place.wait_until_gone();
}

#[test]
fn a_queued_run_follows_and_an_interrupt_ends_its_wait() {
    let gated = Gated::new(&TWO_GROUPS.replace(
        "  g:\n    default_time: \"04:10\"\n",
        "  g:\n    default_time: \"04:10\"\n    overlap: queue\n",
    ));
    let (first, run) = gated.start_waiting(&RUN_G, "g.waits", "first");
    let waits = format!("waits for run {run}");
    let mut given_up = gated.start(&RUN_G, "given up");
    gated.waits_for("given up", &waits);
    kill(
        Pid::from_raw(i32::try_from(given_up.id()).unwrap()),
        Signal::SIGINT,
    )
    .unwrap();
    assert_eq!(given_up.wait().unwrap().code(), Some(130));
    let second = gated.start(&RUN_G, "second");
    gated.waits_for("second", &waits);
    // The flag goes before the schedule.
    let flag = [&RUN_G[..], &["--overlap", "skip"]].concat();
    gated.run_beside(&flag).exits(1).says("overlap: skip");
    gated.open(2);
    gated.ends(first, 0, "first");
    gated.ends(second, 0, "second");
    assert_eq!(
        outcomes(&gated.last()),
        pairs(&[("waits", "succeeded"), ("quick", "succeeded")])
    );
    gated.place.wait_until_gone();
}

#[test]
fn runs_that_may_overlap_share_group_and_workspace() {
    let gated = Gated::new(TWO_GROUPS);
    let (first, run) = gated.start_waiting(&RUN_G, "g.waits", "first");
    let allowed = [&RUN_G[..], &["--overlap", "allow"]].concat();
    let (second, other) = gated.start_waiting(&allowed, "g.waits", "second");
    assert_ne!(run, other);
    // The first one is gone, and the one that was allowed is in the way as well.
    gated.open(2);
    gated.ends(first, 0, "first");
    gated.ends(second, 0, "second");
    let (third, _) = gated.start_waiting(&allowed, "g.waits", "third");
    gated.run_beside(&RUN_G).exits(1);
    gated.open(1);
    gated.ends(third, 0, "third");
    gated.place.wait_until_gone();
}

#[test]
fn one_by_hand_collides_with_an_attempt_of_that_task_only() {
    let gated = Gated::new(TWO_GROUPS);
    let (batch, run) = gated.start_waiting(&RUN_G, "g.waits", "batch");
    gated
        .run_beside(&["run-one", "waits"])
        .exits(1)
        .says(&format!("run {run} still went on (overlap: skip)"));
    gated.run_beside(&["run-one", "quick"]).exits(0);
    gated.open(1);
    gated.ends(batch, 0, "batch");
    let (one, run) = gated.start_waiting(&["run-one", "waits"], "g.waits", "one");
    gated
        .run_beside(&["run-one", "waits"])
        .exits(1)
        .says(&format!("run {run} still went on (overlap: skip)"));
    gated.open(1);
    gated.ends(one, 0, "one");
    gated.place.wait_until_gone();
}

#[test]
fn the_fixed_list_and_an_interval_collide_with_themselves() {
    let gated = Gated::new(
        r#"
workflow: {commands: [waits]}
groups:
  g:
    default_time: "04:10"
    tasks:
      - {command: waits, name: often, schedule: interval, minutes: 15, workspace: task}
      - {command: quick, schedule: daily}
"#,
    );
    let (list, run) = gated.start_waiting(&["run-all"], "workflow.waits", "list");
    let held_back = format!("run {run} still went on");
    gated.run_beside(&["run-all"]).exits(1).says(&held_back);
    let interval = ["run", "--schedule", "interval", "--interval-minutes", "15"];
    let (often, run) = gated.start_waiting(&interval, "g.often", "often");
    gated
        .run_beside(&interval)
        .exits(1)
        .says(&format!("run {run} still went on"));
    // The batch of the group is another entry.
    gated.run_beside(&RUN_G).exits(0);
    gated.open(2);
    gated.ends(list, 0, "list");
    gated.ends(often, 0, "often");
    gated.place.wait_until_gone();
}

/// Two groups with one command: one workspace.
const ONE_WORKSPACE: &str = r#"
groups:
  g:
    default_time: "04:10"
    tasks:
      - {command: waits, schedule: daily}
  h:
    default_time: "04:10"
    tasks:
      - {command: waits, schedule: daily, LIMIT}
"#;

#[test]
fn an_attempt_waits_for_its_workspace() {
    let gated = Gated::new(&ONE_WORKSPACE.replace(", LIMIT", ""));
    let (first, run) = gated.start_waiting(&RUN_G, "g.waits", "first");
    let run_h = ["run", "--schedule", "daily", "--group", "h"];
    let second = gated.start(&run_h, "second");
    gated.waits_for("second", &format!("which run {run} uses"));
    assert!(gated.there("h.waits").is_empty());
    gated.open(2);
    gated.ends(first, 0, "first");
    gated.ends(second, 0, "second");
    // Tasks of one run follow each other, and do not collide.
    gated.open(2);
    gated.run_beside(&["run", "--schedule", "daily"]).exits(0);
    gated.place.wait_until_gone();
}

#[test]
fn an_attempt_that_waits_too_long_for_its_workspace_is_not_started() {
    let gated = Gated::new(&ONE_WORKSPACE.replace("LIMIT", "timeout: 1s"));
    let (first, run) = gated.start_waiting(&RUN_G, "g.waits", "first");
    let run_h = ["run", "--schedule", "daily", "--group", "h"];
    gated.run_beside(&run_h).exits(1);
    let summary = gated.last();
    let task = &summary["tasks"][0];
    assert_eq!(task["outcome"], "not_started");
    let reason = task["reason"].as_str().unwrap();
    assert!(
        reason.starts_with(&format!("run {run} still uses its workspace ")) && reason.ends_with(" after 1s"),
        "{reason}"
    );
    assert!(gated.there("h.waits").is_empty());
    let mut cancelled = gated.start(&[&run_h[..], &["--timeout", "1h"]].concat(), "cancelled");
    gated.waits_for("cancelled", "which run ");
    kill(
        Pid::from_raw(i32::try_from(cancelled.id()).unwrap()),
        Signal::SIGTERM,
    )
    .unwrap();
    assert_eq!(cancelled.wait().unwrap().code(), Some(143));
    gated.open(1);
    gated.ends(first, 0, "first");
    gated.place.wait_until_gone();
}

#[test]
fn a_range_whose_group_still_runs_stops_at_its_first_date() {
    let gated = Gated::new(TWO_GROUPS);
    let (first, _) = gated.start_waiting(&RUN_G, "g.waits", "first");
    let range = [&RUN_G[..], &["--from", "2026-11-01", "--to", "2026-11-05"]].concat();
    gated
        .run_beside(&range)
        .exits(1)
        .says("still went on (overlap: skip)")
        .says("Stopped: 4 later dates were not looked at.");
    gated.open(1);
    gated.ends(first, 0, "first");
    // What was held back did not run, so it is run now.
    gated.open(5);
    gated.run_beside(&range).exits(0);
    gated.place.wait_until_gone();
}
