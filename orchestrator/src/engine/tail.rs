//! The last lines that a collector wrote, for the summary of a failure.

use std::borrow::Cow;
use std::ops::Range;

use crate::model::Stream;
use crate::text::push_line;

/// How many lines a summary shows.
const LINES: usize = 20;

/// How many bytes of output are kept for them.
pub(crate) const BYTES: usize = 8 << 10;

/// The end of the output, both streams as they came: but what a collector held back until it
/// exited (stdio(3): a pipe is buffered) did not come after what it said of its failure.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    bytes: Vec<u8>,
    /// Where the last lines of stderr are in them.
    errors: Option<Range<usize>>,
    /// Whether the first kept line is cut.
    cut: bool,
}

impl Tail {
    /// More whole lines.
    pub(crate) fn push(&mut self, stream: Stream, lines: &[u8]) {
        let new = &lines[lines.len().saturating_sub(BYTES)..];
        self.cut |= new.len() < lines.len();
        let from = self.bytes.len();
        self.bytes.extend_from_slice(new);
        if stream == Stream::Stderr {
            let start = match &self.errors {
                Some(errors) if errors.end == from => errors.start,
                _ => from,
            };
            self.errors = Some(start..self.bytes.len());
        }
        if self.bytes.len() > 2 * BYTES {
            let gone = self.bytes.len() - BYTES;
            self.bytes.drain(..gone);
            self.cut = true;
            self.errors = self
                .errors
                .take()
                .and_then(|errors| (errors.start >= gone).then(|| errors.start - gone..errors.end - gone));
        }
    }

    /// The bytes, with what stderr said last behind what stdout said last, unless that tells of
    /// an error itself.
    fn in_order(&self) -> Cow<'_, [u8]> {
        let Some(errors) = self.errors.clone().filter(|errors| errors.end < self.bytes.len()) else {
            return Cow::Borrowed(&self.bytes);
        };
        let (before, after) = (&self.bytes[..errors.start], &self.bytes[errors.end..]);
        if tells_of_an_error(after) {
            return Cow::Borrowed(&self.bytes);
        }
        Cow::Owned([before, after, &self.bytes[errors]].concat())
    }

    /// The last lines, oldest first, safe to show.
    pub(crate) fn lines(&self) -> Vec<String> {
        let bytes = self.in_order();
        let bytes = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
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

/// Whether the last line is one of those that name a failure.
fn tells_of_an_error(lines: &[u8]) -> bool {
    const WORDS: [&str; 9] = [
        "error",
        "exception",
        "fail",
        "fatal",
        "denied",
        "refused",
        "cannot",
        "unable",
        "timed out",
    ];
    let mut lines = lines.rsplit(|&byte| byte == b'\n');
    let last = lines
        .find(|line| !line.trim_ascii().is_empty())
        .unwrap_or_default();
    let last = String::from_utf8_lossy(last).to_lowercase();
    WORDS.iter().any(|word| last.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_held_back_until_the_exit_is_not_the_last_word() {
        let told = |pushed: &[(Stream, &str)]| {
            let mut tail = Tail::default();
            for (stream, lines) in pushed {
                tail.push(*stream, lines.as_bytes());
            }
            tail.lines()
        };
        let (out, err) = (Stream::Stdout, Stream::Stderr);
        // A Perl or C program: its stdout comes with its exit.
        assert_eq!(
            told(&[
                (err, "no such disk\n"),
                (err, "giving up\n"),
                (out, "run 2 of me\n")
            ]),
            ["run 2 of me", "no such disk", "giving up"]
        );
        let as_they_came = [
            (out, "begin\n"),
            (err, "a warning\n"),
            (out, "ERROR: connection refused\n"),
        ];
        assert_eq!(
            told(&as_they_came),
            ["begin", "a warning", "ERROR: connection refused"]
        );
        assert_eq!(told(&[(err, "a\n"), (out, "b\n"), (err, "c\n")]), ["a", "b", "c"]);
    }

    #[test]
    fn the_last_lines_are_kept_whole_and_bounded() {
        let mut tail = Tail::default();
        assert!(tail.lines().is_empty());
        for number in 0..100_000 {
            tail.push(Stream::Stdout, format!("line {number}\n").as_bytes());
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
        tail.push(
            Stream::Stderr,
            b"10%\r20%\r\x1b[31mlost the connection\x1b[0m\r\n",
        );
        assert_eq!(tail.lines(), ["lost the connection"]);
    }

    #[test]
    fn one_endless_line_is_cut_not_lost() {
        let mut tail = Tail::default();
        tail.push(Stream::Stdout, &vec![b'x'; 100_000]);
        assert_eq!(tail.lines(), ["x".repeat(BYTES)]);
    }
}
