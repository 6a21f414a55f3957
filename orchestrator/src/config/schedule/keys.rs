//! The keys of every mapping, what their values are (ranges and words included), what holds
//! without them and what they mean. One list for all uses: the loader refuses what is not in it,
//! suggestions come from it, and the JSON Schema, `explain` and the manual are made of it.

use std::time::Duration;

use crate::config::schedule::policy_keys::{EXPECT, LIMITS, PAUSE, POLICY_KEYS, RETRY, SECOND};
use crate::config::table::{Key, KeyTable, Kind, Preset, key, required};
use crate::model::{CadenceKind, CatchUpMode, FleetTerms, LossPolicy, Minutes, Overlap, ReleaseSource};

/// Every kind of mapping in a schedule file; where a misplaced key is looked for.
pub(crate) static TABLES: [&KeyTable; 11] = [
    &SCHEDULE, &GROUP, &TASK, &WORKFLOW, &STEP, &DEFAULTS, &RETRY, &LIMITS, &EXPECT, &CATCH_UP, &RELEASE,
];

/// Keys with this prefix are the user's own, wherever keys have a meaning.
pub(crate) const FREE_PREFIX: &str = "x-";

/// Of a group, and of the settings.
pub(crate) const LEASE: Kind = Kind::Duration {
    min: FleetTerms::SHORTEST_LEASE,
};

const ARGS: Key = key(
    "args",
    Kind::List(&Kind::Text),
    "Arguments, never through a shell. `{slot}`, `{slot_date}` and `{run_id}` are put in; `{{slot}}` is `{slot}`.",
).such_as(r#"["--format", "json"]"#).by_default(Preset::Words(&[]));
const ENABLED: Key = key(
    "enabled",
    Kind::Bool,
    "`false` keeps the entry without running it.",
)
.such_as("false")
.by_default(Preset::Bool(true));
const NAME: Key = key(
    "name",
    Kind::TaskName,
    "What the task is called in its group: its state, history and releases are kept under it.",
)
.such_as("export-nightly")
.by_default(Preset::Told("the command"));
const COMMAND: Key = required(
    "command",
    Kind::Name,
    "The collector to execute: a name or a path.",
)
.such_as("run_export");

pub(crate) static SCHEDULE: KeyTable = KeyTable {
    what: "a schedule file",
    parts: &[&[
        key(
            "defaults",
            Kind::Table(&DEFAULTS),
            "How tasks are run, unless their group or they themselves say otherwise.",
        )
        .such_as("{timeout: 1h}"),
        key(
            "groups",
            Kind::Map(&Kind::Table(&GROUP)),
            "Groups of tasks by name, run in the order of the file.",
        )
        .such_as(r#"{github: {default_time: "04:10", tasks: []}}"#),
        key("workflow", Kind::Table(&WORKFLOW), "The fixed list of `run-all`.")
            .such_as("{commands: [run_export]}"),
        key(
            "release",
            Kind::Table(&RELEASE),
            "Where releases are looked for, for on_release tasks.",
        )
        .such_as(r#"{repository: "https://example.com/project.git"}"#)
        .by_default(Preset::Told("Boost's repository")),
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
            ).such_as(r#""04:10""#),
            required(
                "tasks",
                Kind::List(&Kind::Table(&TASK)),
                "The tasks, run one after another in this order.",
            ).such_as("[{command: run_export, schedule: daily}]"),
            key(
                "timezone",
                Kind::TimeZone,
                "IANA name of the group's time zone.",
            ).such_as("Europe/Berlin").by_default(Preset::Word("UTC")),
            key(
                "stop_on_failure",
                Kind::Bool,
                "Whether a failure ends the group's run.",
            ).such_as("true").by_default(Preset::Bool(false)),
            key(
                "catch_up",
                Kind::Either(&[Kind::Word(CatchUpMode::WORDS), Kind::Table(&CATCH_UP)]),
                "What becomes of runs that were due while no scheduler ran.",
            ).such_as("{mode: all, max_age: 2d}").by_default(Preset::Word(CatchUpMode::Last.as_str())),
            key(
                "overlap",
                Kind::Word(Overlap::WORDS),
                "What becomes of a run that is to begin while another of the group goes on: it is not run, runs \
                 afterwards, or beside it.",
            ).such_as("queue").by_default(Preset::Word(Overlap::Skip.as_str())),
            key(
                "jitter",
                PAUSE,
                "The start is delayed by a fixed part of this.",
            ).such_as("5m").by_default(Preset::Duration(Duration::ZERO)),
            key(
                "runs_on",
                Kind::List(&Kind::Label),
                "Labels that a worker must have to be given the group's runs from the queue.",
            ).such_as("[gpu, eu]").by_default(Preset::Told("any worker")),
            key(
                "lease",
                LEASE,
                "How long a worker keeps a run of the group without a word, at most 1h.",
            ).such_as("2m").by_default(Preset::Told("`lease` of the settings")),
            key(
                "on_lost",
                Kind::Word(LossPolicy::WORDS),
                "What becomes of a run whose worker is lost: it goes on elsewhere at the interrupted collector, or it ends.",
            ).such_as("fail").by_default(Preset::Word(LossPolicy::Resume.as_str())),
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
            ).such_as("daily"),
            key(
                "on",
                Kind::Either(&[Kind::Weekday, Kind::MonthDay]),
                "The weekday of a weekly task, the day of a monthly one.",
            ).such_as("monday"),
            key(
                "day_of_week",
                Kind::Weekday,
                "Another word for `on` in a weekly task.",
            ).such_as("monday"),
            key(
                "day_of_month",
                Kind::MonthDay,
                "Another word for `on` in a monthly task.",
            ).such_as("3"),
            key(
                "minutes",
                Kind::Integer {
                    min: *Minutes::RANGE.start(),
                    max: *Minutes::RANGE.end(),
                },
                "An interval task runs every so many minutes.",
            ).such_as("15"),
            key(
                "cron",
                Kind::Cron,
                "When a cron task runs: five fields as in a crontab, in the group's time zone, or `@daily` and its like.",
            ).such_as(r#""5 */2 * * mon-fri""#),
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
            "When a scheduler runs the list by itself, `HH:MM` UTC.",
        )
        .such_as(r#""05:00""#)
        .by_default(Preset::Told("never")),
        required(
            "commands",
            Kind::List(&Kind::Either(&[Kind::Name, Kind::Table(&STEP)])),
            "The collectors, in their order.",
        )
        .such_as("[run_first, {command: run_second, timeout: 1h}]"),
    ]],
};

/// A command of the fixed list that is more than a name.
pub(crate) static STEP: KeyTable = KeyTable {
    what: "a workflow command",
    parts: &[&[COMMAND, NAME, ENABLED, ARGS], POLICY_KEYS],
};

/// `catch_up:` as a mapping.
pub(crate) static CATCH_UP: KeyTable = KeyTable {
    what: "`catch_up`",
    parts: &[&[
        key(
            "mode",
            Kind::Word(CatchUpMode::WORDS),
            "Which missed runs are made up for.",
        )
        .such_as("all")
        .by_default(Preset::Word(CatchUpMode::Last.as_str())),
        key("max_age", SECOND, "Runs missed longer ago stay missed.").such_as("2d"),
    ]],
};

pub(crate) static RELEASE: KeyTable = KeyTable {
    what: "`release`",
    parts: &[&[
        key(
            "repository",
            Kind::Text,
            "The git repository whose tags are releases: a URL or a path.",
        )
        .such_as(r#""https://example.com/project.git""#)
        .by_default(Preset::Text(ReleaseSource::BOOST)),
        key(
            "command",
            Kind::Name,
            "Instead of a repository: an executable that prints one version a line.",
        )
        .such_as("latest_versions"),
        key("args", Kind::List(&Kind::Text), "Arguments of the command.")
            .such_as(r#"["--stable"]"#)
            .by_default(Preset::Words(&[])),
        key(
            "tag_pattern",
            Kind::Text,
            "Regular expression for the whole tag of a release; its one group is the version.",
        )
        .such_as("'v([0-9.]+)'")
        .by_default(Preset::Told("Boost's, or any version with `command`")),
        key("minimum", Kind::Text, "The first version that counts.")
            .such_as(r#""2.0""#)
            .by_default(Preset::Told("1.16.1 for Boost's, else none")),
        key(
            "poll",
            Kind::Duration {
                // A server is not asked more often.
                min: Duration::from_secs(60),
            },
            "How often a scheduler looks, besides in the groups' batches.",
        )
        .such_as("10m")
        .by_default(Preset::Told("never")),
    ]],
};
