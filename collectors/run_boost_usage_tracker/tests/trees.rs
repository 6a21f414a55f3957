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

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_run_boost_usage_tracker"))
            .args(arguments)
            .env("ORCHESTRATE_WORKSPACE", self.scratch.path().join("w"))
            .env("ORCHESTRATE_EVENTS", self.scratch.path().join("events"))
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

    /// The data of all records of a collection, without the root.
    fn data(&self, collection: &str) -> Vec<Value> {
        let text =
            fs::read_to_string(self.scratch.path().join(format!("w/records/{collection}.jsonl"))).unwrap();
        let data = |line| {
            let mut record: Value = serde_json::from_str(line).unwrap();
            let data = record["data"].as_object_mut().unwrap();
            data.remove("root");
            Value::Object(std::mem::take(data))
        };
        text.lines().map(data).collect()
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
    let once = fs::read(tree.scratch.path().join("w/records/include_usage.jsonl")).unwrap();
    tree.scan(&["--threads", "8"]);
    assert_eq!(
        fs::read(tree.scratch.path().join("w/records/include_usage.jsonl")).unwrap(),
        once
    );
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
    let events = fs::read_to_string(tree.scratch.path().join("events")).unwrap();
    assert!(
        events.lines().any(|line| line.contains(r#""type":"warning""#)),
        "{events}"
    );
    tree.scan(&["--extension", ".foo"]);
    assert_eq!(tree.data("include_usage")[0]["files"], 1);
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
