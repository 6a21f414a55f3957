//! What a probe printed, as tags. One that prints without end is ended.

use crate::model::{CancelCause, Stream};
use crate::process::{Controller, LineFramer, OutputSink};

/// More output is no list of tags: Boost has 400 of them, in 30 KB.
const MOST_BYTES: usize = 4 << 20;

/// The lines that a probe prints, bounded, and the last words of its complaint.
#[derive(Debug)]
pub(super) struct ProbeOutput {
    probe: Controller,
    framer: LineFramer,
    lines: Vec<String>,
    bytes: usize,
    complaint: Vec<u8>,
}

/// How much of a complaint is of interest.
const COMPLAINT: usize = 2000;

impl ProbeOutput {
    pub(super) fn new(probe: Controller) -> Self {
        Self {
            probe,
            framer: LineFramer::new(),
            lines: Vec::new(),
            bytes: 0,
            complaint: Vec::new(),
        }
    }

    pub(super) fn stdout(&mut self, chunk: &[u8]) {
        self.bytes = self.bytes.saturating_add(chunk.len());
        if !self.is_too_long() {
            let lines = &mut self.lines;
            self.framer.push(chunk, &mut |line| {
                lines.push(String::from_utf8_lossy(line.text).into_owned());
            });
        }
    }

    pub(super) fn stderr(&mut self, chunk: &[u8]) {
        self.complaint.extend_from_slice(chunk);
        let excess = self.complaint.len().saturating_sub(COMPLAINT);
        self.complaint.drain(..excess);
    }

    pub(super) fn is_too_long(&self) -> bool {
        self.bytes > MOST_BYTES
    }

    /// The lines, the last one even without its newline.
    pub(super) fn finish(mut self) -> Vec<String> {
        let lines = &mut self.lines;
        self.framer
            .flush(&mut |line| lines.push(String::from_utf8_lossy(line.text).into_owned()));
        self.lines
    }

    /// Its first line that begins as errors do, else its last one; whoever prints it
    /// takes the harm out of it.
    pub(super) fn complaint(&self) -> Option<String> {
        let text = String::from_utf8_lossy(&self.complaint);
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let is_error = |line: &&str| line.starts_with("fatal:") || line.starts_with("error:");
        lines
            .clone()
            .find(is_error)
            .or(lines.next_back())
            .map(str::to_owned)
    }
}

impl OutputSink for ProbeOutput {
    async fn chunk(&mut self, stream: Stream, bytes: &[u8]) {
        match stream {
            Stream::Stdout => self.stdout(bytes),
            Stream::Stderr => self.stderr(bytes),
        }
        if self.is_too_long() {
            self.probe.kill(CancelCause::Terminate);
        }
    }

    async fn quiet(&mut self) {}
}

/// The tags in what `git ls-remote --tags --refs` prints: an object, a tab, a name.
/// What is no such line is none.
pub(super) fn tags(lines: &[String]) -> impl Iterator<Item = &str> {
    lines
        .iter()
        .filter_map(|line| line.split_once('\t')?.1.strip_prefix("refs/tags/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_complaints_are_bounded() {
        let mut answer = ProbeOutput::new(Controller::idle());
        answer.stdout(b"a\tref");
        answer.stdout(b"s/tags/boost-1.90.0\nb\trefs/heads/x\nwhat?\nc\trefs/tags/last");
        answer.stderr(b"hint: try again\nfatal: no such host\n\nPlease make sure.\n");
        assert_eq!(answer.complaint().as_deref(), Some("fatal: no such host"));
        let lines = answer.finish();
        assert_eq!(tags(&lines).collect::<Vec<_>>(), ["boost-1.90.0", "last"]);

        let mut plain = ProbeOutput::new(Controller::idle());
        plain.stderr(b"one\ntwo\n\n");
        assert_eq!(plain.complaint().as_deref(), Some("two"));
        let mut flood = ProbeOutput::new(Controller::idle());
        for _ in 0..100 {
            flood.stdout(&[b'x'; 64 << 10]);
            flood.stderr(&[b'y'; 64 << 10]);
        }
        assert!(flood.is_too_long());
        assert!(flood.complaint.len() <= COMPLAINT);
    }
}
