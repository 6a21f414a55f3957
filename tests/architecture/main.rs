//! Who may import whom, and the other rules of the house that no lint knows. Each
//! breach is named with its file and line, the rule, and the reason for the rule.

mod graph;
mod lex;
mod rules;
mod scan;
mod shape;

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use graph::Graph;
use rules::{FILES, FUNCTION, LINES, PARAMETERS, violations};
use scan::Source;

/// Every source file of the orchestrator, in order of path.
fn sources() -> Result<Vec<Source>, Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut sources = Vec::new();
    let mut folders: Vec<PathBuf> = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                sources.push(Source {
                    path: path.strip_prefix(&root)?.to_string_lossy().into_owned(),
                    text: fs::read_to_string(&path)?,
                });
            }
        }
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(sources)
}

#[test]
fn the_house_keeps_its_rules() {
    let sources = sources().unwrap();
    assert!(sources.iter().any(|source| source.path == "model/clock.rs"));
    let broken: Vec<String> = sources
        .iter()
        .flat_map(violations)
        .map(|violation| violation.to_string())
        .collect();
    assert!(
        broken.is_empty(),
        "rules of the house are broken:\n\n{}\n",
        broken.join("\n")
    );
}

/// For each name that more than one file lets out, where.
fn shared_names(sources: &[Source]) -> Vec<String> {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for source in sources {
        for found in source.types() {
            let place = format!("{}:{}", source.path, found.line);
            places.entry(found.name).or_default().push(place);
        }
    }
    let shared = places.into_iter().filter(|(_, places)| places.len() > 1);
    shared
        .map(|(name, places)| format!("{name}: {}", places.join(", ")))
        .collect()
}

#[test]
fn a_type_name_means_one_thing() {
    let shared = shared_names(&sources().unwrap());
    assert!(
        shared.is_empty(),
        "a reader who meets a name must know which type it is:\n{}\n",
        shared.join("\n")
    );
}

#[test]
fn files_stand_in_no_circle() {
    let circles = Graph::of(&sources().unwrap()).circles();
    let lines: Vec<String> = circles.iter().map(|circle| circle.join(" <-> ")).collect();
    assert!(
        lines.is_empty(),
        "files that need each other are one file, or one of them holds two things:\n{}\n",
        lines.join("\n")
    );
}

#[test]
fn no_folder_is_a_flat_list() {
    let mut files: BTreeMap<String, usize> = BTreeMap::new();
    for source in sources().unwrap() {
        let folder = source.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        *files.entry(folder.to_owned()).or_default() += 1;
    }
    files.retain(|_, count| *count > FILES);
    assert!(
        files.is_empty(),
        "more than {FILES} files, which rooms do they hide? {files:?}"
    );
}

/// What the rules say to `code` in the file `path`: each breach without its reason.
fn said(path: &str, code: &str) -> Vec<String> {
    let source = Source {
        path: path.to_owned(),
        text: format!("//! A module.\n{code}"),
    };
    let lines = violations(&source)
        .into_iter()
        .map(|violation| violation.to_string());
    let without_reason = |line: String| {
        line.lines()
            .next()
            .unwrap_or_default()
            .replace("orchestrator/src/", "")
    };
    lines.map(without_reason).collect()
}

#[test]
fn a_planted_import_is_found_however_it_is_written() {
    let planted = [
        "use crate::store::Store;",
        "use crate::{store::Store};",
        "use crate::{model::{Task, Group}, store::{self}};",
        "use super::super::store::Store;",
        "fn f() -> crate::store::Store {}",
        "mod tests { use super::super::super::store as memory; }",
        "fn f() { tokio::select! { _ = async { crate::store::open() } => {} } }",
        "#[derive(crate::store::Row)] struct Row;",
        "type A = <B as crate::store::C>::D;",
        "macro_rules! m { () => { $crate::store::open() } }",
    ];
    for code in planted {
        let said = said("engine/loop.rs", code);
        assert_eq!(said.len(), 1, "{code}: {said:?}");
        assert!(
            said[0].starts_with("engine/loop.rs:2: engine may not import crate::store"),
            "{said:?}"
        );
    }
}

#[test]
fn what_is_allowed_or_merely_talked_about_is_not_found() {
    let innocent = [
        "use super::limits::Limit;",
        "use crate::{model::Task, process::Attempt, events::Bus, records};",
        "/// Never calls crate::store::open.\nfn f() {}",
        "// crate::store::open\nfn f() {}",
        "const S: &str = \"crate::store::open() unsafe sqlx::query\";",
        "pub(crate) fn f(crate_: u8) -> bool { a ::store::b() }",
        "struct S { unsafe_code: bool }",
    ];
    for code in innocent {
        assert_eq!(said("engine/loop.rs", code), [""; 0], "{code}");
    }
    let shell = "use crate::{store::Store, engine::run, cli::Args, web::serve};";
    assert_eq!(said("cli/run.rs", shell), [""; 0]);
    assert_eq!(said("main.rs", "use crate::cli::main;"), [""; 0]);
}

#[test]
fn the_core_imports_nothing_and_nobody_imports_the_shell() {
    assert_eq!(
        said(
            "model/slots/tests.rs",
            "use crate::config::load;\nuse crate::model::Task;"
        ),
        ["model/slots/tests.rs:2: model may not import crate::config::load"]
    );
    assert_eq!(
        said("web/mod.rs", "\nuse crate::cli::Exit;"),
        ["web/mod.rs:3: web may not import crate::cli::Exit"]
    );
}

#[test]
fn the_protocol_of_the_fleet_imports_only_the_model_and_waits_for_nothing() {
    for code in [
        "use crate::store::Store;",
        "use crate::fleet::worker::Loop;",
        "use tokio::time;",
        "fn f() { std::thread::sleep(d); }",
        "fn f() { std::time::Instant::now(); }",
    ] {
        let said = said("fleet/protocol/claim.rs", code);
        let is_found =
            |said: &String| said.starts_with("fleet/protocol/claim.rs:2: fleet/protocol/ may not mention ");
        assert!(said.iter().any(is_found), "{code}: {said:?}");
    }
    let innocent = "use crate::model::CancelCause;\nuse super::lease::Moment;\nuse std::time::Duration;";
    assert_eq!(said("fleet/protocol/claim.rs", innocent), [""; 0]);
    assert_eq!(
        said("fleet/worker.rs", "use crate::store::Store;\nuse tokio::time;"),
        [""; 0]
    );
}

#[test]
fn a_new_folder_needs_a_rule() {
    assert_eq!(
        said("misc/help.rs", "use crate::model::Task;"),
        ["misc/help.rs:2: misc may not import crate::model::Task"]
    );
}

#[test]
fn confined_words_are_found_outside_their_place() {
    for (home, elsewhere, code, word) in [
        (
            "database/sqlite.rs",
            "web/api.rs",
            "use sqlx::{Row, query};",
            "sqlx",
        ),
        (
            "database/pool.rs",
            "store/store.rs",
            "use sqlx::{PgPool};",
            "PgPool",
        ),
        (
            "fleet/queue.rs",
            "scheduler/planning/due_slots.rs",
            "#[derive(sqlx::FromRow)] struct Row;",
            "sqlx",
        ),
        (
            "process/ladder.rs",
            "engine/limits.rs",
            "use nix::sys::signal;",
            "nix",
        ),
        (
            "engine/signals.rs",
            "cli/run.rs",
            "fn f() { libc::getpid(); }",
            "libc",
        ),
        ("web/mod.rs", "cli/serve.rs", "use axum as http;", "axum"),
        (
            "process/sys/wait.rs",
            "process/resolve.rs",
            "fn f() { unsafe { g() } }",
            "unsafe",
        ),
    ] {
        assert_eq!(said(home, code), [""; 0], "{code}");
        let said = said(elsewhere, code);
        let expected = format!("{elsewhere}:2: {word} may stand only in ");
        assert!(
            !said.is_empty() && said.iter().all(|said| said.starts_with(&expected)),
            "{code}: {said:?}"
        );
    }
}

#[test]
fn only_the_clock_asks_for_the_time() {
    for code in [
        "fn f() { jiff::Timestamp::now(); }",
        "const NOW: fn() -> T = std::time::SystemTime::now;",
    ] {
        assert_eq!(said("model/clock.rs", code), [""; 0]);
        let said = said("model/slots.rs", code);
        assert!(
            said.len() == 1 && said[0].ends_with("::now may stand only in model/clock.rs"),
            "{said:?}"
        );
    }
    assert_eq!(
        said("model/slots.rs", "fn f() { Instant::now(); clock.now(); }"),
        [""; 0]
    );
}

#[test]
fn files_are_short_and_begin_by_saying_what_they_are() {
    assert_eq!(said("engine/loop.rs", &"\n".repeat(LINES - 1)), [""; 0]);
    assert_eq!(
        said("engine/loop.rs", &"\n".repeat(LINES)),
        ["engine/loop.rs:451: 451 lines, and 450 is the limit"]
    );
    let long = format!("fn f() {{\n{}}}", "\n".repeat(FUNCTION - 1));
    assert_eq!(said("engine/loop.rs", &long).len(), 1);
    assert_eq!(said("engine/loop/tests.rs", &long), [""; 0]);
    let many = format!("fn f({}) {{}}", "a: A, ".repeat(PARAMETERS + 1));
    assert_eq!(
        said("engine/loop.rs", &many),
        ["engine/loop.rs:2: f takes 7 parameters, and 6 is the limit"]
    );
    let silent = Source {
        path: "engine/loop.rs".to_owned(),
        text: "fn f() {}".to_owned(),
    };
    assert!(
        violations(&silent)[0]
            .to_string()
            .contains("does not begin with //!")
    );
}
