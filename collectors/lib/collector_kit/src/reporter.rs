//! What a collector says while it works: short lines for people, and the same as
//! JSON lines in the file that `ORCHESTRATE_EVENTS` names. By hand there is no
//! such file: then records go to stdout and words to stderr, so that either can
//! be piped away. Saying something never fails a collector; records, which
//! [`crate::Delivery`] hands over here, do.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::{Value, json};

use crate::failure::Category;
use crate::text::printable;

/// Longest line said, in characters.
const LINE: usize = 500;
/// Progress is said at most this often.
const PROGRESS_EVERY: Duration = Duration::from_secs(1);

/// The collector's voice; threads may share it.
#[derive(Debug)]
pub struct Reporter {
    // `None` by hand.
    events: Option<Mutex<File>>,
    last_progress: Mutex<Option<Instant>>,
}

impl Reporter {
    /// Speaks to the file that `ORCHESTRATE_EVENTS` names, if any. Errors: it
    /// cannot be opened; going on would lose the records.
    pub fn from_environment() -> anyhow::Result<Self> {
        let path = std::env::var_os("ORCHESTRATE_EVENTS").filter(|path| !path.is_empty());
        let open = |path| {
            let opened = OpenOptions::new().create(true).append(true).open(&path);
            opened.with_context(|| {
                let path = std::path::Path::new(&path);
                format!("cannot open the events file {}", path.display())
            })
        };
        Ok(Self {
            events: path.map(open).transpose()?.map(Mutex::new),
            last_progress: Mutex::new(None),
        })
    }

    /// One line for people.
    pub fn line(&self, text: &str) {
        let text = printable(text, LINE);
        let _ = match self.events {
            Some(_) => writeln!(io::stdout(), "{text}"),
            None => writeln!(io::stderr(), "{text}"),
        };
    }

    /// Something worth keeping beside the records, that is no fault.
    pub fn note(&self, text: &str) {
        self.line(text);
        self.event(&json!({"type": "note", "message": printable(text, LINE)}));
    }

    /// Something that the reader should know although the work goes on.
    pub fn warning(&self, text: &str) {
        let text = printable(text, LINE);
        let _ = writeln!(io::stderr(), "warning: {text}");
        self.event(&json!({"type": "warning", "message": text}));
    }

    /// A collection that was read by SQL; what `records` read is noted without this.
    pub fn read(&self, collection: &str) {
        self.event(&json!({"type": "read", "collection": collection}));
    }

    /// All there is of a collection is brought: what is not is gone.
    pub fn complete(&self, collection: &str) {
        self.event(&json!({"type": "complete", "collection": collection}));
    }

    /// How far the work is; dropped when the last progress was said within a
    /// second, so that a fast loop may call it freely.
    pub fn progress(&self, current: u64, total: Option<u64>, text: &str) {
        let now = Instant::now();
        let mut last = locked(&self.last_progress);
        if last.is_some_and(|last| now.duration_since(last) < PROGRESS_EVERY) {
            return;
        }
        // The first call only starts the clock: short work needs no progress.
        if last.replace(now).is_none() {
            return;
        }
        self.line(text);
        let mut event = json!({"type": "progress", "current": current, "message": printable(text, LINE)});
        if let Some(total) = total {
            event["total"] = total.into();
        }
        self.event(&event);
    }

    /// Why the collector ends as it does; to be said last.
    pub(crate) fn failure(&self, category: Category, retry_after: Option<Duration>, text: &str) {
        let mut event =
            json!({"type": "failure", "category": category.as_str(), "message": printable(text, LINE)});
        if let Some(wait) = retry_after {
            event["retry_after"] = format!("{}s", wait.as_secs()).into();
        }
        self.event(&event);
    }

    /// Hands over whole lines. Errors: they cannot be written.
    pub(crate) fn deliver(&self, lines: &[u8]) -> io::Result<()> {
        match &self.events {
            Some(file) => locked(file).write_all(lines),
            None => io::stdout().lock().write_all(lines),
        }
    }

    /// An event that is more for the orchestrator than for the reader.
    fn event(&self, event: &Value) {
        let Some(file) = &self.events else { return };
        // One write per line: with O_APPEND no other writer can come between.
        if let Err(error) = locked(file).write_all(format!("{event}\n").as_bytes()) {
            let _ = writeln!(io::stderr(), "warning: cannot write to the events file: {error}");
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
