//! The keys of every mapping, what their values are (ranges and words included) and
//! what they mean. One list for three uses: the loader refuses what is not in it,
//! suggestions come from it, and the JSON Schema is made of it.

use std::time::Duration;

use crate::config::table::{Key, KeyTable, Kind};
use crate::model::{CadenceKind, CatchUpMode, Category, Minutes, Overlap, WorkspaceScope};

/// Every kind of mapping in a schedule file; where a misplaced key is looked for.
pub(crate) static TABLES: [&KeyTable; 11] = [
    &SCHEDULE, &GROUP, &TASK, &WORKFLOW, &STEP, &DEFAULTS, &RETRY, &LIMITS, &EXPECT, &CATCH_UP, &RELEASE,
];

pub(crate) const fn key(name: &'static str, kind: Kind, doc: &'static str) -> Key {
    Key {
        name,
        kind,
        required: false,
        doc,
    }
}

const fn required(name: &'static str, kind: Kind, doc: &'static str) -> Key {
    Key {
        name,
        kind,
        required: true,
        doc,
    }
}

/// Keys with this prefix are the user's own, wherever keys have a meaning.
pub(crate) const FREE_PREFIX: &str = "x-";

/// The least that a timer of ours can tell from zero.
const TICK: Kind = Kind::Duration {
    min: Duration::from_millis(1),
};
const SECOND: Kind = Kind::Duration {
    min: Duration::from_secs(1),
};
/// A pause may be none at all.
const PAUSE: Kind = Kind::Duration { min: Duration::ZERO };

const ARGS: Key = key(
    "args",
    Kind::List(&Kind::Text),
    "Arguments, never through a shell. `{slot}`, `{slot_date}` and `{run_id}` are put in; `{{slot}}` is `{slot}`.",
);
const ENABLED: Key = key(
    "enabled",
    Kind::Bool,
    "`false` keeps the entry without running it. Default: true.",
);
const NAME: Key = key(
    "name",
    Kind::Name,
    "What the task is called in its group: its state, history and releases are kept under it. Default: its command.",
);
const COMMAND: Key = required(
    "command",
    Kind::Name,
    "The collector to execute: a name or a path.",
);

/// How a task is run; the same in `defaults:`, a group, a task and a workflow command.
const POLICY_KEYS: &[Key] = &[
    key(
        "timeout",
        Kind::OrNone(&TICK),
        "The collector is ended after this long. Default: none.",
    ),
    key(
        "idle_timeout",
        Kind::OrNone(&TICK),
        "The collector is ended after this long without output. Default: none.",
    ),
    key(
        "grace",
        PAUSE,
        "From the polite signal to the kill. Default: 10s.",
    ),
    key("retry", Kind::Table(&RETRY), "Further attempts after a failure."),
    key(
        "env",
        Kind::Map(&Kind::Text),
        "Added to the collector's environment.",
    ),
    key(
        "working_directory",
        Kind::Text,
        "Where the collector runs. Default: where orchestrate runs.",
    ),
    key(
        "workspace",
        Kind::Word(WorkspaceScope::WORDS),
        "Whether all tasks of a command share the directory that it keeps from run to run. Default: command.",
    ),
    key("limits", Kind::Table(&LIMITS), "What one attempt may use."),
    key(
        "expect",
        Kind::Table(&EXPECT),
        "What a successful attempt should bring.",
    ),
];

pub(crate) static SCHEDULE: KeyTable = KeyTable {
    what: "a schedule file",
    parts: &[&[
        key(
            "defaults",
            Kind::Table(&DEFAULTS),
            "How tasks are run, unless their group or they themselves say otherwise.",
        ),
        key(
            "groups",
            Kind::Map(&Kind::Table(&GROUP)),
            "Groups of tasks by name, run in the order of the file.",
        ),
        key("workflow", Kind::Table(&WORKFLOW), "The fixed list of `run-all`."),
        key(
            "release",
            Kind::Table(&RELEASE),
            "Where releases are looked for, for on_release tasks. Default: Boost's.",
        ),
    ]],
};

pub(crate) static DEFAULTS: KeyTable = KeyTable {
    what: "`defaults`",
    parts: &[POLICY_KEYS],
};

pub(crate) static GROUP: KeyTable = KeyTable {
    what: "a group",
    parts: &[
        &[
            key(
                "default_time",
                Kind::Time,
                "When the group's tasks run, `HH:MM` in the group's time zone. Needed unless all are cron or interval tasks.",
            ),
            required(
                "tasks",
                Kind::List(&Kind::Table(&TASK)),
                "The tasks, run one after another in this order.",
            ),
            key(
                "timezone",
                Kind::TimeZone,
                "IANA name of the group's time zone. Default: UTC.",
            ),
            key(
                "stop_on_failure",
                Kind::Bool,
                "Whether a failure ends the group's run. Default: false.",
            ),
            key(
                "catch_up",
                Kind::Either(&[Kind::Word(CatchUpMode::WORDS), Kind::Table(&CATCH_UP)]),
                "What becomes of runs that were due while no scheduler ran. Default: last.",
            ),
            key(
                "overlap",
                Kind::Word(Overlap::WORDS),
                "What becomes of a run that is to begin while another of the group goes on: it is not run, runs \
                 afterwards, or beside it. Default: skip.",
            ),
            key(
                "jitter",
                PAUSE,
                "The start is delayed by a fixed part of this. Default: 0s.",
            ),
        ],
        POLICY_KEYS,
    ],
};

pub(crate) static TASK: KeyTable = KeyTable {
    what: "a task",
    parts: &[
        &[
            COMMAND,
            NAME,
            required(
                "schedule",
                Kind::Word(CadenceKind::WORDS),
                "When the task is due.",
            ),
            key(
                "on",
                Kind::Either(&[Kind::Weekday, Kind::MonthDay]),
                "The weekday of a weekly task, the day of a monthly one.",
            ),
            key(
                "day_of_week",
                Kind::Weekday,
                "Another word for `on` in a weekly task.",
            ),
            key(
                "day_of_month",
                Kind::MonthDay,
                "Another word for `on` in a monthly task.",
            ),
            key(
                "minutes",
                Kind::Integer {
                    min: *Minutes::RANGE.start(),
                    max: *Minutes::RANGE.end(),
                },
                "An interval task runs every so many minutes.",
            ),
            key(
                "cron",
                Kind::Cron,
                "When a cron task runs: five fields as in a crontab, in the group's time zone, or `@daily` and its like.",
            ),
            ENABLED,
            ARGS,
        ],
        POLICY_KEYS,
    ],
};

pub(crate) static WORKFLOW: KeyTable = KeyTable {
    what: "`workflow`",
    parts: &[&[
        key(
            "default_time",
            Kind::Time,
            "When a scheduler runs the list by itself, `HH:MM` UTC. Default: never.",
        ),
        required(
            "commands",
            Kind::List(&Kind::Either(&[Kind::Name, Kind::Table(&STEP)])),
            "The collectors, in their order.",
        ),
    ]],
};

/// A command of the fixed list that is more than a name.
pub(crate) static STEP: KeyTable = KeyTable {
    what: "a workflow command",
    parts: &[&[COMMAND, NAME, ENABLED, ARGS], POLICY_KEYS],
};

pub(crate) static RETRY: KeyTable = KeyTable {
    what: "`retry`",
    parts: &[&[
        key(
            "limit",
            Kind::Integer { min: 0, max: 100 },
            "How many attempts may follow the first one. Default: 0.",
        ),
        key(
            "delay",
            PAUSE,
            "The pause before the second attempt, doubled each time. Default: 30s.",
        ),
        key(
            "on",
            Kind::List(&Kind::Word(Category::WORDS)),
            "Only these kinds of failure are tried again. Default: network, temporary, rate_limit, timeout.",
        ),
    ]],
};

pub(crate) static LIMITS: KeyTable = KeyTable {
    what: "`limits`",
    parts: &[&[
        key(
            "memory",
            Kind::OrNone(&Kind::Size {
                // No program can be loaded into less.
                min: 1 << 20,
            }),
            "Address space of each process. Default: none.",
        ),
        key(
            "cpu_time",
            Kind::OrNone(&SECOND),
            "CPU time of each process, in whole seconds. Default: none.",
        ),
        key(
            "open_files",
            Kind::OrNone(&Kind::Integer {
                min: 8,
                max: 1_048_576,
            }),
            "Open files of each process. Default: none.",
        ),
        key(
            "output",
            Kind::OrNone(&Kind::Size { min: 1 }),
            "Output kept in the log; the rest is counted and dropped. Default, and with `none`: 256MiB.",
        ),
    ]],
};

pub(crate) static EXPECT: KeyTable = KeyTable {
    what: "`expect`",
    parts: &[&[
        key(
            "min_records",
            Kind::Integer {
                min: 0,
                max: 1_000_000_000_000,
            },
            "Records, at least.",
        ),
        key("max_age", SECOND, "The newest record may be this old."),
    ]],
};

/// `catch_up:` as a mapping.
pub(crate) static CATCH_UP: KeyTable = KeyTable {
    what: "`catch_up`",
    parts: &[&[
        key(
            "mode",
            Kind::Word(CatchUpMode::WORDS),
            "Which missed runs are made up for. Default: last.",
        ),
        key("max_age", SECOND, "Runs missed longer ago stay missed."),
    ]],
};

pub(crate) static RELEASE: KeyTable = KeyTable {
    what: "`release`",
    parts: &[&[
        key(
            "repository",
            Kind::Text,
            "The git repository whose tags are releases: a URL or a path. Default: Boost's.",
        ),
        key(
            "command",
            Kind::Name,
            "Instead of a repository: an executable that prints one version a line.",
        ),
        key("args", Kind::List(&Kind::Text), "Arguments of the command."),
        key(
            "tag_pattern",
            Kind::Text,
            "Regular expression for the whole tag of a release; its one group is the version.",
        ),
        key(
            "minimum",
            Kind::Text,
            "The first version that counts. Default: 1.16.1 for Boost's, else none.",
        ),
        key(
            "poll",
            Kind::Duration {
                // A server is not asked more often.
                min: Duration::from_secs(60),
            },
            "How often a scheduler looks, besides in the groups' batches. Default: never.",
        ),
    ]],
};
