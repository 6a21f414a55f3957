//! The last lines that a collector wrote, for the summary of a failure.

use crate::text::push_line;

/// How many lines a summary shows.
const LINES: usize = 20;

/// How many bytes of output are kept for them.
pub(crate) const BYTES: usize = 8 << 10;

/// The end of the output, both streams as they came.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    bytes: Vec<u8>,
    /// Whether the first kept line is cut.
    cut: bool,
}

impl Tail {
    /// More whole lines.
    pub(crate) fn push(&mut self, lines: &[u8]) {
        let new = &lines[lines.len().saturating_sub(BYTES)..];
        self.cut |= new.len() < lines.len();
        self.bytes.extend_from_slice(new);
        if self.bytes.len() > 2 * BYTES {
            self.bytes.drain(..self.bytes.len() - BYTES);
            self.cut = true;
        }
    }

    /// The last lines, oldest first, safe to show.
    pub(crate) fn lines(&self) -> Vec<String> {
        let bytes = self.bytes.strip_suffix(b"\n").unwrap_or(&self.bytes);
        if bytes.is_empty() {
            return Vec::new();
        }
        let lines: Vec<&[u8]> = bytes.split(|&byte| byte == b'\n').collect();
        let whole = usize::from(self.cut && lines.len() > 1);
        let first = lines.len().saturating_sub(LINES).max(whole);
        lines[first..]
            .iter()
            .map(|line| {
                let mut text = String::new();
                push_line(&mut text, line, false);
                text
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_kept_whole_and_bounded() {
        let mut tail = Tail::default();
        assert!(tail.lines().is_empty());
        for number in 0..100_000 {
            tail.push(format!("line {number}\n").as_bytes());
        }
        let lines = tail.lines();
        assert_eq!(
            (lines.len(), lines[0].as_str(), lines[19].as_str()),
            (20, "line 99980", "line 99999")
        );
        assert!(tail.bytes.len() <= 2 * BYTES);
    }

    #[test]
    fn a_progress_bar_is_what_it_was_at_its_end() {
        let mut tail = Tail::default();
        tail.push(b"10%\r20%\r\x1b[31mlost the connection\x1b[0m\r\n");
        assert_eq!(tail.lines(), ["lost the connection"]);
    }

    #[test]
    fn one_endless_line_is_cut_not_lost() {
        let mut tail = Tail::default();
        tail.push(&vec![b'x'; 100_000]);
        assert_eq!(tail.lines(), ["x".repeat(BYTES)]);
    }
}
