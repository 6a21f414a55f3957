//! `journal.jsonl`: every event of a run, one JSON object a line, written before
//! anything follows from it. What the database may have missed is here.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};

use crate::report::RunDir;
use crate::report::{Listener, RunEvent};

/// The firsthand listener that writes the journal. A full disk does not end the
/// run: the failure is said once, and the run goes on.
pub struct Journal {
    file: File,
    line: Vec<u8>,
    failed: bool,
}

impl Journal {
    /// Creates `journal.jsonl` and writes `plan.json` beside it.
    ///
    /// # Errors
    /// One of them cannot be written.
    pub fn create(dir: &RunDir, plan: &serde_json::Value) -> io::Result<Self> {
        let text = serde_json::to_vec_pretty(plan)?;
        std::fs::write(dir.path().join("plan.json"), text)?;
        let file = OpenOptions::new()
            .append(true)
            .create_new(true)
            .open(dir.path().join("journal.jsonl"))?;
        Ok(Self {
            file,
            line: Vec::with_capacity(512),
            failed: false,
        })
    }

    fn write(&mut self, event: &RunEvent) -> io::Result<()> {
        self.line.clear();
        serde_json::to_writer(&mut self.line, event)?;
        self.line.push(b'\n');
        // One write for the whole line: a crash leaves whole lines, or none.
        self.file.write_all(&self.line)
    }
}

impl Listener for Journal {
    fn event(&mut self, event: &RunEvent) {
        if let Err(error) = self.write(event)
            && !std::mem::replace(&mut self.failed, true)
        {
            tracing::error!("the run's journal cannot be written: {error}; the run goes on");
        }
    }
}
