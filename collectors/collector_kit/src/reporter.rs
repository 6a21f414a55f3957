//! What a collector says while it works: short lines on stdout for people, and
//! the same as JSON lines in the events file where the orchestrator gave one.
//! Saying something never fails a collector: data matters more than words.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::text::printable;

/// Longest line said, in characters.
const LINE: usize = 500;
/// Progress is said at most this often.
const PROGRESS_EVERY: Duration = Duration::from_secs(1);

/// The collector's voice; threads may share it.
#[derive(Debug)]
pub struct Reporter {
    events: Mutex<Option<File>>,
    last_progress: Mutex<Option<Instant>>,
}

impl Reporter {
    /// Speaks to stdout, and to the file that `ORCHESTRATE_EVENTS` names, if any.
    pub fn from_environment() -> Self {
        let path = std::env::var_os("ORCHESTRATE_EVENTS").filter(|path| !path.is_empty());
        let events = path.and_then(|path| {
            let opened = OpenOptions::new().create(true).append(true).open(&path);
            opened
                .inspect_err(|error| {
                    let _ = writeln!(
                        std::io::stderr(),
                        "warning: cannot open the events file {}: {error}; going on without it",
                        printable(&path.to_string_lossy(), LINE)
                    );
                })
                .ok()
        });
        Self {
            events: Mutex::new(events),
            last_progress: Mutex::new(None),
        }
    }

    /// One line for people.
    pub fn line(&self, text: &str) {
        let _ = writeln!(std::io::stdout(), "{}", printable(text, LINE));
    }

    /// Something that the reader should know although the work goes on.
    pub fn warning(&self, text: &str) {
        let text = printable(text, LINE);
        let _ = writeln!(std::io::stderr(), "warning: {text}");
        self.event(&json!({"type": "warning", "message": text}));
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

    fn event(&self, event: &Value) {
        let mut events = locked(&self.events);
        let Some(file) = events.as_mut() else { return };
        // One write per line: with O_APPEND no other writer can come between.
        if let Err(error) = file.write_all(format!("{event}\n").as_bytes()) {
            let _ = writeln!(
                std::io::stderr(),
                "warning: cannot write to the events file: {error}"
            );
            *events = None;
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
