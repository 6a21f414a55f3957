//! @NAME@: the files of a directory, one record each.
//!
//! A template that works: replace `collect` by what you want to know.
//!
//! ```text
//! @NAME@ [--path DIR] [--limit N]
//! ```
//!
//! Exit codes: 0 done, 64 wrong arguments, 69 something is not reachable, 75 try again
//! later, 1 anything else. What the exit code cannot say goes into a `failure` event.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const COLLECTION: &str = "@COLLECTION@";

/// Why this run cannot go on: a category that orchestrate knows, its exit code, words.
struct Failure(&'static str, u8, String);

fn main() -> ExitCode {
    match run() {
        Ok(count) => {
            println!("{count} records");
            ExitCode::SUCCESS
        }
        Err(Failure(category, code, message)) => {
            eprintln!("error: {message}");
            let event = format!(r#"{{"type":"failure","category":"{category}","message":{}}}"#, json(&message));
            // The exit code says the most of it, whatever becomes of the event.
            if let Err(error) = Events::open().and_then(|mut events| events.emit(&event)) {
                eprintln!("error: {error}");
            }
            ExitCode::from(code)
        }
    }
}

fn run() -> Result<usize, Failure> {
    let (path, limit) = arguments(std::env::args().skip(1))?;
    let cannot = |error: io::Error| Failure("failed", 1, format!("cannot write events: {error}"));
    let mut events = Events::open().map_err(cannot)?;
    // What the last successful run left, or nothing the first time.
    let state = std::env::var("ORCHESTRATE_STATE").unwrap_or_default();
    println!("collecting {}, state {state:?}", path.display());
    let found = collect(&path, limit)?;
    for (number, (key, bytes)) in found.iter().enumerate() {
        let key = json(key);
        events
            .emit(&format!(
                r#"{{"type":"record","collection":"{COLLECTION}","key":{key},"data":{{"bytes":{bytes}}}}}"#
            ))
            .map_err(cannot)?;
        if number % 100 == 99 {
            let total = found.len();
            events
                .emit(&format!(r#"{{"type":"progress","current":{},"total":{total}}}"#, number + 1))
                .map_err(cannot)?;
        }
    }
    events
        .emit(&format!(r#"{{"type":"state","data":{{"files":{}}}}}"#, found.len()))
        .map_err(cannot)?;
    Ok(found.len())
}

fn arguments(mut given: impl Iterator<Item = String>) -> Result<(PathBuf, usize), Failure> {
    let usage = |message: String| Failure("usage", 64, message);
    let (mut path, mut limit) = (PathBuf::from("."), 1000);
    while let Some(name) = given.next() {
        let value = given.next().ok_or_else(|| usage(format!("{name} needs a value")))?;
        match name.as_str() {
            "--path" => path = value.into(),
            "--limit" => limit = value.parse().map_err(|error| usage(format!("--limit: {error}")))?,
            _ => return Err(usage(format!("unknown argument {name}"))),
        }
    }
    Ok((path, limit))
}

/// Name and size of each file.
fn collect(path: &Path, limit: usize) -> Result<Vec<(String, u64)>, Failure> {
    let read = || {
        let mut found = Vec::new();
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            found.push((entry.file_name().to_string_lossy().into_owned(), entry.metadata()?.len()));
        }
        found.sort();
        found.truncate(limit);
        Ok(found)
    };
    read().map_err(|error: io::Error| Failure("network", 69, format!("cannot read {}: {error}", path.display())))
}

/// Where events go. Run by hand, without orchestrate: standard output.
struct Events(Box<dyn Write>);

impl Events {
    fn open() -> io::Result<Self> {
        Ok(Self(match std::env::var_os("ORCHESTRATE_EVENTS") {
            Some(path) => Box::new(OpenOptions::new().append(true).open(path)?),
            None => Box::new(io::stdout()),
        }))
    }

    /// One write for one line: whoever reads meanwhile sees whole lines.
    fn emit(&mut self, event: &str) -> io::Result<()> {
        self.0.write_all(format!("{event}\n").as_bytes())
    }
}

/// A text as JSON.
fn json(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        assert_eq!(json("a\"\\\n"), r#""a\"\\\u000a""#);
    }

    #[test]
    fn arguments_are_read_or_refused() {
        let parse = |args: &[&str]| arguments(args.iter().map(|&arg| arg.to_owned()));
        assert!(matches!(parse(&["--limit", "3"]), Ok((_, 3))));
        for wrong in [&["--limit"][..], &["--limit", "many"], &["--other", "x"]] {
            assert!(matches!(parse(wrong), Err(Failure("usage", 64, _))));
        }
    }

    #[test]
    fn what_is_not_there_is_a_failure_with_a_category() {
        assert!(matches!(collect(Path::new("/nonexistent"), 1), Err(Failure("network", 69, _))));
    }
}
