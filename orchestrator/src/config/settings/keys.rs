//! The keys of the settings file, as `keys` has those of the schedule file.

use std::time::Duration;

use crate::config::schedule::keys::LEASE;
use crate::config::table::{KeyTable, Kind, Preset, key};
use crate::model::{NoticeKind, StateMode};

/// The schedule, where nothing names another; in the project directory, as all of these.
pub(crate) const SCHEDULE_FILE: &str = "config/boost_collector_schedule.yaml";
/// Where collectors are looked for, where nothing is said.
pub(crate) const COLLECTORS_DIR: &str = "collectors";
/// Where runs, logs and the database are kept, where nothing is said.
pub(crate) const STATE_DIR: &str = ".orchestrate";
/// What is not yet late, where nothing is said.
pub(crate) const LATE: Duration = Duration::from_secs(600);
/// What is not yet unusually long, where it is not said.
pub(crate) const LONG: Duration = Duration::from_secs(600);
/// How often a dead man's watch is told that all is well, where nothing is said.
pub(crate) const PULSE: Duration = Duration::from_secs(60);
/// The words after `log_level:`.
pub(crate) const LOG_LEVELS: &[&str] = &["off", "error", "warn", "info", "debug", "trace"];
/// The words after `execute:`.
pub(crate) const EXECUTE: &[&str] = &["local", "queue"];
/// The words after `format:` of a channel.
pub(crate) const FORMATS: &[&str] = &["json", "slack"];
/// The words after `after:` of a dead man's watch.
pub(crate) const PULSES: &[&str] = &["run", "tick"];

pub(crate) static SETTINGS: KeyTable = KeyTable {
    what: "a settings file",
    parts: &[&[
        key("schedule_file", Kind::Text, "The schedule.")
            .such_as("config/nightly.yaml")
            .by_default(Preset::Text(SCHEDULE_FILE)),
        key(
            "schedule_last_good",
            Kind::Bool,
            "A scheduler starts with a broken or missing schedule, as it last was.",
        )
        .such_as("true")
        .by_default(Preset::Bool(false)),
        key(
            "collectors_dirs",
            Kind::List(&Kind::Text),
            "Where collectors are looked for.",
        )
        .such_as("[collectors, /opt/collectors]")
        .by_default(Preset::Words(&[COLLECTORS_DIR])),
        key(
            "fallback",
            Kind::List(&Kind::Text),
            "What runs a command that is no executable; `{command}` stands for its name.",
        )
        .such_as(r#"["/srv/app/.venv/bin/python", "manage.py", "{command}"]"#),
        key(
            "state_dir",
            Kind::Text,
            "Where runs, logs and the database are kept.",
        )
        .such_as("/var/lib/orchestrate")
        .by_default(Preset::Text(STATE_DIR)),
        key(
            "state_mode",
            Kind::Word(StateMode::WORDS),
            "Who may read there: nobody else (0700), or its group too (0750).",
        )
        .such_as("group")
        .by_default(Preset::Word(StateMode::WORDS[0])),
        key("database_url", Kind::Text, "Where our tables are.")
            .such_as(r#""postgres://collector@localhost/collector""#)
            .by_default(Preset::Told("a SQLite file in the state directory")),
        key(
            "database_schema",
            Kind::Name,
            "On PostgreSQL, the schema of our tables.",
        )
        .such_as("nightly")
        .by_default(Preset::Text("orchestrate")),
        key(
            "execute",
            Kind::Word(EXECUTE),
            "Who executes a scheduler's runs: itself, or workers through PostgreSQL.",
        )
        .such_as("queue")
        .by_default(Preset::Word(EXECUTE[0])),
        key(
            "lease",
            LEASE,
            "How long a worker keeps a run without a word, at most 1h.",
        )
        .such_as("2m")
        .by_default(Preset::Duration(Duration::from_secs(20))),
        key(
            "env_allow",
            Kind::List(&Kind::Name),
            "Collectors inherit only these variables.",
        )
        .such_as("[GITHUB_TOKEN, HTTPS_PROXY]")
        .by_default(Preset::Told("all but the stripped ones")),
        key(
            "strip_env",
            Kind::List(&Kind::Name),
            "Collectors do not inherit these variables, besides the built-in ones.",
        )
        .such_as("[SSH_AUTH_SOCK]")
        .by_default(Preset::Words(&[])),
        key(
            "secrets",
            Kind::List(&Kind::Name),
            "Variables whose values are masked wherever output goes.",
        )
        .such_as("[GITHUB_TOKEN]")
        .by_default(Preset::Words(&[])),
        key(
            "log_level",
            Kind::Word(LOG_LEVELS),
            "How much orchestrate says about itself.",
        )
        .such_as("debug")
        .by_default(Preset::Word("info")),
        key(
            "retention",
            Kind::Table(&RETENTION),
            "Which past runs are kept; if given, only its bounds count.",
        )
        .such_as("{age: 90d, count: 1000, bytes: 5GiB}")
        .by_default(Preset::Told("{age: 365d, bytes: 20GiB}")),
        key(
            "notify",
            Kind::List(&Kind::Table(&NOTIFY)),
            "Who is told of failures, recoveries, suspect successes and missed slots.",
        )
        .such_as("[{webhook_env: CHAT_URL, format: slack, on: [failure, recovery]}]")
        .by_default(Preset::Told("nobody")),
        key(
            "base_url",
            Kind::Text,
            "Where people find the pages of `serve`, for links in notices.",
        )
        .such_as(r#""https://orchestrate.example.org""#),
        key(
            "dead_man",
            Kind::Table(&DEAD_MAN),
            "A URL that is asked for as long as all is well.",
        )
        .such_as("{url_env: DEAD_MAN_URL, after: tick}"),
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
        )
        .such_as("operators")
        .by_default(Preset::Told("its kind and its place in the list")),
        key(
            "on",
            Kind::List(&Kind::Word(NoticeKind::WORDS)),
            "What it is told of.",
        )
        .such_as("[failure, recovery]")
        .by_default(Preset::Words(NoticeKind::WORDS)),
        key(
            "after",
            Kind::Integer { min: 1, max: 1000 },
            "It is told of a failure after so many in a row.",
        )
        .such_as("3")
        .by_default(Preset::Integer(1)),
        key(
            "late_after",
            Kind::Duration {
                // Schedulers take over from each other, and machines are slow at times.
                min: Duration::from_secs(60),
            },
            "It is told of a slot that begins later than it should by more than this.",
        )
        .such_as("30m")
        .by_default(Preset::Duration(LATE)),
        key(
            "long_after",
            Kind::Duration {
                min: Duration::from_secs(1),
            },
            "It is told of a task that runs for longer than this and than three times its usual.",
        )
        .such_as("1h")
        .by_default(Preset::Duration(LONG)),
        key(
            "digest",
            Kind::Bool,
            "One message for all of a run, or a message for each task.",
        )
        .such_as("false")
        .by_default(Preset::Bool(true)),
        key(
            "groups",
            Kind::List(&Kind::Name),
            "It is told only of tasks of these groups; of all where it is left out.",
        )
        .such_as("[github]"),
        key(
            "tasks",
            Kind::List(&Kind::Name),
            "It is told only of these tasks, each NAME or GROUP/NAME; of all where it is left out.",
        )
        .such_as("[github/export]"),
        key("webhook", Kind::Text, "URL that is sent a POST.").such_as(r#""https://example.com/hook""#),
        key("webhook_env", Kind::Name, "The variable that has that URL.").such_as("CHAT_URL"),
        key(
            "format",
            Kind::Word(FORMATS),
            "Our own JSON, or a message as Slack wants it.",
        )
        .such_as("slack")
        .by_default(Preset::Word("json")),
        key("mail", Kind::List(&Kind::Text), "Addresses that are sent a mail.")
            .such_as("[operators@example.com]"),
        key("from", Kind::Text, "The sender of a mail.").such_as("orchestrate@example.com"),
        key(
            "server",
            Kind::Text,
            "The mail server: `smtp://host:25`, `smtp://host:587?tls=required`, `smtps://host`.",
        )
        .such_as(r#""smtps://mail.example.com""#),
        key("user", Kind::Text, "Who logs in at the mail server.").such_as("orchestrate"),
        key("password_env", Kind::Name, "The variable that has the password.").such_as("MAIL_PASSWORD"),
        key(
            "command",
            Kind::List(&Kind::Text),
            "An executable and its arguments; ORCHESTRATE_NOTICE holds the notice as JSON.",
        )
        .such_as("[/usr/local/bin/page, --urgent]"),
    ]],
};

pub(crate) static DEAD_MAN: KeyTable = KeyTable {
    what: "`dead_man`",
    parts: &[&[
        key("url", Kind::Text, "What is asked for, with GET.").such_as(r#""https://example.com/ping/1""#),
        key("url_env", Kind::Name, "The variable that has that URL.").such_as("DEAD_MAN_URL"),
        key(
            "after",
            Kind::Word(PULSES),
            "After each run that succeeded, or while a scheduler ticks.",
        )
        .such_as("tick")
        .by_default(Preset::Word("run")),
        key(
            "every",
            Kind::Duration {
                min: Duration::from_secs(10),
            },
            "How often while it ticks.",
        )
        .such_as("5m")
        .by_default(Preset::Duration(PULSE)),
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
            "Runs that began longer ago go.",
        )
        .such_as("90d")
        .by_default(Preset::Told("none go for their age")),
        key(
            "count",
            Kind::Integer {
                min: 1,
                max: 1_000_000_000,
            },
            "All but the newest so many runs go.",
        )
        .such_as("1000"),
        key(
            "bytes",
            Kind::Size { min: 1 << 20 },
            "The oldest runs go until logs and journals fit into so much.",
        )
        .such_as("5GiB"),
    ]],
};
