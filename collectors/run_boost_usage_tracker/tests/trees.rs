//! The collector on small trees: its numbers, what it leaves out, how it ends.
#![allow(clippy::unwrap_used)] // helpers of tests, which clippy does not see as such

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::{Value, json};

struct Tree {
    scratch: tempfile::TempDir,
}

impl Tree {
    fn new(files: &[(&str, &[u8])]) -> Self {
        let tree = Self {
            scratch: tempfile::tempdir().unwrap(),
        };
        fs::create_dir(tree.root()).unwrap();
        for (name, content) in files {
            let path = tree.root().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        tree
    }

    fn root(&self) -> PathBuf {
        self.scratch.path().canonicalize().unwrap().join("tree")
    }

    fn events(&self) -> PathBuf {
        self.scratch.path().join("events")
    }

    /// A program that exports the files of `store/`, as the orchestrator exports records.
    fn store(&self) -> PathBuf {
        let (program, store) = (
            self.scratch.path().join("orchestrate"),
            self.scratch.path().join("store"),
        );
        if !store.exists() {
            fs::create_dir(&store).unwrap();
            let text = format!(
                "#!/bin/sh\n[ ! -e '{0}/failing' ] || exit 3\ncase \"$1 $2\" in \"records list\") printf '['; comma=; \
                 for file in '{0}'/*; do [ -f \"$file\" ] || continue; \
                 printf '%s{{\"collection\":\"%s\"}}' \"$comma\" \"${{file##*/}}\"; comma=,; done; echo ']'; exit ;; esac\n\
                 [ \"$1 $2 $4 $5\" = \"records export --format jsonl\" ] || exit 2\n\
                 cat '{0}'/\"$3\"\n",
                store.display()
            );
            fs::write(&program, text).unwrap();
            fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
        }
        program
    }

    /// Records as somebody delivered them before.
    fn record(&self, collection: &str, records: &[(&str, Value)]) {
        self.store();
        let lines: String = records
            .iter()
            .map(|(key, data)| {
                json!({"collection": collection, "key": key, "data": data, "seen_at": "2026-03-01T00:00:00Z"})
                    .to_string()
                    + "\n"
            })
            .collect();
        fs::write(self.scratch.path().join("store").join(collection), lines).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Output {
        fs::write(self.events(), "").unwrap();
        Command::new(env!("CARGO_BIN_EXE_run_boost_usage_tracker"))
            .args(arguments)
            .env("ORCHESTRATE_WORKSPACE", self.scratch.path().join("w"))
            .env("ORCHESTRATE_EVENTS", self.events())
            .env("ORCHESTRATE_SLOT", "2026-03-03T23:30:00-05:00")
            .env("ORCHESTRATE", self.store())
            .current_dir(self.scratch.path())
            .output()
            .unwrap()
    }

    fn scan(&self, arguments: &[&str]) -> Output {
        let output = self.run(&[&["--path", "tree"], arguments].concat());
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        output
    }

    fn lines(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.events()).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// The data of all records of a collection, without the root.
    fn data(&self, collection: &str) -> Vec<Value> {
        let data = |mut record: Value| {
            let data = record["data"].as_object_mut().unwrap();
            data.remove("root");
            Value::Object(std::mem::take(data))
        };
        let records = self
            .lines()
            .into_iter()
            .filter(|line| line["collection"] == collection);
        records.map(data).collect()
    }

    fn messages(&self, kind: &str) -> String {
        let lines = self.lines().into_iter().filter(|line| line["type"] == kind);
        lines
            .map(|line| format!("{}\n", line["message"].as_str().unwrap()))
            .collect()
    }
}

const SAMPLE: &[(&str, &[u8])] = &[
    ("a.cpp", b"#include <boost/asio.hpp>\n#include <vector>\n#ifdef X\n#include <boost/shared_ptr.hpp>\n#endif\n"),
    ("deep/er/b.hpp", b"#ifndef B\n#define B\n#include \"boost/asio/ip/tcp.hpp\"\n// #include <boost/any.hpp>\n#include <boost/no_such.hpp>\n#endif\n"),
    ("vectorish", b"// -*- C++ -*-\n#include <vector>\n"),
    ("README", b"#include <boost/any.hpp>\n"),
    ("notes.txt", b"#include <boost/any.hpp>\n"),
    (".git/c.cpp", b"#include <boost/any.hpp>\n"),
    ("bin.c", b"#include <boost/any.hpp>\n\0"),
];

#[test]
fn libraries_and_headers_are_exact() {
    let tree = Tree::new(SAMPLE);
    tree.scan(&[]);
    assert_eq!(
        tree.data("boost_usage"),
        [
            json!({"library": "asio", "includes": 2, "conditional": 0, "files": 2, "headers": 2}),
            json!({"library": "smart_ptr", "includes": 1, "conditional": 1, "files": 1, "headers": 1}),
            json!({"library": "unknown", "includes": 1, "conditional": 0, "files": 1, "headers": 1}),
        ]
    );
    let headers: Vec<_> = tree
        .data("boost_usage_header")
        .iter()
        .map(|data| data["header"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        headers,
        [
            "boost/asio.hpp",
            "boost/asio/ip/tcp.hpp",
            "boost/no_such.hpp",
            "boost/shared_ptr.hpp"
        ]
    );
    let whole = &tree.data("include_usage")[0];
    for (name, value) in [
        ("files", 3),
        ("includes", 6),
        ("headers", 5),
        ("boost_includes", 4),
        ("boost_headers", 4),
        ("boost_libraries", 2),
        ("boost_files", 2),
    ] {
        assert_eq!(whole[name], value, "{name}");
    }
    assert_eq!(
        whole["top_headers"][0],
        json!({"header": "vector", "includes": 2, "files": 2})
    );
    assert_eq!(
        whole["left_out"]["binary"],
        json!({"count": 1, "examples": ["bin.c"]})
    );
}

#[test]
fn one_thread_or_many_give_the_same_bytes() {
    let files: Vec<(String, String)> = (0..300)
        .map(|at| {
            (
                format!("d{}/f{at}.cpp", at % 7),
                format!("#include <boost/any.hpp>\n#include <h{}>\n", at % 50),
            )
        })
        .collect();
    let files: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_bytes()))
        .collect();
    let tree = Tree::new(&files);
    tree.scan(&["--threads", "1"]);
    let once = tree.lines();
    tree.scan(&["--threads", "8"]);
    assert_eq!(tree.lines(), once);
    assert_eq!(tree.data("boost_usage")[0]["files"], 300);
}

#[test]
fn links_and_cycles_are_not_followed() {
    let tree = Tree::new(&[("a.cpp", b"#include <boost/any.hpp>\n")]);
    symlink(tree.root(), tree.root().join("cycle")).unwrap();
    symlink(tree.root().join("a.cpp"), tree.root().join("b.cpp")).unwrap();
    symlink("/nowhere", tree.root().join("dangling.cpp")).unwrap();
    assert!(
        Command::new("mkfifo")
            .arg(tree.root().join("pipe.cpp"))
            .status()
            .unwrap()
            .success()
    );
    tree.scan(&[]);
    assert_eq!(tree.data("include_usage")[0]["files"], 1);
}

#[test]
fn what_is_left_out_is_said() {
    let tree = Tree::new(&[
        ("big.c", &[b' '; 5000]),
        ("small.c", b""),
        ("build/x.c", b""),
        ("y.foo", b""),
    ]);
    let output = tree.scan(&["--max-file-size", "4999", "--exclude", "build/**"]);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.contains("1 file left out as too large") && stderr.contains("big.c"),
        "{stderr}"
    );
    assert_eq!(tree.data("include_usage")[0]["files"], 1);
    assert!(tree.messages("warning").contains("big.c"));
    tree.scan(&["--extension", ".foo"]);
    assert_eq!(tree.data("include_usage")[0]["files"], 1);
}

#[test]
fn templates_and_parts_of_sources_are_sources() {
    let names = [
        "system.hh.in",
        "config.h.cmake.in",
        "page.cpp.j2",
        "UPPER.HPP.IN",
        "a.ipp",
        "a.inl",
        "a.tcc",
        "a.inc",
        "a.cu",
        "a.cuh",
        "a.mm",
        "a.ixx",
        "a.cppm",
        "a.txx",
        "a.def",
        "a.hip",
        "parser.yy",
        "lexer.l",
        "bind.i",
        "a.ino",
    ];
    let files: Vec<(&str, String)> = names
        .iter()
        .zip(0..)
        .map(|(name, at)| {
            (
                *name,
                format!("#include <boost/any.hpp>\n#cmakedefine X\n#include <h{at}>\n"),
            )
        })
        .collect();
    let mut files: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(name, text)| (*name, text.as_bytes()))
        .collect();
    let other: [(&str, &[u8]); 6] = [
        ("Makefile.in", b"#include <boost/any.hpp>\n"),
        ("a.txt", b""),
        ("b.TXT", b""),
        ("README", b"#include <boost/any.hpp>\n"),
        ("libx.so.1", b""),
        ("a.h.orig", b""),
    ];
    files.extend(other);
    let tree = Tree::new(&files);
    symlink("a.inc", tree.root().join("linked.hpp")).unwrap();
    let output = tree.scan(&[]);
    let whole = &tree.data("include_usage")[0];
    assert_eq!(
        (&whole["files"], &whole["boost_includes"]),
        (&json!(20), &json!(20))
    );
    assert_eq!(whole["headers"], 21);
    assert_eq!(
        whole["left_out"]["other"],
        json!({"count": 6, "suffixes": [
            {"suffix": "", "files": 2}, {"suffix": "txt", "files": 2}, {"suffix": "in", "files": 1},
            {"suffix": "orig", "files": 1},
        ]})
    );
    assert_eq!(
        whole["left_out"]["links"],
        json!({"count": 1, "examples": ["linked.hpp"]})
    );
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(
        stdout.contains("6 files left out by extension: without one (2), .txt (2), .in (1), .orig (1)"),
        "{stdout}"
    );
    assert!(stdout.contains("1 symbolic link not followed"), "{stdout}");
    assert_eq!(tree.messages("warning"), "");
}

#[test]
fn what_could_not_be_read_is_not_gone() {
    let tree = Tree::new(&[("a.cpp", b"#include <boost/asio.hpp>\n")]);
    let root = tree.root();
    let root = root.to_str().unwrap();
    let gone = json!({"gone": true, "library": "any"});
    tree.record(
        "boost_usage",
        &[("1", json!({"root": root, "library": "any", "includes": 3}))],
    );
    // Too deep for any path: nobody can read it by its name, not even root.
    let deeper = "name=$(printf '%0250d' 0); for at in $(seq 20); do mkdir $name; cd -P $name; done";
    let made = Command::new("sh").args(["-c", deeper]).current_dir(root).status();
    assert!(made.unwrap().success());
    let output = tree.scan(&[]);
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("could not be read"),
        "{output:?}"
    );
    assert!(!tree.data("boost_usage").contains(&gone));
    fs::remove_dir_all(tree.root().join("0".repeat(250))).unwrap();
    tree.scan(&[]);
    assert!(tree.data("boost_usage").contains(&gone));
}

#[test]
fn recorded_libraries_place_the_headers() {
    let tree = Tree::new(SAMPLE);
    tree.scan(&[]);
    assert!(tree.messages("note").contains("rules built in"));
    assert_eq!(tree.data("include_usage")[0]["libraries_by"], "rules");
    let headers = |headers: &[&str]| json!({"headers": headers, "current": true});
    tree.record(
        "boost_library",
        &[
            ("asio", headers(&["boost/asio.hpp", "boost/asio/"])),
            ("asio/ip", headers(&["boost/asio/ip/"])),
            ("new one", headers(&["boost/no_such.hpp"])),
        ],
    );
    tree.scan(&[]);
    assert_eq!(tree.messages("note"), "");
    assert_eq!(tree.data("include_usage")[0]["libraries_by"], "records");
    let libraries = tree.data("boost_usage");
    let names: Vec<_> = libraries
        .iter()
        .map(|data| {
            (
                data["library"].as_str().unwrap(),
                data["includes"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        names,
        [("asio", 1), ("asio/ip", 1), ("new one", 1), ("smart_ptr", 1)]
    );
}

#[test]
fn each_day_has_its_totals() {
    let tree = Tree::new(SAMPLE);
    tree.scan(&[]);
    assert_eq!(
        tree.data("boost_usage_total"),
        [json!({
            "date": "2026-03-04", "files": 3, "includes": 6, "boost_includes": 4, "boost_files": 2,
            "boost_headers": 4, "boost_libraries": 2, "libraries": {"asio": 2, "smart_ptr": 1, "unknown": 1},
        })]
    );
}

#[test]
fn what_is_not_included_any_more_is_gone() {
    let tree = Tree::new(&[("a.cpp", b"#include <boost/asio.hpp>\n")]);
    let root = tree.root();
    let root = root.to_str().unwrap();
    let used = |root: &str, library: &str| json!({"root": root, "library": library, "includes": 3});
    tree.record(
        "boost_usage",
        &[
            ("1", used(root, "any")),
            ("2", used("/another/tree", "any")),
            (&format!("{root} asio"), used(root, "asio")),
            ("3", json!({"root": root, "library": "mpl", "gone": true})),
        ],
    );
    tree.scan(&[]);
    assert_eq!(
        tree.data("boost_usage"),
        [
            json!({"library": "asio", "includes": 1, "conditional": 0, "files": 1, "headers": 1}),
            json!({"gone": true, "library": "any"}),
        ]
    );
}

#[test]
fn records_that_cannot_be_read_are_worth_another_try() {
    let tree = Tree::new(SAMPLE);
    tree.record("boost_library", &[]);
    fs::write(tree.scratch.path().join("store/failing"), "").unwrap();
    assert_eq!(tree.run(&["--path", "tree"]).status.code(), Some(75));
    let failure = tree.lines().pop().unwrap();
    assert_eq!(
        (&failure["type"], &failure["category"]),
        (&json!("failure"), &json!("temporary"))
    );
    fs::remove_file(tree.scratch.path().join("store/failing")).unwrap();
    fs::write(tree.scratch.path().join("store/boost_library"), "[]\n").unwrap();
    assert_eq!(tree.run(&["--path", "tree"]).status.code(), Some(75));
}

#[test]
fn by_hand_records_go_to_stdout_and_words_to_stderr() {
    let tree = Tree::new(SAMPLE);
    let output = Command::new(env!("CARGO_BIN_EXE_run_boost_usage_tracker"))
        .args(["--path", "tree"])
        .env_remove("ORCHESTRATE_EVENTS")
        .env_remove("ORCHESTRATE")
        .env_remove("ORCHESTRATE_SLOT")
        .env_remove("ORCHESTRATE_WORKSPACE")
        .current_dir(tree.scratch.path())
        .output()
        .unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.lines().count() > 5 && text.lines().all(|line| line.starts_with(r#"{"type":"record""#)));
    assert!(String::from_utf8(output.stderr).unwrap().contains("3 files"));
}

#[test]
fn each_fault_has_its_code() {
    let tree = Tree::new(&[("a.c", b"")]);
    let code = |arguments: &[&str]| tree.run(arguments).status.code().unwrap();
    assert_eq!(code(&["--nonsense"]), 64);
    assert_eq!(code(&["--path", "tree", "--exclude", "a{"]), 64);
    assert_eq!(code(&["--path", "tree", "--extension", "a/b"]), 64);
    assert_eq!(code(&["--path", "missing"]), 65);
    assert_eq!(code(&["--path", "tree/a.c"]), 65);
    assert!(!tree.scratch.path().join("w").exists());
    let lock = {
        fs::create_dir(tree.scratch.path().join("w")).unwrap();
        fs::File::create(tree.scratch.path().join("w/.lock")).unwrap()
    };
    lock.lock().unwrap();
    assert_eq!(code(&["--path", "tree"]), 75);
}

#[test]
fn unreadable_files_are_counted() {
    let tree = Tree::new(&[("a.c", b""), ("b.c", b"")]);
    fs::set_permissions(tree.root().join("b.c"), PermissionsExt::from_mode(0o000)).unwrap();
    if fs::File::open(tree.root().join("b.c")).is_ok() {
        eprintln!("skipped: this user may read everything");
        return;
    }
    let output = tree.scan(&[]);
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("1 file could not be read")
    );
    fs::set_permissions(tree.root().join("a.c"), PermissionsExt::from_mode(0o000)).unwrap();
    assert_eq!(tree.run(&["--path", "tree"]).status.code(), Some(77));
}
