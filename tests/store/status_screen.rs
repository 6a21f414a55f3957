//! The screen of `status` after a night in which all goes wrong.

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use serde_json::Value;

use crate::support::{Place, wait_until};

/// Twelve collectors: each goes wrong in its own way, or not at all.
const NIGHT: &str = r#"
release: {repository: ./nowhere}
groups:
  github:
    default_time: "00:00"
    stop_on_failure: true
    tasks:
      - {command: fake, name: well, schedule: daily}
      - {command: fake, name: busy, schedule: daily, args: [err, "HTTP 503", exit, "75"], retry: {limit: 2, delay: 1ms}}
      - {command: fake, name: stopped, schedule: daily}
  packages:
    default_time: "00:00"
    tasks:
      - {command: run_missing, schedule: daily}
      - {command: run_not_executable, schedule: daily}
      - {command: fake, name: hung, schedule: daily, args: [hang], timeout: 300ms}
      - {command: fake, name: crashed, schedule: daily, args: [crash]}
      - {command: fake, name: empty, schedule: daily, expect: {min_records: 1}}
      - {command: fake, name: also-well, schedule: daily}
  releases:
    default_time: "00:00"
    tasks:
      - {command: fake, name: sync, schedule: on_release}
  mail:
    default_time: "00:00"
    tasks:
      - {command: fake, name: cancelled, schedule: daily, args: [touch, started, fifo-read, go]}
  late:
    default_time: "00:00"
    tasks:
      - {command: fake, name: slept, schedule: daily}
"#;

/// A scheduler passed its slot over an hour ago.
const MISSED: &str = "insert into slots (entry, slot, claimed_at)
         values ('group:late', (unixepoch() - 3600) * 1000000, (unixepoch() - 3600) * 1000000);
     insert into ledger (entry, slot, group_name, name, command, state, cause)
         select entry, slot, 'late', 'slept', 'fake', 'missed', 'no scheduler ran then' from slots";

fn night() -> Place {
    let place = Place::new(NIGHT);
    std::fs::write(place.path("collectors/run_not_executable"), "#!/bin/sh\n").unwrap();
    mkfifo(&place.path("go"), Mode::S_IRWXU).unwrap();
    for group in ["github", "packages"] {
        let args = ["run", "--schedule", "daily", "--group", group, "-q"];
        place.run(&args).exits(1);
    }
    let args = ["run", "--schedule", "on_release", "--group", "releases", "-q"];
    place.run(&args).exits(1);
    let args = ["run", "--schedule", "daily", "--group", "mail", "-q"];
    let mail = place.start(&mut place.command(&args));
    wait_until("the collector to start", || place.path("started").exists());
    // Its record comes a moment later.
    wait_until("its record", || {
        let running = place.command(&["history", "--outcome", "running", "--format", "json"]);
        let seen = { running }.output().unwrap();
        String::from_utf8_lossy(&seen.stdout).contains("running")
    });
    let cancel = place.command(&["cancel", "last"]).output().unwrap();
    assert!(cancel.status.success(), "{cancel:?}");
    place.see(mail).exits(1);
    sql(&place, MISSED);
    place
}

fn sql(place: &Place, text: &str) {
    use sqlx::Connection;
    let file = format!("sqlite:{}", place.state().join("orchestrate.db").display());
    crate::both::runtime().block_on(async {
        let mut connection = sqlx::SqliteConnection::connect(&file).await.unwrap();
        let text = sqlx::raw_sql(sqlx::AssertSqlSafe(text));
        text.execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    });
}

/// Who reads the screen, and nothing else, knows what happened to each of the twelve and what
/// to type.
#[test]
fn a_failing_night_is_read_from_the_screen_alone() {
    let place = night();
    let mut command = place.command(&["status"]);
    let seen = place.see(place.start(command.env("COLUMNS", "80")));
    seen.exits(0);
    for (name, word, cause, next) in [
        (
            "github/busy",
            "failed",
            "exited with code 75 (temporary), tried 3 times: HTTP 503",
            "orchestrate logs busy --group github",
        ),
        (
            "packages/run_missing",
            "not started",
            "run_missing",
            "orchestrate check",
        ),
        (
            "packages/run_not_executable",
            "not started",
            "it is not executable",
            "chmod +x collectors/run_not_executable",
        ),
        (
            "packages/hung",
            "timed out",
            "timed out after 300ms",
            "orchestrate logs hung --group packages",
        ),
        (
            "packages/crashed",
            "failed",
            "killed by SIGSEGV",
            "orchestrate logs crashed --group packages",
        ),
        (
            "packages/empty",
            "suspect",
            "succeeded, but",
            "orchestrate logs empty --group packages",
        ),
        (
            "releases/sync",
            "skipped",
            "release unknown: ",
            "orchestrate release check",
        ),
        (
            "mail/cancelled",
            "cancelled",
            "cancelled by the operator",
            "orchestrate run-one cancelled --group mail",
        ),
        (
            "late/slept",
            "missed",
            "no scheduler ran then",
            "orchestrate run-one slept --group late",
        ),
    ] {
        let told = paragraph(&seen.stdout, name);
        for part in [word, cause, next] {
            assert!(told.contains(part), "no {part:?} in {told:?}\n{}", seen.stdout);
        }
    }
    seen.says("  well")
        .says("  also-well")
        .says("stopped after busy exited with code 75");
    let first = seen.stdout.lines().next().unwrap();
    assert!(
        first.starts_with("2 of the 12 collectors that were due since "),
        "{first}"
    );
    let json = place
        .run(&["status", "--format", "json", "--exit-code"])
        .exits(1)
        .json();
    let numbers = ["due", "succeeded", "suspect", "attention"].map(|key| json[key].as_u64().unwrap());
    assert_eq!(numbers, [12, 2, 1, 9], "{json:#}");
    let of = |name: &str| {
        let tasks = json["tasks"].as_array().unwrap();
        tasks.iter().find(|task| task["name"] == name).unwrap().clone()
    };
    assert_eq!(of("stopped")["attention"], false);
    assert_eq!(of("busy")["failed_in_row"], 1);
    assert_eq!(of("slept")["state"], "missed");
    assert_eq!(of("slept")["run"], Value::Null);
    // Only a group, only what needs a look.
    let narrow = place.run(&["status", "--group", "github", "--attention", "--format", "json"]);
    let narrow = narrow.exits(0).json();
    assert_eq!(
        (&narrow["due"], narrow["tasks"].as_array().unwrap().len()),
        (&3.into(), 1)
    );
}

/// The lines of a task, up to the command that is to be typed.
fn paragraph(screen: &str, name: &str) -> String {
    let mut lines = screen
        .lines()
        .skip_while(|line| !line.starts_with(&format!("  {name} ")));
    let mut text = lines.next().unwrap_or_default().to_owned();
    for line in lines.take_while(|line| line.starts_with("    ")) {
        text.push_str(line);
    }
    text
}

/// `status` of a place without a database makes none; of a broken timetable it says so.
#[test]
fn status_looks_and_makes_nothing() {
    let place = Place::new("groups: {g: {default_time: '04:10', tasks: [{command: fake, schedule: daily}]}}");
    place
        .run(&["status"])
        .exits(0)
        .says("Nothing was due since ")
        .says("never ran");
    assert!(!place.state().exists());
    place
        .run(&["status", "--group", "gg"])
        .exits(2)
        .says("did you mean g?");
    place.run(&["run", "--schedule", "daily", "-q"]).exits(0);
    place
        .run(&["status", "--since", "yesterday", "--exit-code"])
        .exits(0)
        .says("The one collector that was due since ");
    place.schedule("groups: {g: {default_time: 4}}");
    // By what the file was when it was last run; without that nobody knows what should have.
    place
        .run(&["status"])
        .exits(0)
        .says("this is by the schedule of ");
    std::fs::remove_dir_all(place.state().join("schedule.last-good")).unwrap();
    let broken = place.run(&["status", "--format", "json"]);
    let json = broken.exits(2).json();
    assert!(
        json["schedule_error"].as_str().unwrap().contains("E01"),
        "{json:#}"
    );
    assert_eq!(json["tasks"][0]["name"], "fake");
}
