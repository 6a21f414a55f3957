//! An installation whose schedulers are processes of their own, on a clock that is fast: a
//! minute of the timetable takes a tenth of a second. What ran is read from the collectors'
//! own notes and from the ledger, and must agree.

use std::collections::BTreeSet;
use std::fs;
use std::process::{Command, Stdio};

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
    pub(crate) lapse: String,
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
    /// Waits for its end, and nothing of it is left.
    pub(crate) fn ends(&self, child: Running, code: i32) {
        let ended = child.wait_with_output();
        assert_eq!(ended.status.code(), Some(code), "{}", self.said());
        self.place.wait_until_gone();
    }

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
        crate::runtime::runtime().block_on(async {
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

/// A number that is all over the place, and another one in each run of the tests.
pub(crate) fn random(round: u64) -> u64 {
    let seed = SystemClock.now().as_microsecond().unsigned_abs() ^ (round << 20);
    (seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)) >> 33
}
