//! A scheduler as a process of its own, on a clock that is fast: a minute of the
//! timetable takes a tenth of a second. What it fired is read from the collectors' own
//! notes and from the ledger, and must agree.

use std::collections::BTreeSet;
use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use jiff::Timestamp;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use orchestrator::model::{Clock, LapseClock, SystemClock};

use crate::cluster::cluster;
use crate::support::{Place, Running, wait_until};

/// A collector that notes the slot it is for.
const NOTE: &str = "#!/bin/sh\necho \"$ORCHESTRATE_SLOT\" >> ran\n";

pub(crate) const EVERY_MINUTE: &str = "
groups:
  g:
    default_time: \"04:10\"
    tasks:
      - {command: note, schedule: interval, minutes: 1}
";

/// An installation whose schedulers live fast.
pub(crate) struct Fast {
    pub(crate) place: Place,
    lapse: String,
    url: Option<String>,
}

impl Fast {
    pub(crate) fn new(schedule: &str, url: Option<String>) -> Self {
        Self::at_rate(600, schedule, url)
    }

    pub(crate) fn at_rate(rate: u32, schedule: &str, url: Option<String>) -> Self {
        let place = Place::new(schedule);
        place.script("note", NOTE);
        let lapse = format!("{}*{rate}", SystemClock.now());
        Self { place, lapse, url }
    }

    /// Another directory, on the same database and the same clock.
    pub(crate) fn beside(&self, schedule: &str) -> Self {
        let mut other = Self::new(schedule, self.url.clone());
        other.lapse.clone_from(&self.lapse);
        other
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = self.place.command(args);
        if let Some(url) = &self.url {
            command.env("DATABASE_URL", url);
        }
        command
    }

    /// Starts a scheduler; what it says goes into a file.
    pub(crate) fn start(&self, args: &[&str]) -> Running {
        self.start_with(args, &[])
    }

    pub(crate) fn start_with(&self, args: &[&str], variables: &[(&str, &str)]) -> Running {
        let said = fs::File::options()
            .create(true)
            .append(true)
            .open(self.place.path("said"))
            .unwrap();
        let mut command = self.command(args);
        let command = command
            .env("ORCHESTRATE_TIME_LAPSE", &self.lapse)
            .envs(variables.iter().copied())
            .stdout(Stdio::null())
            .stderr(said);
        Running::start(command, &self.place.marker)
    }

    /// What time it is for its schedulers.
    pub(crate) fn now(&self) -> Timestamp {
        LapseClock::parse(&self.lapse).unwrap().now()
    }

    pub(crate) fn said(&self) -> String {
        fs::read_to_string(self.place.path("said")).unwrap_or_default()
    }

    pub(crate) fn wait_for(&self, words: &str) {
        wait_until(words, || self.said().contains(words));
    }

    /// The slots that collectors were started for, in order of their starts.
    pub(crate) fn ran(&self) -> Vec<Timestamp> {
        let notes = fs::read_to_string(self.place.path("ran")).unwrap_or_default();
        notes.lines().map(|line| line.parse().unwrap()).collect()
    }

    /// Each row as one text.
    pub(crate) fn rows(&self, sql: &str) -> Vec<String> {
        if let Some(url) = &self.url {
            // Of whichever server: the address is in it.
            let text = cluster().psql(url, sql);
            return text.lines().map(str::to_owned).collect();
        }
        let file = self.place.state().join("orchestrate.db");
        crate::both::runtime().block_on(async {
            let pool = sqlx::SqlitePool::connect(&format!("sqlite:{}", file.display()))
                .await
                .unwrap();
            let rows: Vec<(String,)> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
                .fetch_all(&pool)
                .await
                .unwrap();
            pool.close().await;
            rows.into_iter().map(|(row,)| row).collect()
        })
    }

    /// Proves that from the first slot to the last there is none without exactly one row,
    /// and that `ran` holds each at most once, and none that the ledger does not know.
    pub(crate) fn is_whole(&self, ran: &[Timestamp]) {
        let rows = self.rows(
            "select s.slot || '|' || l.state || '|' || coalesce(s.run_id, '') || '|' || coalesce(l.cause, '')
             from slots s join ledger l on l.entry = s.entry and l.slot = s.slot order by s.slot",
        );
        let rows: Vec<Vec<&str>> = rows.iter().map(|row| row.split('|').collect()).collect();
        let slots: Vec<i64> = rows.iter().map(|row| row[0].parse().unwrap()).collect();
        for pair in slots.windows(2) {
            assert_eq!(
                pair[1] - pair[0],
                60_000_000,
                "a slot is missing or there twice: {rows:#?}"
            );
        }
        let once: BTreeSet<i64> = ran.iter().map(|slot| slot.as_microsecond()).collect();
        assert_eq!(once.len(), ran.len(), "a slot ran twice: {ran:?}");
        for row in &rows {
            let (slot, state) = (row[0].parse().unwrap(), row[1]);
            match state {
                "ran" => assert!(once.contains(&slot), "{row:?} says that it ran"),
                // Killed, perhaps after its note.
                "unknown" => {}
                "skipped" | "missed" => {
                    assert!(!once.contains(&slot) || row[3].contains("ended"), "{row:?} ran");
                    assert!(!row[3].is_empty(), "{row:?} has no cause");
                }
                _ => panic!("{row:?} has no end in {rows:#?}"),
            }
        }
        for slot in &once {
            assert!(slots.contains(slot), "{slot} ran and has no row");
        }
        assert_eq!(
            self.rows("select '' || count(*) from slots"),
            [rows.len().to_string()]
        );
    }
}

pub(crate) fn signal(child: &Running, signal: Signal) {
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), signal).unwrap();
}

/// Asks it to end, and waits for that.
pub(crate) fn stop(mut child: Running) -> Option<i32> {
    signal(&child, Signal::SIGTERM);
    child.wait().unwrap().code()
}

#[test]
fn fifty_kills_at_random_moments_lose_no_slot_and_double_none() {
    let fast = Fast::new(EVERY_MINUTE, None);
    for round in 0..50_u64 {
        let mut beat = fast.start(&["-q", "beat"]);
        // The moment is the random part of this test; nothing is waited for.
        std::thread::sleep(Duration::from_millis(random(round) % 700));
        beat.kill().unwrap();
        beat.wait().unwrap();
        fast.place.wait_until_gone();
    }
    let before = fast.ran().len();
    let beat = fast.start(&["-q", "beat"]);
    wait_until("slots after the last kill", || fast.ran().len() > before + 3);
    assert_eq!(stop(beat), Some(0));
    fast.place.wait_until_gone();
    let ran = fast.ran();
    assert!(ran.len() > 20, "{ran:?}");
    fast.is_whole(&ran);
}

/// A number that is all over the place, and another one in each run of the tests.
pub(crate) fn random(round: u64) -> u64 {
    let seed = SystemClock.now().as_microsecond().unsigned_abs() ^ (round << 20);
    (seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)) >> 33
}

/// Two schedulers on one database: one stands by, and takes over when the other is killed.
fn two_share(one: &Fast, two: &Fast) {
    let mut first = one.start(&["-q", "beat", "--log-level", "info"]);
    wait_until("the first to fire", || one.ran().len() > 3);
    let second = two.start(&["beat"]);
    wait_until("the second to stand by", || {
        two.said().contains("leads; this one stands by")
    });
    let fired = one.ran().len();
    wait_until("more slots", || one.ran().len() > fired + 10);
    first.kill().unwrap();
    first.wait().unwrap();
    two.wait_for("this scheduler leads");
    let fired = one.ran().len() + two.ran().len();
    wait_until("slots of the second", || {
        one.ran().len() + two.ran().len() > fired + 10
    });
    assert_eq!(stop(second), Some(0), "{}", two.said());
}

#[test]
fn two_on_one_file_fire_each_slot_once() {
    let one = Fast::new(EVERY_MINUTE, None);
    two_share(&one, &one);
    one.place.wait_until_gone();
    one.is_whole(&one.ran());
}

#[test]
fn two_on_one_server_fire_each_slot_once() {
    let one = Fast::new(EVERY_MINUTE, Some(cluster().database()));
    let two = one.beside(EVERY_MINUTE);
    two_share(&one, &two);
    one.place.wait_until_gone();
    two.place.wait_until_gone();
    // What the first had not told its database when it was killed is in its journal.
    one.command(&["history"]).output().unwrap();
    let mut ran = one.ran();
    ran.extend(two.ran());
    one.is_whole(&ran);
}

#[test]
fn without_a_valid_schedule_nothing_starts() {
    for verb in ["beat", "serve"] {
        let place =
            Place::new("groups: {g: {default_time: \"25:10\", tasks: [{command: c, schedule: daily}]}}");
        let seen = place.run(&[verb]);
        seen.exits(2)
            .says("default_time")
            .says("boost_collector_schedule.yaml:1:");
        fs::remove_file(place.path("config/boost_collector_schedule.yaml")).unwrap();
        place.run(&[verb]).exits(2).says("boost_collector_schedule.yaml");
        assert!(!place.state().exists(), "nothing was made");
    }
}
