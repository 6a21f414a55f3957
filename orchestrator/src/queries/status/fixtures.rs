//! A failing night of twelve collectors, for the tests of the core and of the screen.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::events::RecordCounts;
use crate::model::{Cadence, RunId, TaskStatus};
use crate::queries::status::facts::{NightFacts, NightTask, SlotTally};
use crate::queries::status::{StatusAnswer, StatusQuestion, Surroundings, answer};
use crate::store::{FailingStreak, Heartbeat, LedgerRow, LedgerState, SchedulerRole, TaskRun};

/// `25T04:10` of November 2026; the 25th is a Wednesday.
pub(crate) fn at(text: &str) -> Timestamp {
    format!("2026-11-{text}:00Z").parse().unwrap()
}

/// A run of the slot of 04:10.
pub(crate) fn run(status: TaskStatus, reason: &str) -> TaskRun {
    TaskRun {
        run: RunId::new("20261125-041000-3fa9c1"),
        run_started_at: at("25T04:10"),
        begun_at: Some(at("25T04:10")),
        slot: Some(at("25T04:10")),
        status,
        reason: reason.to_owned(),
        hint: None,
        suspect: None,
        attempts: 1,
        duration_ms: 812,
        last_line: None,
        records: None,
        last_success: Some(at("24T04:10")),
    }
}

/// A daily task of the slot of 04:10, and what the ledger says of it there.
pub(crate) fn facts(group: &str, name: &str, newest: Option<TaskRun>) -> NightFacts {
    let row = newest.as_ref().map(|run| LedgerRow {
        run: Some(run.run.clone()),
        ..row(group, name, LedgerState::Ran, None)
    });
    NightFacts {
        task: NightTask {
            group: group.to_owned(),
            name: name.to_owned(),
            command: name.to_owned(),
            args: Vec::new(),
            cadence: Some(Cadence::Daily),
            enabled: true,
        },
        due: Some(at("25T04:10")),
        next: Some(at("26T04:10")),
        newest,
        slots: SlotTally {
            slots: 1,
            failed: 0,
            newest: row,
        },
        usual_ms: Some(700),
        known_since: Some(at("01T00:00")),
        ..NightFacts::default()
    }
}

pub(crate) fn row(group: &str, name: &str, state: LedgerState, cause: Option<&str>) -> LedgerRow {
    LedgerRow {
        entry: format!("group:{group}"),
        slot: at("25T04:10"),
        group: group.to_owned(),
        name: name.to_owned(),
        state,
        cause: cause.map(str::to_owned),
        run: None,
    }
}

/// A slot that no run of it reached; its newest run is of the night before.
pub(crate) fn not_run(group: &str, name: &str, state: LedgerState, cause: &str) -> NightFacts {
    let mut before = run(TaskStatus::Succeeded, "exited with code 0");
    before.run = RunId::new("20261124-041000-aa11bb");
    before.run_started_at = at("24T04:10");
    before.begun_at = Some(at("24T04:10"));
    before.slot = Some(at("24T04:10"));
    let mut facts = facts(group, name, Some(before));
    facts.slots.newest = Some(row(group, name, state, Some(cause)));
    facts
}

fn failing(mut facts: NightFacts, count: u64, since: &str) -> NightFacts {
    facts.streak = FailingStreak {
        count,
        since: Some(at(since)),
    };
    facts
}

/// The twelve.
pub(crate) fn night() -> Vec<NightFacts> {
    use TaskStatus::{Cancelled, Failed, NotStarted, Skipped, Succeeded, TimedOut};
    let mut well = run(Succeeded, "exited with code 0");
    well.records = Some(RecordCounts {
        new: 180,
        changed: 3,
        unchanged: 9,
    });
    let hung = TaskRun {
        duration_ms: 1_800_000,
        last_success: Some(at("22T04:10")),
        ..run(TimedOut, "timed out after 30m, then killed by SIGKILL")
    };
    let not_executable = TaskRun {
        begun_at: None,
        hint: Some("chmod +x collectors/run_pypi_downloads".to_owned()),
        ..run(NotStarted, "collectors/run_pypi_downloads is not executable")
    };
    let missing = TaskRun {
        begun_at: None,
        last_success: None,
        ..run(NotStarted, "cannot find \"run_conan_index\" in collectors")
    };
    let temporary = TaskRun {
        attempts: 3,
        duration_ms: 124_000,
        last_line: Some("HTTP 503 from api.github.com: unicorns are busy, please come back".to_owned()),
        ..run(Failed, "exited with code 75 (temporary)")
    };
    let suspect = TaskRun {
        suspect: Some("it brought 0 records where at least 1 is expected".to_owned()),
        ..run(Succeeded, "exited with code 0")
    };
    let stopped = TaskRun {
        begun_at: None,
        ..run(
            Skipped,
            "stopped after run_github_activity_tracker exited with code 75 (temporary)",
        )
    };
    let no_release = TaskRun {
        begun_at: None,
        ..run(
            Skipped,
            "release unknown: github.com cannot be reached: connection timed out",
        )
    };
    vec![
        failing(
            facts("github", "run_github_activity_tracker", Some(temporary)),
            2,
            "24T16:10",
        ),
        facts("github", "run_github_sponsors", Some(stopped)),
        facts("github", "run_boost_library_tracker", Some(well.clone())),
        facts("github", "run_on_release_sync", Some(no_release)),
        failing(facts("packages", "run_conan_index", Some(missing)), 1, "25T04:10"),
        failing(
            facts("packages", "run_pypi_downloads", Some(not_executable)),
            1,
            "25T04:10",
        ),
        failing(facts("packages", "run_vcpkg_ports", Some(hung)), 3, "23T04:10"),
        failing(
            facts(
                "packages",
                "run_debian",
                Some(run(Failed, "killed by SIGSEGV (core dumped)")),
            ),
            1,
            "25T04:10",
        ),
        facts("packages", "run_homebrew", Some(suspect)),
        failing(
            facts(
                "mail",
                "run_mailing_list",
                Some(run(
                    Cancelled,
                    "cancelled by the operator, then killed by SIGTERM",
                )),
            ),
            1,
            "25T04:10",
        ),
        facts(
            "mail",
            "run_slack",
            Some(TaskRun {
                records: None,
                ..well
            }),
        ),
        not_run(
            "reporting",
            "run_export",
            LedgerState::Missed,
            "no scheduler ran then; catch_up is none",
        ),
    ]
}

/// The answer about them, four hours later.
pub(crate) fn failing_night() -> StatusAnswer {
    let zone = TimeZone::UTC;
    let now = at("25T08:00");
    let asked = StatusQuestion {
        schedule: None,
        schedule_error: None,
        groups: &[],
        since: None,
        now,
        zone: &zone,
        problems: Vec::new(),
    };
    let around = Surroundings {
        schedulers: vec![(heartbeat(now), SchedulerRole::Leading)],
        newest_slot: Some(at("25T04:10")),
        queued: Vec::new(),
        edges: Vec::new(),
    };
    answer(&night(), &around, &asked)
}

pub(crate) fn heartbeat(seen_at: Timestamp) -> Heartbeat {
    Heartbeat {
        owner: crate::model::Owner {
            host: "h".to_owned(),
            boot: "b".to_owned(),
            pid: 1,
            started: 1,
        },
        started_at: at("01T00:00"),
        seen_at,
        ticked_at: None,
        next_at: None,
        schedule_file: "config/boost_collector_schedule.yaml".to_owned(),
        schedule_error: None,
        release_error: None,
        to_queue: Some(false),
    }
}
