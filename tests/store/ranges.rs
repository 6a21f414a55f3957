//! `run --from D --to D`: what did not run at its slot is run for it, once, and the ledger says
//! so. On both databases.

use std::fs;
use std::process::Command;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::cluster::cluster;
use crate::support::{Place, Running, Seen, wait_until};

/// 2026-02-27 is a Friday, the last day of that February a Saturday.
const SCHEDULE: &str = r#"
groups:
  g:
    default_time: "04:10"
    stop_on_failure: true
    tasks:
      - {command: fake, name: first, schedule: daily, args: [append, ledger, "first {slot_date}"]}
      - {command: second, schedule: daily, args: ["{slot_date}"]}
      - {command: fake, name: third, schedule: daily, args: [append, ledger, "third {slot_date}"]}
  h:
    default_time: "00:30"
    timezone: Europe/Berlin
    tasks:
      - {command: fake, name: monday, schedule: weekly, on: monday, args: [append, ledger, "monday {slot_date}"]}
      - {command: fake, name: last, schedule: monthly, on: 31, args: [append, ledger, "last {slot}"]}
"#;

/// Fails until it is mended; with `hang` it waits until it is ended.
const SECOND: &str = "#!/bin/sh\necho \"second $1\" >> ledger\n\
    if test -e hang; then touch hanging; exec sleep 1000; fi\ntest -e mended || exit 3\n";

struct Site {
    place: Place,
    url: Option<String>,
}

impl Site {
    fn each(test: impl Fn(&Self)) {
        for url in [None, Some(cluster().database())] {
            let place = Place::new(SCHEDULE);
            place.script("second", SECOND);
            test(&Self { place, url });
        }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.place.command(args);
        command.envs(self.url.iter().map(|url| ("ORCHESTRATE_DATABASE_URL", url)));
        command
    }

    fn run(&self, args: &[&str]) -> Seen {
        self.place.see(self.place.start(&mut self.command(args)))
    }

    fn range(&self, from: &str, to: &str, more: &[&str]) -> Seen {
        self.run(
            &[
                &["run", "--schedule", "default", "--from", from, "--to", to],
                more,
            ]
            .concat(),
        )
    }

    /// Started, and in its first `second`.
    fn hanging(&self, from: &str, to: &str) -> Running {
        fs::write(self.place.path("hang"), "").unwrap();
        let args = ["run", "--schedule", "default", "--from", from, "--to", to, "-q"];
        let child = self.place.start(&mut self.command(&args));
        wait_until("the collector to hang", || self.place.path("hanging").exists());
        child
    }

    fn create(&self, name: &str) {
        fs::write(self.place.path(name), "").unwrap();
    }

    fn remove(&self, name: &str) {
        fs::remove_file(self.place.path(name)).unwrap();
    }

    /// What ran since it was last asked.
    fn take_ledger(&self) -> Vec<String> {
        let path = self.place.path("ledger");
        let text = fs::read_to_string(&path).unwrap_or_default();
        fs::write(path, "").unwrap();
        text.lines().map(str::to_owned).collect()
    }
}

fn send(child: &Running, signal: Signal) {
    kill(Pid::from_raw(child.id().cast_signed()), signal).unwrap();
}

#[test]
fn each_date_runs_what_did_not_run_on_it_and_only_once() {
    Site::each(|site| {
        let summaries = site.place.path("summaries.jsonl");
        let seen = site.range(
            "2026-02-27",
            "2026-03-02",
            &[
                "--summary-file",
                summaries.to_str().unwrap(),
                "--junit",
                "junit.xml",
            ],
        );
        seen.exits(1);
        let dates = ["2026-02-27", "2026-02-28", "2026-03-01", "2026-03-02"];
        let expected: Vec<String> = dates
            .iter()
            .flat_map(|date| {
                let mut day = vec![format!("first {date}"), format!("second {date}")];
                if *date == "2026-02-28" {
                    // Half past midnight in Berlin.
                    day.push("last 2026-02-27T23:30:00Z".to_owned());
                }
                if *date == "2026-03-02" {
                    day.push(format!("monday {date}"));
                }
                day
            })
            .collect();
        assert_eq!(site.take_ledger(), expected);
        let lines = fs::read_to_string(&summaries).unwrap();
        let runs: Vec<Value> = lines
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(runs.len(), 4, "{lines}");
        assert!(
            runs.iter()
                .all(|run| run["exit_code"] == 1 && run["schedule"] == "default")
        );
        let junit = fs::read_to_string(site.place.path("junit.xml")).unwrap();
        for date in dates {
            assert!(junit.contains(&format!("<testsuite name=\"{date}\"")), "{junit}");
        }
        assert_eq!(junit.matches("<testcase name=\"second\"").count(), 4, "{junit}");
        // What failed was tried; what it stopped was not.
        site.create("mended");
        let mended = site.range("2026-02-27", "2026-03-02", &[]);
        mended
            .exits(0)
            .says("2026-02-28: 3 tasks ran at their slots and are left out");
        assert_eq!(site.take_ledger(), dates.map(|date| format!("third {date}")));
        site.range("2026-02-27", "2026-03-02", &[])
            .exits(0)
            .says("Nothing is left to run.");
        // A date more.
        site.range("2026-03-02", "2026-03-03", &[]).exits(0);
        let day = ["first", "second", "third"].map(|name| format!("{name} 2026-03-03"));
        assert_eq!(site.take_ledger(), day);
    });
}

#[test]
fn what_ran_is_run_again_when_that_is_said_and_the_ledger_keeps_what_it_has() {
    Site::each(|site| {
        site.create("mended");
        let day = ["2026-03-02", "2026-03-02"];
        site.range(day[0], day[1], &["--collector", "third", "--collector", "monday"])
            .exits(0);
        assert_eq!(site.take_ledger(), ["third 2026-03-02", "monday 2026-03-02"]);
        let plan = |more: &[&str]| {
            let args = [
                "plan",
                "--schedule",
                "default",
                "--from",
                day[0],
                "--to",
                day[1],
                "--format",
                "json",
            ];
            let plan = site.run(&[&args[..], more].concat());
            let tasks = plan.exits(0).json()["tasks"].as_array().unwrap().clone();
            let names: Vec<String> = tasks
                .iter()
                .map(|task| task["name"].as_str().unwrap().to_owned())
                .collect();
            names.join(" ")
        };
        assert_eq!(plan(&[]), "first second");
        assert_eq!(plan(&["--again"]), "first second third monday");
        site.range(day[0], day[1], &["--again"]).exits(0);
        assert_eq!(site.take_ledger().len(), 4);
        // It ran them all, and settled none.
        assert_eq!(plan(&[]), "first second");
    });
}

#[test]
fn every_date_is_printed_by_a_dry_run_that_starts_nothing() {
    Site::each(|site| {
        let seen = site.range("2026-02-27", "2026-03-01", &["--dry-run", "--format", "json"]);
        let dates: Vec<Value> = seen
            .exits(0)
            .stdout
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap()["date"].clone())
            .collect();
        assert_eq!(dates, ["2026-02-27", "2026-02-28", "2026-03-01"]);
        let weekly = site.run(&[
            "plan",
            "--schedule",
            "weekly",
            "--from",
            "2026-03-01",
            "--to",
            "2026-03-02",
        ]);
        weekly
            .exits(0)
            .says("Plan: weekly for 2026-03-01")
            .says("h/monday");
        assert!(!site.place.state().exists());
        // Slots that have not come are left to whoever keeps the timetable.
        let far = site.range("9000-01-01", "9000-01-02", &[]);
        far.exits(0)
            .says("9000-01-01: 3 not due before 9000-01-01 04:10Z")
            .says("Nothing is left to run.");
        assert!(site.take_ledger().is_empty());
    });
}

#[test]
fn it_stops_at_a_failure_where_that_is_said_and_at_an_interruption_always() {
    Site::each(|site| {
        let stopped = site.range("2026-02-27", "2026-03-02", &["--stop-on-failure"]);
        stopped
            .exits(1)
            .says("Stopped: 3 later dates were not looked at.");
        assert_eq!(site.take_ledger(), ["first 2026-02-27", "second 2026-02-27"]);
        let child = site.hanging("2026-02-28", "2026-03-02");
        send(&child, Signal::SIGINT);
        site.place
            .see(child)
            .exits(130)
            .says("2 later dates were not looked at");
        assert_eq!(site.take_ledger(), ["first 2026-02-28", "second 2026-02-28"]);
    });
}

#[test]
fn what_is_lost_with_its_run_is_settled_by_the_next() {
    Site::each(|site| {
        let mut child = site.hanging("2026-02-27", "2026-02-28");
        send(&child, Signal::SIGKILL);
        child.wait().unwrap();
        site.place.wait_until_gone();
        assert_eq!(site.take_ledger(), ["first 2026-02-27", "second 2026-02-27"]);
        site.remove("hang");
        site.create("mended");
        site.range("2026-02-27", "2026-02-27", &[]).exits(0);
        // Nobody can tell whether the second did its work, so it is run; the first ran.
        assert_eq!(site.take_ledger(), ["second 2026-02-27", "third 2026-02-27"]);
    });
}

#[test]
fn a_range_that_cannot_be_is_refused_before_anything_starts() {
    let place = Place::new(SCHEDULE);
    let cases: [(&[&str], &str); 7] = [
        (
            &["default", "--from", "2026-03-02", "--to", "2026-03-01"],
            "--from 2026-03-02 is later than --to 2026-03-01",
        ),
        (
            &["default", "--from", "2025-03-01", "--to", "2026-03-02"],
            "more than 366 dates",
        ),
        (
            &["cron", "--from", "2026-03-01", "--to", "2026-03-02"],
            "belong to --schedule daily, weekly, monthly, default, not to --schedule cron",
        ),
        (
            &["dayly", "--from", "2026-03-01", "--to", "2026-03-02"],
            "there is no schedule \"dayly\"",
        ),
        (&["daily", "--from", "2026-03-01"], "--to"),
        (&["daily", "--again"], "--from"),
        (
            &[
                "daily",
                "--date",
                "2026-03-01",
                "--from",
                "2026-03-01",
                "--to",
                "2026-03-02",
            ],
            "cannot be used with",
        ),
    ];
    for (args, expected) in cases {
        place
            .run(&[&["run", "--schedule"], args].concat())
            .exits(2)
            .says(expected);
        assert!(!place.state().exists(), "{args:?} made a state directory");
    }
}
