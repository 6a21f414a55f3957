//! What collectors write, on its way to the reporters: whole lines, tagged with
//! who wrote them. Untrusted bytes all the way; whoever shows them makes them safe.

use std::sync::Arc;

use jiff::Timestamp;

use super::event::TaskRef;
use crate::model::Stream;

/// Whole lines that one read of a stream brought.
#[derive(Debug, Clone)]
pub struct Output {
    /// Who wrote them.
    pub task: Arc<TaskRef>,
    /// Where.
    pub stream: Stream,
    /// When they were read.
    pub at: Timestamp,
    /// The lines as they came, each ended by `\n`; secrets are already masked.
    pub lines: Vec<u8>,
}

impl Output {
    /// The lines without their ends.
    pub fn lines(&self) -> impl Iterator<Item = &[u8]> {
        self.lines
            .strip_suffix(b"\n")
            .unwrap_or(&self.lines)
            .split(|&byte| byte == b'\n')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_split_into_its_lines() {
        let task = TaskRef {
            position: 1,
            group: "g".into(),
            name: "c".into(),
            command: "c".into(),
        };
        let output = Output {
            task: Arc::new(task),
            stream: Stream::Stdout,
            at: Timestamp::UNIX_EPOCH,
            lines: b"a\n\nb\n".to_vec(),
        };
        assert_eq!(output.lines().collect::<Vec<_>>(), [&b"a"[..], b"", b"b"]);
    }
}
