//! The variables: those that `orchestrate` reads, and those that it gives to collectors. A test
//! compares the list with the words of the source.

use crate::cli::reference::entry::{ReferenceEntry, Topic};
use crate::config::{COLLECTORS_DIR, SCHEDULE_FILE, STATE_DIR};

/// Who has the variable from whom.
pub(crate) const READ: &str = "read by orchestrate";
const GIVEN: &str = "given to collectors";
const TOLD: &str = "given to a command of `notify`";

struct Variable {
    name: &'static str,
    whose: &'static str,
    kind: &'static str,
    doc: &'static str,
    default: Option<&'static str>,
    example: &'static str,
}

const fn read(name: &'static str, kind: &'static str, doc: &'static str, example: &'static str) -> Variable {
    Variable {
        name,
        whose: READ,
        kind,
        doc,
        default: None,
        example,
    }
}

const fn given(name: &'static str, kind: &'static str, doc: &'static str, example: &'static str) -> Variable {
    Variable {
        whose: GIVEN,
        ..read(name, kind, doc, example)
    }
}

impl Variable {
    const fn by_default(self, default: &'static str) -> Self {
        Self {
            default: Some(default),
            ..self
        }
    }
}

const VARIABLES: [Variable; 27] = [
    read(
        "BOOST_COLLECTOR_SCHEDULE_YAML",
        "path",
        "The schedule file, as --schedule-file.",
        "config/nightly.yaml",
    )
    .by_default(SCHEDULE_FILE),
    read(
        "ORCHESTRATE_EXECUTE",
        "local or queue",
        "Who executes a scheduler's runs, as --execute of beat and serve.",
        "queue",
    )
    .by_default("local"),
    read(
        "ORCHESTRATE_CONFIG",
        "path",
        "The settings file, as --config.",
        "/etc/orchestrate.yaml",
    )
    .by_default("config/orchestrator.yaml, which may be missing"),
    read(
        "ORCHESTRATE_COLLECTORS_DIR",
        "paths with colons between them",
        "Where collectors are looked for, as --collectors-dir.",
        "collectors:/opt/collectors",
    )
    .by_default(COLLECTORS_DIR),
    read(
        "ORCHESTRATE_STATE_DIR",
        "path",
        "Where runs, logs and the database are kept, as --state-dir.",
        "/var/lib/orchestrate",
    )
    .by_default(STATE_DIR),
    read(
        "ORCHESTRATE_DATABASE_URL",
        "URL",
        "Our database, as --database-url. Collectors never see it.",
        "postgres://collector@localhost/collector",
    )
    .by_default("`database_url:`, then DATABASE_URL, then a file in the state directory"),
    read(
        "DATABASE_URL",
        "URL",
        "Our database, where nothing else names one and no `fallback:` is set. Handed on to collectors, unless it is what we use ourselves.",
        "postgres://app@localhost/app",
    ),
    read(
        "ORCHESTRATE_LOG_LEVEL",
        "word or tracing filter",
        "What is worth saying, as --log-level.",
        "debug",
    )
    .by_default("info"),
    read(
        "NO_COLOR",
        "anything",
        "Where it is set: no colour and no live line.",
        "1",
    ),
    read(
        "COLUMNS",
        "whole number",
        "How wide tables may be where standard output is no terminal.",
        "120",
    )
    .by_default("no limit"),
    read(
        "GITHUB_STEP_SUMMARY",
        "path",
        "On GitHub Actions: the file to which the summary of a run is appended.",
        "/home/runner/summary.md",
    ),
    read(
        "NOTIFY_SOCKET",
        "path",
        "A systemd service of Type=notify: where `beat` and `serve` say that they are ready and alive.",
        "/run/systemd/notify",
    ),
    given(
        "ORCHESTRATE",
        "path",
        "This program, with which records are read back.",
        "/usr/local/bin/orchestrate",
    ),
    given(
        "ORCHESTRATE_CONFIG",
        "path",
        "The settings with which it finds the database of this run.",
        "/srv/app/.orchestrate/private/4711.yaml",
    ),
    given("ORCHESTRATE_RUN_ID", "text", "The run.", "20261126-032914-d014f0"),
    given(
        "ORCHESTRATE_GROUP",
        "name",
        "The group of the task; `workflow` for the fixed list.",
        "github",
    ),
    given(
        "ORCHESTRATE_TASK",
        "name",
        "The task's name in its group.",
        "run_export",
    ),
    given(
        "ORCHESTRATE_COMMAND",
        "name",
        "The collector, as the schedule calls it.",
        "run_export",
    ),
    given(
        "ORCHESTRATE_SCHEDULE",
        "word",
        "Why it is due: daily, weekly, ...",
        "daily",
    ),
    given(
        "ORCHESTRATE_ATTEMPT",
        "whole number",
        "1 for the first attempt.",
        "1",
    ),
    given(
        "ORCHESTRATE_SLOT",
        "instant",
        "The time for which it runs: its slot, or when it was begun by hand.",
        "2026-11-26T04:10:00Z",
    ),
    given(
        "ORCHESTRATE_DEADLINE",
        "instant",
        "When the polite signal comes; absent without a timeout.",
        "2026-11-26T04:40:00Z",
    ),
    given(
        "ORCHESTRATE_WORKSPACE",
        "path",
        "A directory that it keeps from run to run.",
        "/srv/app/.orchestrate/workspaces/run_export",
    ),
    given(
        "ORCHESTRATE_EVENTS",
        "path",
        "The file to append lines of JSON to; it is there and empty.",
        "/srv/app/.orchestrate/runs/20261126-032914-d014f0/1-run_export.events.jsonl",
    ),
    given(
        "ORCHESTRATE_STATE",
        "JSON",
        "What it left for itself the last time; absent the first time.",
        "{\"page\":4}",
    ),
    given(
        "ORCHESTRATE_RELEASES",
        "tags with blanks between them",
        "The new releases for which it runs; absent if there are none.",
        "boost-1.90.0",
    ),
    Variable {
        whose: TOLD,
        ..read(
            "ORCHESTRATE_NOTICE",
            "JSON",
            "What is to be told.",
            "{\"kind\":\"failure\"}",
        )
    },
];

pub(crate) fn entries() -> Vec<ReferenceEntry> {
    let entry = |variable: &Variable| ReferenceEntry {
        topic: Topic::Environment,
        name: variable.name.to_owned(),
        places: vec![variable.whose.to_owned()],
        kind: variable.kind.to_owned(),
        meaning: variable.doc.to_owned(),
        required: false,
        default: variable.default.map(str::to_owned),
        range: None,
        example: Some(format!("{}={}", variable.name, variable.example)),
    };
    VARIABLES.iter().map(entry).collect()
}
