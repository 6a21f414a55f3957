//! The keys of the settings file, as `keys` has those of the schedule file.

use std::time::Duration;

use crate::config::schedule::keys::key;
use crate::config::table::{KeyTable, Kind};
use crate::model::{NoticeKind, StateMode};

/// The words after `log_level:`.
pub(crate) const LOG_LEVELS: &[&str] = &["off", "error", "warn", "info", "debug", "trace"];
/// The words after `format:` of a channel.
pub(crate) const FORMATS: &[&str] = &["json", "slack"];
/// The words after `after:` of a dead man's watch.
pub(crate) const PULSES: &[&str] = &["run", "tick"];

pub(crate) static SETTINGS: KeyTable = KeyTable {
    what: "a settings file",
    parts: &[&[
        key(
            "schedule_file",
            Kind::Text,
            "The schedule. Default: config/boost_collector_schedule.yaml.",
        ),
        key(
            "schedule_last_good",
            Kind::Bool,
            "A scheduler starts with a broken or missing schedule, as it last was. Default: false.",
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
            "state_mode",
            Kind::Word(StateMode::WORDS),
            "Who may read there: nobody else (0700), or its group too (0750). Default: private.",
        ),
        key(
            "database_url",
            Kind::Text,
            "Where our tables are. Default: a SQLite file in the state directory.",
        ),
        key(
            "database_schema",
            Kind::Name,
            "On PostgreSQL, the schema of our tables. Default: orchestrate.",
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
            "retention",
            Kind::Table(&RETENTION),
            "Which past runs are kept; if given, only its bounds count. Default: {age: 365d, bytes: 20GiB}.",
        ),
        key(
            "notify",
            Kind::List(&Kind::Table(&NOTIFY)),
            "Who is told of failures, recoveries, suspect successes and missed slots.",
        ),
        key(
            "base_url",
            Kind::Text,
            "Where people find the pages of `serve`, for links in notices: https://orchestrate.example.org.",
        ),
        key(
            "dead_man",
            Kind::Table(&DEAD_MAN),
            "A URL that is asked for as long as all is well.",
        ),
    ]],
};

/// An item of `notify:`.
pub(crate) static NOTIFY: KeyTable = KeyTable {
    what: "a channel of `notify`",
    parts: &[&[
        key(
            "name",
            Kind::Name,
            "What it is called in the record of deliveries.",
        ),
        key(
            "on",
            Kind::List(&Kind::Word(NoticeKind::WORDS)),
            "What it is told of. Default: everything.",
        ),
        key(
            "after",
            Kind::Integer { min: 1, max: 1000 },
            "It is told of a failure after so many in a row. Default: 1.",
        ),
        key(
            "late_after",
            Kind::Duration {
                // Schedulers take over from each other, and machines are slow at times.
                min: Duration::from_secs(60),
            },
            "It is told of a slot that begins later than it should by more than this. Default: 10m.",
        ),
        key(
            "long_after",
            Kind::Duration {
                min: Duration::from_secs(1),
            },
            "It is told of a task that runs for longer than this and than three times its usual. Default: 10m.",
        ),
        key(
            "digest",
            Kind::Bool,
            "One message for all of a run, or a message for each task. Default: true.",
        ),
        key(
            "groups",
            Kind::List(&Kind::Name),
            "It is told only of tasks of these groups. Default: all.",
        ),
        key(
            "tasks",
            Kind::List(&Kind::Name),
            "It is told only of these tasks: a name, or GROUP/NAME. Default: all.",
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

pub(crate) static DEAD_MAN: KeyTable = KeyTable {
    what: "`dead_man`",
    parts: &[&[
        key("url", Kind::Text, "What is asked for, with GET."),
        key("url_env", Kind::Name, "The variable that has that URL."),
        key(
            "after",
            Kind::Word(PULSES),
            "After each run that succeeded, or while a scheduler ticks. Default: run.",
        ),
        key(
            "every",
            Kind::Duration {
                min: Duration::from_secs(10),
            },
            "How often while it ticks. Default: 1m.",
        ),
    ]],
};

pub(crate) static RETENTION: KeyTable = KeyTable {
    what: "`retention`",
    parts: &[&[
        key(
            "age",
            Kind::Duration {
                min: Duration::from_secs(60 * 60),
            },
            "Runs that began longer ago go. Default: none go for their age.",
        ),
        key(
            "count",
            Kind::Integer {
                min: 1,
                max: 1_000_000_000,
            },
            "All but the newest so many runs go.",
        ),
        key(
            "bytes",
            Kind::Size { min: 1 << 20 },
            "The oldest runs go until logs and journals fit into so much.",
        ),
    ]],
};
