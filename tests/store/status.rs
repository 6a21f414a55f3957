//! The night in one answer: what the store gathers for it, and a night in which everything
//! that can go wrong went wrong, looked at from outside.

use std::time::{Duration, Instant};

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use orchestrator::events::SlotRef;
use orchestrator::model::{Because, CancelCause, Exit, Outcome, OutcomeKind, RunId, TaskStatus};
use orchestrator::store::{
    HistoryFilter, KnownTask, LedgerState, PassedSlot, PastTask, SlotFilter, SlotRequest, SlotState,
    SlotTask, this_process,
};
use serde_json::Value;

use crate::run_events::{Home, Story, at};
use crate::support::{Place, wait_until};

on_both!(
    the_newest_run_of_each_task_and_its_streak,
    the_slots_of_a_night_with_what_became_of_them,
    tasks_in_their_runs_and_the_slots_that_no_run_reached,
    runs_without_success_say_how_they_came_to_it,
);

fn failed() -> Outcome {
    Outcome::Failed(Exit::Code(1))
}

async fn the_newest_run_of_each_task_and_its_streak(home: &Home) {
    let store = home.open().await;
    let owner = this_process().unwrap();
    for (place, (id, ends)) in [
        ("1", [Outcome::Succeeded, Outcome::Succeeded]),
        ("2", [failed(), failed()]),
        ("3", [failed(), Outcome::Succeeded]),
    ]
    .into_iter()
    .enumerate()
    {
        let start = i64::try_from(place).unwrap() * 100;
        let mut story = Story::new(id, start, &["a", "b"], owner.clone());
        for end in ends {
            story.does(end);
        }
        story.finish().tell(&store).await;
    }
    let mut running = Story::new("4", 300, &["b", "c"], owner);
    running.start(1).tell(&store).await;
    let asked = [("g", "a"), ("g", "never"), ("g", "b"), ("g", "c")];
    let newest = store.newest_runs(&asked).await.unwrap();
    let short = |place: usize| {
        let run = newest[place].as_ref().unwrap();
        (run.run.as_str(), run.status, run.last_success)
    };
    assert_eq!(short(0), ("3", TaskStatus::Failed, Some(at(0))));
    assert_eq!(newest[1], None);
    assert_eq!(short(2), ("4", TaskStatus::Running, Some(at(200))));
    assert_eq!(short(3), ("4", TaskStatus::Pending, None));
    let of_a = newest[0].as_ref().unwrap();
    assert_eq!(of_a.begun_at, Some(at(201)));
    assert_eq!(of_a.last_line.as_deref(), Some("nul \u{2400}, snowman \u{2603}"));
    let streaks = store
        .failing_streaks(&[
            ("g", "a", Some(at(0))),
            ("g", "b", Some(at(200))),
            ("g", "a", None),
        ])
        .await
        .unwrap();
    let short: Vec<_> = streaks
        .iter()
        .map(|streak| (streak.count, streak.since))
        .collect();
    assert_eq!(short, [(2, Some(at(100))), (0, None), (2, Some(at(100)))]);
    store.close().await;
}

/// What `history` of a collector or of a group is made of.
async fn tasks_in_their_runs_and_the_slots_that_no_run_reached(home: &Home) {
    let store = home.open().await;
    let owner = this_process().unwrap();
    let mut both = Story::new("1", 100, &["a", "b"], owner.clone());
    both.does(failed())
        .does(Outcome::Succeeded)
        .finish()
        .tell(&store)
        .await;
    let mut running = Story::new("2", 200, &["b"], owner);
    running.start(1).tell(&store).await;
    let known = |name: &str| KnownTask {
        group: "g".into(),
        name: name.into(),
        command: name.into(),
    };
    let ask = async |filter: HistoryFilter| {
        let found = store.past_tasks(&HistoryFilter { last: 10, ..filter }).await;
        let short = |task: &PastTask| format!("{}:{} {}", task.run.run, task.name, task.run.status);
        found.unwrap().iter().map(short).collect::<Vec<_>>()
    };
    let of_group = || HistoryFilter {
        group: Some("g".into()),
        ..HistoryFilter::default()
    };
    assert_eq!(
        ask(of_group()).await,
        ["2:b running", "1:b succeeded", "1:a failed"]
    );
    let of_a = HistoryFilter {
        tasks: vec![known("a")],
        ..HistoryFilter::default()
    };
    assert_eq!(ask(of_a).await, ["1:a failed"]);
    let of_both = HistoryFilter {
        tasks: vec![known("a"), known("b")],
        until: Some(at(150)),
        ..HistoryFilter::default()
    };
    assert_eq!(ask(of_both).await, ["1:b succeeded", "1:a failed"]);
    let open = HistoryFilter {
        outcome: Some("running".into()),
        ..of_group()
    };
    assert_eq!(ask(open).await, ["2:b running"]);

    let passed = |second: i64, name: &str, state: SlotState| PassedSlot {
        slot: SlotRef {
            entry: "group:g".into(),
            at: at(second),
        },
        tasks: vec![SlotTask {
            group: "g".into(),
            name: name.into(),
            command: name.into(),
            state,
        }],
    };
    let slots = [
        passed(10, "a", SlotState::Missed("nobody was there".into())),
        passed(20, "a", SlotState::Skipped("group g is paused since then".into())),
        passed(30, "a", SlotState::Skipped("it is not due on Wednesdays".into())),
        passed(40, "b", SlotState::Missed("nobody was there".into())),
    ];
    store.pass_over(&slots, at(50)).await.unwrap();
    let (one, two) = ([known("a")], [known("a"), known("b")]);
    let not_run = async |tasks: &[KnownTask], skipped_only: bool, since: i64| {
        let filter = SlotFilter {
            tasks,
            skipped_only,
            since: Some(at(since)),
            until: None,
            last: 10,
        };
        let rows = store.slots_not_run(&filter).await.unwrap();
        rows.iter().map(|row| row.slot).collect::<Vec<_>>()
    };
    assert_eq!(
        not_run(&one, false, 0).await,
        [at(20), at(10)],
        "not those of others"
    );
    assert_eq!(not_run(&one, true, 0).await, [at(20)]);
    assert_eq!(not_run(&two, false, 15).await, [at(40), at(20)]);
    store.close().await;
}

async fn runs_without_success_say_how_they_came_to_it(home: &Home) {
    let store = home.open().await;
    let owner = this_process().unwrap();
    let unknown = Outcome::Skipped(Because::ReleaseUnknown("no network".into()));
    let stopped = Outcome::Skipped(Because::Cancelled(CancelCause::Operator));
    for (start, (id, ends)) in [
        ("1", [failed(), Outcome::Succeeded]),
        ("2", [Outcome::Succeeded, unknown]),
        ("3", [Outcome::Succeeded, stopped]),
    ]
    .into_iter()
    .enumerate()
    {
        let start = i64::try_from(start).unwrap() * 100;
        let mut story = Story::new(id, start, &["a", "b"], owner.clone());
        for end in ends {
            match end {
                Outcome::Skipped(_) => story.skip(end),
                _ => story.does(end),
            };
        }
        story.finish().tell(&store).await;
    }
    let ids = ["1", "2", "3"].map(RunId::new);
    let ids: Vec<&RunId> = ids.iter().collect();
    let mut found: Vec<(String, bool, bool)> = store
        .unsuccessful(&ids)
        .await
        .unwrap()
        .into_iter()
        .map(|found| (found.run.to_string(), found.cancelled, found.release_unknown))
        .collect();
    found.sort();
    assert_eq!(found, [("2".into(), false, true), ("3".into(), true, false)]);
    store.close().await;
}

async fn the_slots_of_a_night_with_what_became_of_them(home: &Home) {
    let store = home.open().await;
    let slot = |entry: &str, second: i64| SlotRef {
        entry: entry.into(),
        at: at(second),
    };
    let task = |state: SlotState| SlotTask {
        group: "g".into(),
        name: "a".into(),
        command: "a".into(),
        state,
    };
    let passed = |slot: SlotRef| PassedSlot {
        slot,
        tasks: vec![task(SlotState::Missed("nobody was there".into()))],
    };
    assert_eq!(store.newest_slot().await.unwrap(), None);
    let slots = [
        passed(slot("group:g", 10)),
        passed(slot("group:g", 500)),
        passed(slot("release:g", 20)),
    ];
    store.pass_over(&slots, at(20)).await.unwrap();
    let owner = this_process().unwrap();
    let run = RunId::new("r");
    store
        .claim_slot(
            SlotRequest::new(&slot("group:g", 30), (&run, &owner), &[task(SlotState::Due)]),
            at(30),
        )
        .await
        .unwrap();
    let mut story = Story::at_slot("r", 30, &["a"], owner, Some(slot("group:g", 30)));
    story.does(failed()).finish().tell(&store).await;
    let mut found = store.ledger_since(at(10), at(100)).await.unwrap();
    found.sort_by_key(|found| found.row.slot);
    let short: Vec<_> = found
        .iter()
        .map(|found| (found.row.slot, found.row.state, found.outcome, found.suspect))
        .collect();
    assert_eq!(
        short,
        [
            (at(10), LedgerState::Missed, None, false),
            (at(30), LedgerState::Ran, Some(OutcomeKind::Failed), false)
        ]
    );
    assert_eq!(store.newest_slot().await.unwrap(), Some(at(500)));
    store.close().await;
}

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
            "cannot be executed",
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

/// 100,000 runs of ten tasks, the last of them a moment ago: 500 tasks, each three times a day.
fn million(statement: &str) -> String {
    statement
        .replace("n % 5", "n % 50")
        .replace("1700000000000000", "BASE_")
}

#[test]
#[ignore = "takes minutes; run it by hand"]
fn a_million_attempts_and_500_tasks_sqlite() {
    figures(&Home::new(None));
}

#[test]
#[ignore = "takes minutes; run it by hand"]
fn a_million_attempts_and_500_tasks_postgres() {
    figures(&Home::new(Some(crate::cluster::cluster().database())));
}

/// How long the verb takes, from its start to its end, and how much of that is the start.
fn figures(home: &Home) {
    let groups: String = (0..50)
        .map(|group| {
            let tasks: String = (1..=10)
                .map(|task| {
                    format!(
                        "      - {{command: fake, name: run_{}, schedule: daily}}\n",
                        group * 10 + task
                    )
                })
                .collect();
            format!("  g{group}:\n    default_time: '00:00'\n    tasks:\n{tasks}")
        })
        .collect();
    let place = Place::new(&format!("groups:\n{groups}"));
    crate::both::runtime().block_on(async {
        home.open().await.close().await;
        crate::figures::fill_as(home, 100_000, million).await;
    });
    let run = |args: &[&str]| {
        let mut command = place.command(args);
        command.arg("--state-dir").arg(home.path());
        command.envs(home.url.as_ref().map(|url| ("DATABASE_URL", url)));
        let begin = Instant::now();
        let seen = place.see(place.start(&mut command));
        (begin.elapsed(), seen)
    };
    let median = |args: &[&str]| {
        let mut times: Vec<Duration> = (0..11).map(|_| run(args).0).collect();
        times.sort();
        times[5]
    };
    println!("{}", run(&["status"]).1.exits(0).stdout.lines().next().unwrap());
    let (whole, start) = (median(&["status"]), median(&["history", "--last", "1"]));
    let json = median(&["status", "--format", "json"]);
    println!("status {whole:.1?}, as JSON {json:.1?}; history --last 1 {start:.1?}");
}
