//! The rules of the house, as data, and what breaks them. A rule that stands in the
//! way is changed here, with its reason, and never worked around.

use std::fmt;

use crate::scan::{Mention, Source};
use crate::shape::Function;

/// Which other rooms a room may import from: ground first, and no room names one further
/// down this list.
const MAY_IMPORT: [(&str, Allowed); 21] = [
    ("model", Allowed::Only(&[])),
    ("text", Allowed::Only(&[])),
    // How files of others are read, and nothing of what is in them.
    ("input", Allowed::Only(&[])),
    // Modes, locks and owners: knows no path of ours, so that everybody may ask.
    ("files", Allowed::Only(&["model"])),
    ("config", Allowed::Only(&["model", "text", "input"])),
    ("process", Allowed::Only(&["model", "text", "input"])),
    // The only place that knows the pools, and which errors pass.
    ("database", Allowed::Only(&["model", "text", "input", "files"])),
    ("events", Allowed::Only(&["model", "text"])),
    (
        "rundir",
        Allowed::Only(&["model", "text", "input", "files", "events"]),
    ),
    // Who is asked for releases is supervised like a collector.
    ("release", Allowed::Only(&["model", "text", "process"])),
    // Formats only: what is told arrives as events.
    ("report", Allowed::Only(&["model", "text", "events"])),
    (
        "store",
        Allowed::Only(&["model", "text", "input", "files", "database", "events", "rundir"]),
    ),
    (
        "records",
        Allowed::Only(&["model", "text", "input", "files", "database", "events", "rundir"]),
    ),
    (
        "engine",
        Allowed::Only(&["model", "text", "files", "process", "events", "rundir", "records"]),
    ),
    // What is to be told is remembered, and a command that tells it is supervised.
    (
        "notify",
        Allowed::Only(&["model", "text", "process", "events", "store"]),
    ),
    // Answers for people and programs; takes the store and values, never settings.
    (
        "queries",
        Allowed::Only(&[
            "model", "text", "input", "process", "database", "events", "rundir", "report", "store", "records",
        ]),
    ),
    // Puts engine, bus and store together for whoever has something to run, so that a
    // run by hand and a run of the timetable are the same thing.
    (
        "execution",
        Allowed::Only(&[
            "model", "text", "process", "database", "events", "rundir", "release", "report", "store",
            "records", "engine", "notify",
        ]),
    ),
    (
        "web",
        Allowed::Only(&["model", "text", "events", "report", "store", "queries"]),
    ),
    (
        "fleet",
        Allowed::Only(&[
            "model",
            "text",
            "database",
            "events",
            "rundir",
            "store",
            "engine",
            "execution",
        ]),
    ),
    // `process` only for the way to wait for a descriptor: timers and file changes.
    (
        "scheduler",
        Allowed::Only(&[
            "model",
            "text",
            "process",
            "events",
            "report",
            "store",
            "engine",
            "execution",
        ]),
    ),
    ("cli", Allowed::Everything),
];

enum Allowed {
    Only(&'static [&'static str]),
    Everything,
}

/// Words that may stand only in some places, and why.
const CONFINED: [Confined; 13] = [
    // In `store` only to derive how a row is read and to vouch for SQL that it puts together.
    Confined {
        word: "sqlx",
        to: &["database/", "store/", "fleet/"],
        why: "the rest of the house talks to the database through domain methods, so that it can be replaced",
    },
    Confined {
        word: "SqlitePool",
        to: &["database/"],
        why: POOLS,
    },
    Confined {
        word: "PgPool",
        to: &["database/"],
        why: POOLS,
    },
    Confined {
        word: "DatabaseError",
        to: &["database/", "store/", "records/", "cli/"],
        why: "whether an error passes is asked of the store or of records",
    },
    Confined {
        word: "nix",
        to: SYSTEM,
        why: "the system interface is kept where its traps are known",
    },
    Confined {
        word: "libc",
        to: SYSTEM,
        why: "the system interface is kept where its traps are known",
    },
    Confined {
        word: "axum",
        to: &["web/"],
        why: "only the dashboard speaks HTTP",
    },
    Confined {
        word: "hyper",
        to: &["web/"],
        why: "only the dashboard speaks HTTP",
    },
    Confined {
        word: "tower_http",
        to: &["web/"],
        why: "only the dashboard speaks HTTP",
    },
    Confined {
        word: "askama",
        to: &["web/pages/"],
        why: "what pages show is made as values, which tests read without a page",
    },
    Confined {
        word: "eprintln",
        to: PRINTING_TESTS,
        why: "it panics where standard error is full or gone: print_words! does not",
    },
    Confined {
        word: "println",
        to: PRINTING_TESTS,
        why: "it panics where standard output is full or gone: print_text does not",
    },
    Confined {
        word: "unsafe",
        to: &["process/sys/"],
        why: "one folder that a reader can check is enough",
    },
];

/// Figures, and what could not be tried, for whoever runs the tests.
const PRINTING_TESTS: &[&str] = &[
    "config/tests/hostile.rs",
    "files/holder.rs",
    EXPLORED,
    "process/supervise/cgroup/tests.rs",
    "scheduler/planning/due_slots/tests/reference.rs",
];

const POOLS: &str = "one room has the connections and one opinion on which error passes";

const SYSTEM: &[&str] = &[
    "process/",
    // What stands behind a path that somebody names must not be waited for.
    "input/",
    "engine/signals.rs",
    "files/",
    "rundir/orders.rs",
    "rundir/probe.rs",
    "rundir/watch.rs",
    "scheduler/host/",
    "cli/shell/target.rs",
    // Its tests measure CPU, which the standard library cannot.
    "config/tests/hostile.rs",
    "scheduler/planning/due_slots/tests/reference.rs",
];

struct Confined {
    word: &'static str,
    to: &'static [&'static str],
    why: &'static str,
}

/// A folder of a room with I/O that has none itself: what it decides is tried in every
/// order of events, and what it imports would have to be, too.
const PURE: &str = "fleet/protocol/";
/// Tests, which may measure and be told how far to go.
const EXPLORED: &str = "fleet/protocol/model_check/checks.rs";
/// What it may not mention, beside every room of ours but `model`.
const IMPURE: [&str; 8] = [
    "tokio", "fs", "net", "process", "thread", "env", "tracing", "Instant",
];

/// The types whose `now` is banned outside the injected clock.
const CLOCKS: [&str; 3] = ["Timestamp", "SystemTime", "ZonedDateTime"];
const CLOCK_FILE: &str = "model/clock.rs";

/// More lines than this, and a file holds more than one concept.
pub(crate) const LINES: usize = 450;
/// More lines than this, and a function does more than one thing.
pub(crate) const FUNCTION: usize = 70;
/// More parameters than this, and some of them belong together.
pub(crate) const PARAMETERS: usize = 6;
/// More files than this in a folder, and it holds more than one room.
pub(crate) const FILES: usize = 16;

/// A rule broken at a place.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    path: String,
    line: usize,
    what: String,
    why: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            path,
            line,
            what,
            why,
        } = self;
        write!(f, "orchestrator/src/{path}:{line}: {what}\n    why: {why}")
    }
}

/// Every rule that `source` breaks.
pub(crate) fn violations(source: &Source) -> Vec<Violation> {
    let mentions = source.mentions();
    let mut found: Vec<Violation> = mentions
        .iter()
        .flat_map(|mention| {
            [
                import(source, mention),
                impure(source, mention),
                confined(source, mention),
                clock(source, mention),
            ]
        })
        .flatten()
        .collect();
    found.extend(too_long(source));
    found.extend(unexplained(source));
    found.extend(
        source
            .functions()
            .iter()
            .flat_map(|function| unwieldy(source, function)),
    );
    found
}

fn import(source: &Source, mention: &Mention) -> Option<Violation> {
    let [root, target, ..] = mention.words.as_slice() else {
        return None;
    };
    let folder = source.folder();
    if root != "crate" || folder.is_empty() || target == folder {
        return None;
    }
    let broken = |why: String| {
        let what = format!("{folder} may not import {}", mention.words.join("::"));
        Some(violation(source, mention.line, what, why))
    };
    let allowed = match MAY_IMPORT.iter().find(|(name, _)| *name == folder) {
        Some((_, Allowed::Everything)) => return None,
        Some((_, Allowed::Only(allowed))) => *allowed,
        None => {
            return broken(format!(
                "{folder} has no rule yet: give it one in tests/architecture/rules.rs"
            ));
        }
    };
    if allowed.contains(&target.as_str()) {
        return None;
    }
    broken(match (target.as_str(), allowed) {
        ("cli", _) => "cli is the outermost shell; nobody depends on it".to_owned(),
        (_, []) => format!("{folder} is pure and imports nothing of ours"),
        _ => format!(
            "dependencies point inwards; {folder} may import {}",
            allowed.join(", ")
        ),
    })
}

fn impure(source: &Source, mention: &Mention) -> Option<Violation> {
    if !source.path.starts_with(PURE) || source.path == EXPLORED {
        return None;
    }
    let words: Vec<&str> = mention.words.iter().map(String::as_str).collect();
    let is_innocent = match words[..] {
        ["crate", "model", ..] | ["crate", "fleet", "protocol", ..] | ["crate"] => true,
        ["crate", ..] => false,
        _ => !words.iter().any(|word| IMPURE.contains(word)),
    };
    let what = format!("{PURE} may not mention {}", words.join("::"));
    let why = "it is pure: the shell around it does what it says".to_owned();
    (!is_innocent).then(|| violation(source, mention.line, what, why))
}

fn confined(source: &Source, mention: &Mention) -> Option<Violation> {
    let is_away = |rule: &&Confined| {
        let is_named = mention.words.iter().any(|word| word == rule.word);
        is_named && !rule.to.iter().any(|place| source.path.starts_with(place))
    };
    let rule = CONFINED.iter().find(is_away)?;
    let what = format!("{} may stand only in {}", rule.word, rule.to.join(", "));
    Some(violation(source, mention.line, what, rule.why.to_owned()))
}

fn clock(source: &Source, mention: &Mention) -> Option<Violation> {
    let [.., owner, method] = mention.words.as_slice() else {
        return None;
    };
    let asks = method == "now" && CLOCKS.contains(&owner.as_str()) && source.path != CLOCK_FILE;
    let what = format!("{owner}::now may stand only in {CLOCK_FILE}");
    let why = "time is an argument, so that a test can be any moment".to_owned();
    asks.then(|| violation(source, mention.line, what, why))
}

fn too_long(source: &Source) -> Option<Violation> {
    let lines = source.text.lines().count();
    let what = format!("{lines} lines, and {LINES} is the limit");
    let why = "one concept per file: split it where a second concept begins".to_owned();
    (lines > LINES).then(|| violation(source, lines, what, why))
}

fn unwieldy(source: &Source, function: &Function) -> Vec<Violation> {
    let Function {
        name,
        line,
        lines,
        parameters,
    } = function;
    let mut found = Vec::new();
    if *lines > FUNCTION {
        let what = format!("{name} has {lines} lines, and {FUNCTION} is the limit");
        let why = "a function that is read at a glance has one job".to_owned();
        found.push(violation(source, *line, what, why));
    }
    if *parameters > PARAMETERS {
        let what = format!("{name} takes {parameters} parameters, and {PARAMETERS} is the limit");
        let why = "what always goes together is a type".to_owned();
        found.push(violation(source, *line, what, why));
    }
    found
}

fn unexplained(source: &Source) -> Option<Violation> {
    let what = "it does not begin with //!".to_owned();
    let why = "every module says what it owns, who calls it and what it must never do".to_owned();
    (!source.text.starts_with("//!")).then(|| violation(source, 1, what, why))
}

fn violation(source: &Source, line: usize, what: String, why: String) -> Violation {
    let path = source.path.clone();
    Violation {
        path,
        line,
        what,
        why,
    }
}
