//! `run --format json`: every event, and every line of output, as JSON Lines.

use std::io::{self, Write};
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use serde::Serialize;

use crate::events::Output;
use crate::events::bus::Listener;
use crate::events::event::{RunEvent, TaskRef};
use crate::events::progress::TaskProgress;
use crate::model::Stream;

/// Writes JSON Lines. A writer that fails (`| head -1`, a full disk) is written to no more; the
/// run goes on, and says at its end that they are not whole.
pub struct JsonLines<W> {
    writer: Option<W>,
    unwritten: Unwritten,
    buffer: Vec<u8>,
}

/// A line of output as the contract shows it; what is no UTF-8 becomes U+FFFD.
#[derive(Serialize)]
struct OutputLine<'a> {
    event: &'static str,
    #[serde(flatten)]
    task: &'a TaskRef,
    stream: Stream,
    at: Timestamp,
    line: std::borrow::Cow<'a, str>,
}

#[derive(Serialize)]
struct ProgressLine<'a> {
    event: &'static str,
    #[serde(flatten)]
    progress: &'a TaskProgress,
}

/// Why not all of it was written; nothing as long as it was. Cheap to clone.
#[derive(Clone, Default)]
pub struct Unwritten(Arc<OnceLock<io::Error>>);

impl Unwritten {
    /// The first error, in the system's words.
    pub fn reason(&self) -> Option<String> {
        self.0.get().map(ToString::to_string)
    }
}

impl<W: Write> JsonLines<W> {
    /// Writes to `writer`, in pieces of whole lines, until that fails, which `unwritten` knows.
    pub fn new(writer: W, unwritten: Unwritten) -> Self {
        Self {
            writer: Some(writer),
            unwritten,
            buffer: Vec::new(),
        }
    }

    fn push(&mut self, value: &impl Serialize) {
        // Only a map with keys that are no strings could fail here; there is none.
        if serde_json::to_writer(&mut self.buffer, value).is_ok() {
            self.buffer.push(b'\n');
        }
        if self.buffer.len() > 64 << 10 {
            self.write();
        }
    }

    fn write(&mut self) {
        if let Some(writer) = &mut self.writer
            && let Err(error) = writer.write_all(&self.buffer).and_then(|()| writer.flush())
        {
            // A reader that has gone away has seen what it wanted. Of other errors only the
            // first one counts, and after it there is no other.
            if error.kind() != io::ErrorKind::BrokenPipe {
                let _ = self.unwritten.0.set(error);
            }
            self.writer = None;
        }
        self.buffer.clear();
    }
}

impl<W: Write + Send> Listener for JsonLines<W> {
    fn event(&mut self, event: &RunEvent) {
        self.push(event);
    }

    fn output(&mut self, output: &Output) {
        for line in output.lines() {
            self.push(&OutputLine {
                event: "output",
                task: &output.task,
                stream: output.stream,
                at: output.at,
                line: String::from_utf8_lossy(line),
            });
        }
    }

    fn progress(&mut self, progress: &TaskProgress) {
        self.push(&ProgressLine {
            event: "progress",
            progress,
        });
    }

    fn settle(&mut self) {
        self.write();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::summary::tests::summary;

    #[test]
    fn the_last_line_is_the_summary_and_output_is_valid_json_whatever_it_was() {
        let mut written = Vec::new();
        let mut json = JsonLines::new(&mut written, Unwritten::default());
        json.output(&Output {
            task: Arc::new(TaskRef {
                position: 1,
                group: "g".into(),
                name: "c".into(),
                command: "c".into(),
            }),
            stream: Stream::Stderr,
            at: Timestamp::UNIX_EPOCH,
            lines: b"\xff\x00\"\nsecond\n".to_vec(),
        });
        json.event(&RunEvent::RunFinished(Box::new(summary())));
        json.settle();
        let text = String::from_utf8(written).unwrap();
        let lines: Vec<serde_json::Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines[0]["event"], "output");
        assert_eq!(lines[0]["line"], "\u{fffd}\u{0}\"");
        assert_eq!(
            (&lines[1]["line"], &lines[1]["stream"]),
            (&"second".into(), &"stderr".into())
        );
        assert_eq!(
            (&lines[2]["event"], &lines[2]["exit_code"]),
            (&"run_finished".into(), &1.into())
        );
        assert_eq!(lines[2]["tasks"][1]["exit_code"], 3);
    }
}
