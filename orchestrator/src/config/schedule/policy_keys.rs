//! The keys that say how a task is run, which several mappings share: a part of the table in
//! [`keys`](super::keys).

use std::time::Duration;

use crate::config::table::{Key, KeyTable, Kind, Preset, key};
use crate::model::{Category, DEFAULT_GRACE, Retry, WorkspaceScope};

/// The least that a timer of ours can tell from zero.
const TICK: Kind = Kind::Duration {
    min: Duration::from_millis(1),
};
pub(super) const SECOND: Kind = Kind::Duration {
    min: Duration::from_secs(1),
};
/// A pause may be none at all.
pub(super) const PAUSE: Kind = Kind::Duration { min: Duration::ZERO };

/// Which failures are tried again where nothing is said.
const RETRYABLE: [&str; Category::RETRYABLE.len()] = {
    let mut words = [""; Category::RETRYABLE.len()];
    let mut at = 0;
    while at < words.len() {
        words[at] = Category::RETRYABLE[at].as_str();
        at += 1;
    }
    words
};

/// How a task is run; the same in `defaults:`, a group, a task and a workflow command.
pub(super) const POLICY_KEYS: &[Key] = &[
    key(
        "timeout",
        Kind::OrNone(&TICK),
        "The collector is ended after this long.",
    )
    .such_as("30m")
    .by_default(Preset::Word("none")),
    key(
        "idle_timeout",
        Kind::OrNone(&TICK),
        "The collector is ended after this long without output.",
    )
    .such_as("5m")
    .by_default(Preset::Word("none")),
    key("grace", PAUSE, "From the polite signal to the kill.")
        .such_as("30s")
        .by_default(Preset::Duration(DEFAULT_GRACE)),
    key("retry", Kind::Table(&RETRY), "Further attempts after a failure.").such_as("{limit: 2, delay: 1m}"),
    key(
        "env",
        Kind::Map(&Kind::Text),
        "Added to the collector's environment.",
    )
    .such_as("{LANG: C.UTF-8}"),
    key("working_directory", Kind::Text, "Where the collector runs.")
        .such_as("data")
        .by_default(Preset::Told("where orchestrate runs")),
    key(
        "workspace",
        Kind::Word(WorkspaceScope::WORDS),
        "Whether all tasks of a command share the directory that it keeps from run to run.",
    )
    .such_as("task")
    .by_default(Preset::Word(WorkspaceScope::Command.as_str())),
    key("limits", Kind::Table(&LIMITS), "What one attempt may use.")
        .such_as("{memory: 2GiB, open_files: 256}"),
    key(
        "expect",
        Kind::Table(&EXPECT),
        "What a successful attempt should bring.",
    )
    .such_as("{min_records: 1}"),
];

pub(crate) static RETRY: KeyTable = KeyTable {
    what: "`retry`",
    parts: &[&[
        key(
            "limit",
            Kind::Integer { min: 0, max: 100 },
            "How many attempts may follow the first one.",
        )
        .such_as("2")
        .by_default(Preset::Integer(0)),
        key(
            "delay",
            PAUSE,
            "The pause before the second attempt, doubled each time.",
        )
        .such_as("1m")
        .by_default(Preset::Duration(Retry::DELAY)),
        key(
            "on",
            Kind::List(&Kind::Word(Category::WORDS)),
            "Only these kinds of failure are tried again.",
        )
        .such_as("[network, temporary]")
        .by_default(Preset::Words(&RETRYABLE)),
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
            "Address space of each process.",
        )
        .such_as("2GiB")
        .by_default(Preset::Word("none")),
        key(
            "cpu_time",
            Kind::OrNone(&SECOND),
            "CPU time of each process, in whole seconds.",
        )
        .such_as("1h")
        .by_default(Preset::Word("none")),
        key(
            "open_files",
            Kind::OrNone(&Kind::Integer {
                min: 8,
                max: 1_048_576,
            }),
            "Open files of each process.",
        )
        .such_as("256")
        .by_default(Preset::Word("none")),
        key(
            "output",
            Kind::OrNone(&Kind::Size { min: 1 }),
            "Output kept in the log; the rest is counted and dropped.",
        )
        .such_as("10MiB")
        .by_default(Preset::Told("256MiB, and with `none` too")),
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
        )
        .such_as("1"),
        key("max_age", SECOND, "The newest record may be this old.").such_as("2d"),
    ]],
};
