//! A PostgreSQL user who may not write what has to be written: said at once, and nothing
//! is started.

use std::fs;
use std::process::Output;
use std::time::{Duration, Instant};

use crate::cluster::{cluster, name_of};
use crate::fast::{EVERY_MINUTE, Fast, stop};
use crate::support::{Place, wait_until};

const SCHEDULE: &str = "
groups:
  g:
    default_time: \"04:10\"
    tasks:
      - {command: note, schedule: daily}
";

/// A database with our schema, and a user who may do everything with its rows.
struct Granted {
    database: String,
    user: String,
    url: String,
}

impl Granted {
    fn new() -> Self {
        let owner = cluster().database();
        let database = name_of(&owner).to_owned();
        let user = format!("user_{database}");
        let place = Place::new(SCHEDULE);
        let mut migrate = place.command(&["db", "migrate"]);
        assert!(migrate.env("DATABASE_URL", &owner).status().unwrap().success());
        let granted = Self {
            url: owner.replacen("test:s3cret", &format!("{user}:s3cret"), 1),
            database,
            user,
        };
        granted.sql("create role \"USER\" login");
        granted.sql("grant usage on schema orchestrate to \"USER\"");
        granted.sql("grant all on all tables in schema orchestrate to \"USER\"");
        granted
    }

    /// What its owner does; `USER` stands for the user.
    fn sql(&self, sql: &str) -> String {
        cluster().psql(&self.database, &sql.replace("USER", &self.user))
    }
}

fn refused(granted: &Granted, verb: &[&str], table: &str) {
    let place = Place::new(SCHEDULE);
    place.script("note", "#!/bin/sh\necho ran >> ran\n");
    let begin = Instant::now();
    let output: Output = place
        .command(verb)
        .env("DATABASE_URL", &granted.url)
        .output()
        .unwrap();
    let took = begin.elapsed();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{verb:?}: {said}");
    let user = &granted.user;
    let error = format!("permission denied for table orchestrate.{table}: user {user} may not INSERT");
    assert!(said.contains(&error), "{verb:?}: {said}");
    let hint = format!("GRANT INSERT ON orchestrate.{table} TO \"{user}\"");
    assert!(said.contains(&hint), "{verb:?}: {said}");
    assert!(!said.contains("tried again"), "{verb:?}: {said}");
    assert!(took < Duration::from_secs(10), "{verb:?} took {took:?}");
    assert!(!place.path("ran").exists(), "{verb:?} started a collector");
    assert!(!place.state().join("runs").exists(), "{verb:?} made a run");
}

#[test]
fn whoever_may_not_record_a_run_starts_none() {
    let granted = Granted::new();
    granted.sql("revoke insert on runs from \"USER\"");
    refused(&granted, &["run-one", "note"], "runs");
    refused(&granted, &["run", "--schedule", "daily"], "runs");
    refused(&granted, &["beat"], "runs");
    assert_eq!(granted.sql("select count(*) from runs").trim(), "0");
}

#[test]
fn a_scheduler_that_may_not_claim_slots_does_not_begin() {
    let granted = Granted::new();
    granted.sql("revoke insert on slots from \"USER\"");
    refused(&granted, &["beat"], "slots");
    assert_eq!(granted.sql("select count(*) from beats").trim(), "0");
}

/// Verbs that change something else are told as `run` is.
#[test]
fn whoever_may_not_change_something_is_told_who_can_allow_it() {
    let granted = Granted::new();
    for table in ["pauses", "records"] {
        granted.sql(&format!("revoke all on {table} from \"USER\""));
    }
    for (verb, table) in [
        (&["pause", "g"][..], "pauses"),
        (&["resume", "g"], "pauses"),
        (&["records", "list"], "records"),
    ] {
        let place = Place::new(SCHEDULE);
        let mut command = place.command(verb);
        let output = command.env("DATABASE_URL", &granted.url).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{verb:?}: {said}");
        assert!(
            said.contains(&format!("permission denied for table {table}")),
            "{verb:?}: {said}"
        );
        let hint = format!("GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO");
        assert!(said.contains(&hint), "{verb:?}: {said}");
    }
}

/// The right is taken away while it leads: no later slot is blamed on a run that never began.
#[test]
fn a_run_that_never_began_is_not_said_to_go_on() {
    let granted = Granted::new();
    let fast = Fast::new(EVERY_MINUTE, Some(granted.url.clone()));
    let running = fast.start(&["beat"]);
    let slots = || -> u32 { granted.sql("select count(*) from slots").trim().parse().unwrap() };
    wait_until("a slot to be claimed", || slots() > 0);
    granted.sql("revoke insert on slots from \"USER\"");
    fast.wait_for("permission denied for table slots");
    // What came meanwhile is settled as soon as it may be.
    granted.sql("grant insert on slots to \"USER\"");
    let before = slots();
    wait_until("slots to be claimed again", || slots() > before + 2);
    stop(running);
    let causes = granted.sql("select distinct cause from ledger where cause like '%still went on%'");
    // What had its slot when the right was taken away did run, and may wait to be recorded.
    let began: Vec<String> = fs::read_dir(fast.place.state().join("runs"))
        .unwrap()
        .map(|run| run.unwrap().file_name().into_string().unwrap())
        .collect();
    for cause in causes.lines() {
        assert!(began.iter().any(|run| cause.contains(run)), "{cause}");
    }
}
