//! The keys of every mapping, what their values are and what they mean. One
//! list for three uses: the loader refuses what is not in it, suggestions come
//! from it, and the JSON Schema is made of it.

use super::table::{Key, Kind, Table};

/// Every kind of mapping in a schedule file; where a misplaced key is looked for.
pub(super) static TABLES: [&Table; 11] = [
    &SCHEDULE, &GROUP, &TASK, &WORKFLOW, &STEP, &DEFAULTS, &RETRY, &LIMITS, &EXPECT, &CATCH_UP, &RELEASE,
];

const fn key(name: &'static str, kind: Kind, doc: &'static str) -> Key {
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
pub(super) const FREE_PREFIX: &str = "x-";

/// The words after `schedule:`.
pub(super) const SCHEDULES: &[&str] = &["daily", "weekly", "monthly", "interval", "on_release"];
/// The words after `overlap:`.
pub(super) const OVERLAPS: &[&str] = &["skip", "queue"];
/// The words after `catch_up:`.
pub(super) const CATCH_UPS: &[&str] = &["none", "last", "all"];
/// The words after `log_level:`.
pub(super) const LOG_LEVELS: &[&str] = &["off", "error", "warn", "info", "debug", "trace"];
/// The words after `on:` of a channel; a test holds them against `NoticeKind`.
pub(super) const NOTICE_KINDS: &[&str] = &["failure", "suspect", "recovery", "missed"];
/// The words after `format:` of a channel.
pub(super) const FORMATS: &[&str] = &["json", "slack"];
/// The words after `after:` of a dead man's watch.
pub(super) const PULSES: &[&str] = &["run", "tick"];
/// The words in `retry: {on: [...]}`; a test holds them against `Category`.
pub(super) const CATEGORIES: &[&str] = &[
    "usage",
    "validation",
    "network",
    "temporary",
    "auth",
    "configuration",
    "rate_limit",
    "timeout",
    "signal",
    "spawn",
    "failed",
];

const ARGS: Key = key(
    "args",
    Kind::List(&Kind::Text),
    "Arguments, passed as they are, never through a shell.",
);
const ENABLED: Key = key(
    "enabled",
    Kind::Bool,
    "`false` keeps the entry without running it. Default: true.",
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
        Kind::OrNone(&Kind::Duration),
        "The collector is ended after this long. Default: none.",
    ),
    key(
        "idle_timeout",
        Kind::OrNone(&Kind::Duration),
        "The collector is ended after this long without output. Default: none.",
    ),
    key(
        "grace",
        Kind::Duration,
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
    key("limits", Kind::Table(&LIMITS), "What one attempt may use."),
    key(
        "expect",
        Kind::Table(&EXPECT),
        "What a successful attempt should bring.",
    ),
];

/// A schedule file.
pub(super) static SCHEDULE: Table = Table {
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

/// `defaults:`
pub(super) static DEFAULTS: Table = Table {
    what: "`defaults`",
    parts: &[POLICY_KEYS],
};

/// A group.
pub(super) static GROUP: Table = Table {
    what: "a group",
    parts: &[
        &[
            required(
                "default_time",
                Kind::Time,
                "When the group's tasks run, `HH:MM` in the group's time zone.",
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
                Kind::Either(&[Kind::Word(CATCH_UPS), Kind::Table(&CATCH_UP)]),
                "What becomes of runs that were due while no scheduler ran. Default: last.",
            ),
            key(
                "overlap",
                Kind::Word(OVERLAPS),
                "What becomes of a run that is due while the previous one goes on. Default: skip.",
            ),
            key(
                "jitter",
                Kind::Duration,
                "The start is delayed by a fixed part of this. Default: 0s.",
            ),
        ],
        POLICY_KEYS,
    ],
};

/// A task of a group.
pub(super) static TASK: Table = Table {
    what: "a task",
    parts: &[
        &[
            COMMAND,
            required("schedule", Kind::Word(SCHEDULES), "When the task is due."),
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
                Kind::Integer { min: 1, max: 180 },
                "An interval task runs every so many minutes.",
            ),
            ENABLED,
            ARGS,
        ],
        POLICY_KEYS,
    ],
};

/// `workflow:`
pub(super) static WORKFLOW: Table = Table {
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
pub(super) static STEP: Table = Table {
    what: "a workflow command",
    parts: &[&[COMMAND, ENABLED, ARGS], POLICY_KEYS],
};

/// `retry:`
pub(super) static RETRY: Table = Table {
    what: "`retry`",
    parts: &[&[
        key(
            "limit",
            Kind::Integer { min: 0, max: 100 },
            "How many attempts may follow the first one. Default: 0.",
        ),
        key(
            "delay",
            Kind::Duration,
            "The pause before the second attempt, doubled each time. Default: 30s.",
        ),
        key(
            "on",
            Kind::List(&Kind::Word(CATEGORIES)),
            "Only these kinds of failure are tried again. Default: network, temporary, rate_limit, timeout.",
        ),
    ]],
};

/// `limits:`
pub(super) static LIMITS: Table = Table {
    what: "`limits`",
    parts: &[&[
        key(
            "memory",
            Kind::OrNone(&Kind::Size),
            "Address space of each process. Default: none.",
        ),
        key(
            "cpu_time",
            Kind::OrNone(&Kind::Duration),
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
            Kind::OrNone(&Kind::Size),
            "Output kept in the log. Default: none.",
        ),
    ]],
};

/// `expect:`
pub(super) static EXPECT: Table = Table {
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
        key("max_age", Kind::Duration, "The newest record may be this old."),
    ]],
};

/// `catch_up:` as a mapping.
pub(super) static CATCH_UP: Table = Table {
    what: "`catch_up`",
    parts: &[&[
        key(
            "mode",
            Kind::Word(CATCH_UPS),
            "Which missed runs are made up for. Default: last.",
        ),
        key("max_age", Kind::Duration, "Runs missed longer ago stay missed."),
    ]],
};

/// `release:`
pub(super) static RELEASE: Table = Table {
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
            Kind::Duration,
            "How often a scheduler looks, besides in the groups' batches. Default: never.",
        ),
    ]],
};

/// The settings file.
pub(super) static SETTINGS: Table = Table {
    what: "a settings file",
    parts: &[&[
        key(
            "schedule_file",
            Kind::Text,
            "The schedule. Default: config/boost_collector_schedule.yaml.",
        ),
        key(
            "collectors_dirs",
            Kind::List(&Kind::Text),
            "Where collectors are looked for. Default: collectors.",
        ),
        key(
            "fallback",
            Kind::List(&Kind::Text),
            "What runs a command that is no executable; `{command}` stands for its name.",
        ),
        key(
            "state_dir",
            Kind::Text,
            "Where runs, logs and the database are kept. Default: .orchestrate.",
        ),
        key(
            "database_url",
            Kind::Text,
            "Default: an SQLite file in the state directory.",
        ),
        key(
            "env_allow",
            Kind::List(&Kind::Name),
            "Collectors inherit only these variables. Default: all but the stripped ones.",
        ),
        key(
            "strip_env",
            Kind::List(&Kind::Name),
            "Collectors do not inherit these variables, besides the built-in ones.",
        ),
        key(
            "secrets",
            Kind::List(&Kind::Name),
            "Variables whose values are masked wherever output goes.",
        ),
        key(
            "log_level",
            Kind::Word(LOG_LEVELS),
            "How much orchestrate says about itself. Default: info.",
        ),
        key(
            "notify",
            Kind::List(&Kind::Table(&NOTIFY)),
            "Who is told of failures, recoveries, suspect successes and missed slots.",
        ),
        key(
            "dead_man",
            Kind::Table(&DEAD_MAN),
            "A URL that is asked for as long as all is well.",
        ),
    ]],
};

/// An item of `notify:`.
pub(super) static NOTIFY: Table = Table {
    what: "a channel of `notify`",
    parts: &[&[
        key(
            "name",
            Kind::Name,
            "What it is called in the record of deliveries.",
        ),
        key(
            "on",
            Kind::List(&Kind::Word(NOTICE_KINDS)),
            "What it is told of. Default: everything.",
        ),
        key(
            "after",
            Kind::Integer { min: 1, max: 1000 },
            "It is told of a failure after so many in a row. Default: 1.",
        ),
        key("webhook", Kind::Text, "URL that is sent a POST."),
        key("webhook_env", Kind::Name, "The variable that has that URL."),
        key(
            "format",
            Kind::Word(FORMATS),
            "Our own JSON, or a message as Slack wants it. Default: json.",
        ),
        key("mail", Kind::List(&Kind::Text), "Addresses that are sent a mail."),
        key("from", Kind::Text, "The sender of a mail."),
        key(
            "server",
            Kind::Text,
            "The mail server: `smtp://host:25`, `smtp://host:587?tls=required`, `smtps://host`.",
        ),
        key("user", Kind::Text, "Who logs in at the mail server."),
        key("password_env", Kind::Name, "The variable that has the password."),
        key(
            "command",
            Kind::List(&Kind::Text),
            "An executable and its arguments; ORCHESTRATE_NOTICE holds the notice as JSON.",
        ),
    ]],
};

/// `dead_man:`
pub(super) static DEAD_MAN: Table = Table {
    what: "`dead_man`",
    parts: &[&[
        key("url", Kind::Text, "What is asked for, with GET."),
        key("url_env", Kind::Name, "The variable that has that URL."),
        key(
            "after",
            Kind::Word(PULSES),
            "After each run that succeeded, or while a scheduler ticks. Default: run.",
        ),
        key("every", Kind::Duration, "How often while it ticks. Default: 1m."),
    ]],
};
