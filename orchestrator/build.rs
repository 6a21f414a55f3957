//! Makes cargo build again when a migration changes, as they are embedded, and says of which
//! commit the build is, where git knows.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=../migrations");
    println!("cargo::rerun-if-changed=build.rs");
    // What is tried out while it is written does without: each commit would build all anew.
    let is_release = std::env::var_os("PROFILE").is_some_and(|profile| profile == "release");
    let commit = is_release.then(commit).flatten();
    println!(
        "cargo::rustc-env=ORCHESTRATE_COMMIT={}",
        commit.unwrap_or_default()
    );
}

/// ` (0123456789ab 2026-11-30)`; nothing for a source that is no clone of ours.
fn commit() -> Option<String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()?
        .canonicalize()
        .ok()?;
    let top = git(&["rev-parse", "--show-toplevel"])?;
    // Unpacked inside somebody else's repository it has no commit of its own.
    if Path::new(&top).canonicalize().ok()? != source {
        return None;
    }
    for file in ["HEAD", "logs/HEAD"] {
        let path = git(&["rev-parse", "--git-path", file])?;
        // One that is missing would count as changed each time.
        if Path::new(&path).exists() {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    let told = git(&["log", "-1", "--abbrev=12", "--format=%h %cs"])?;
    Some(format!(" ({told})"))
}

fn git(args: &[&str]) -> Option<String> {
    let output = Command::new("git").args(args).output().ok()?;
    let told = String::from_utf8(output.stdout).ok()?;
    let told = told.trim();
    (output.status.success() && !told.is_empty()).then(|| told.to_owned())
}
