//! What this and other collectors delivered before, read back through
//! `$ORCHESTRATE records export`. By hand there may be no orchestrator: then
//! nothing is recorded, and it is for the caller to say what that means.

use std::cell::OnceCell;
use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader, Read};
use std::process::{ChildStdout, Command, Stdio};

use anyhow::Context;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::failure::{Category, Failure};
use crate::stop::Stop;

/// Longest line understood, in bytes; the orchestrator takes no record as large.
const LINE: u64 = 64 << 20;

/// The way to the records.
#[derive(Debug, Clone)]
pub struct Recorded {
    program: Option<OsString>,
    stop: Stop,
    collections: OnceCell<HashSet<String>>,
}

/// One entry of the list of collections, as far as it matters here.
#[derive(Debug, Deserialize)]
struct Listed {
    collection: String,
}

/// One line of the export, as far as it matters here.
#[derive(Debug, Deserialize)]
struct Line {
    key: String,
    data: Map<String, Value>,
}

impl Recorded {
    /// By the program that `ORCHESTRATE` names, if any.
    pub fn from_environment(stop: &Stop) -> Self {
        Self {
            program: std::env::var_os("ORCHESTRATE").filter(|program| !program.is_empty()),
            stop: stop.clone(),
            collections: OnceCell::new(),
        }
    }

    /// Whether there is an orchestrator to ask.
    pub fn is_available(&self) -> bool {
        self.program.is_some()
    }

    /// Gives key and data of each record of a collection to `each`, by key; none
    /// of an unknown collection, and none that is gone. Errors: the orchestrator
    /// cannot be run, fails, or gives something that is no record (75).
    pub fn read(
        &self,
        collection: &str,
        mut each: impl FnMut(String, Map<String, Value>),
    ) -> anyhow::Result<()> {
        let Some(program) = &self.program else {
            return Ok(());
        };
        // A collection exists from its first record on; asking for another is an error.
        if !self.collections(program)?.contains(collection) {
            return Ok(());
        }
        let export = ["records", "export", collection, "--format", "jsonl"];
        self.ask(program, &export, |out| lines(out, &mut each))
    }

    /// The names of all collections; asked once, for nobody else delivers
    /// meanwhile what a collector reads.
    fn collections(&self, program: &OsStr) -> anyhow::Result<&HashSet<String>> {
        if let Some(known) = self.collections.get() {
            return Ok(known);
        }
        let mut listed: Vec<Listed> = Vec::new();
        self.ask(program, &["records", "list", "--format", "json"], |out| {
            listed = serde_json::from_reader(out)?;
            Ok(())
        })?;
        let names = listed.into_iter().map(|listed| listed.collection).collect();
        Ok(self.collections.get_or_init(|| names))
    }

    fn ask(
        &self,
        program: &OsStr,
        arguments: &[&str],
        read: impl FnOnce(BufReader<ChildStdout>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let mut command = Command::new(program);
        // Its complaints are the reader's: they go where ours go.
        command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let (out, _) = self
            .stop
            .spawn(&mut command)
            .with_context(|| format!("cannot run {}", program.display()))?;
        let understood = out.map_or(Ok(()), |out| read(BufReader::new(out)));
        let status = self.stop.wait()?;
        self.stop.check()?;
        let failed = |what: String| {
            let asked = arguments.join(" ");
            Failure::new(Category::Temporary, format!("`orchestrate {asked}` {what}"))
                .hint("`orchestrate check` tells whether the database can be reached")
        };
        if !status.success() {
            return Err(failed(format!("failed: {status}")).into());
        }
        Ok(understood.map_err(|error| failed(format!("gave what cannot be understood: {error:#}")))?)
    }
}

fn lines(mut out: impl BufRead, each: &mut impl FnMut(String, Map<String, Value>)) -> anyhow::Result<()> {
    let mut text = Vec::new();
    loop {
        text.clear();
        out.by_ref().take(LINE).read_until(b'\n', &mut text)?;
        if text.is_empty() {
            return Ok(());
        }
        let line: Line = serde_json::from_slice(&text)?;
        if line.data.get("gone") != Some(&Value::Bool(true)) {
            each(line.key, line.data);
        }
    }
}
