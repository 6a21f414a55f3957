//! What this and other collectors delivered before, read back through
//! `$ORCHESTRATE records export`. By hand there may be no orchestrator: then
//! nothing is recorded, and it is for the caller to say what that means.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use anyhow::Context;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::failure::{Failure, Kind};
use crate::stop::Stop;

/// Longest line understood, in bytes; the orchestrator takes no record as large.
const LINE: u64 = 64 << 20;

/// The way to the records.
#[derive(Debug, Clone)]
pub struct Recorded {
    program: Option<OsString>,
    stop: Stop,
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
        let mut command = Command::new(program);
        // Its complaints are the reader's: they go where ours go.
        command
            .args(["records", "export", collection, "--format", "jsonl"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let (out, _) = self
            .stop
            .spawn(&mut command)
            .with_context(|| format!("cannot run {}", program.display()))?;
        let understood = out.map_or(Ok(()), |out| lines(BufReader::new(out), &mut each));
        let status = self.stop.wait()?;
        self.stop.check()?;
        let failed = |what: String| {
            Failure::new(
                Kind::Temporary,
                format!("`orchestrate records export {collection}` {what}"),
            )
            .hint("`orchestrate check` tells whether the database can be reached")
        };
        if !status.success() {
            return Err(failed(format!("failed: {status}")).into());
        }
        Ok(understood.map_err(|error| failed(format!("gave something that is no record: {error:#}")))?)
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
