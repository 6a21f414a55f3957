//! Lines out of chunks. Pure: bytes in, lines out, bounded memory. `report` uses
//! one per stream. It must never look into a line, nor lose or invent a byte; only where it
//! has to cut a line itself it looks for the end of a character.

/// The longest line that is passed on in one piece, in bytes.
pub const LINE_LIMIT: usize = 64 << 10;

/// A line, or a piece of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// Its bytes without the line ending. A carriage return elsewhere is text.
    pub text: &'a [u8],
    /// What follows.
    pub end: LineEnd,
}

/// What ended a piece of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineEnd {
    /// `\n`: the line is complete.
    Newline,
    /// `\r\n`: the line is complete.
    CarriageReturnNewline,
    /// It is longer than [`LINE_LIMIT`]: another piece follows.
    Limit,
    /// [`LineFramer::pause`] or [`LineFramer::flush`]: perhaps another piece follows, perhaps
    /// that was all.
    Flush,
}

impl LineEnd {
    /// Whether the line goes on, or may go on.
    pub fn is_partial(self) -> bool {
        matches!(self, Self::Limit | Self::Flush)
    }

    /// The bytes that were taken off.
    pub fn as_bytes(self) -> &'static [u8] {
        match self {
            Self::Newline => b"\n",
            Self::CarriageReturnNewline => b"\r\n",
            Self::Limit | Self::Flush => b"",
        }
    }
}

/// Cuts one stream into lines.
#[derive(Debug, Clone, Default)]
pub struct LineFramer {
    /// The beginning of a line whose end has not come, at most `LINE_LIMIT` bytes.
    begun: Vec<u8>,
}

impl LineFramer {
    /// At the beginning of a line.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a chunk and gives the lines that it completes, and the pieces of those
    /// that are too long. Lines within the chunk are not copied.
    pub fn push(&mut self, chunk: &[u8], emit: &mut impl FnMut(Line<'_>)) {
        let mut rest = chunk;
        if !self.begun.is_empty() {
            let Some(newline) = memchr::memchr(b'\n', rest) else {
                self.begin(rest, emit);
                return;
            };
            self.begin(&rest[..newline], emit);
            complete(&self.begun, emit);
            self.begun.clear();
            rest = &rest[newline + 1..];
        }
        let mut start = 0;
        for newline in memchr::memchr_iter(b'\n', rest) {
            let mut line = &rest[start..newline];
            while line.len() > LINE_LIMIT {
                line = cut(line, emit);
            }
            complete(line, emit);
            start = newline + 1;
        }
        self.begin(&rest[start..], emit);
    }

    /// Gives what has come of an unfinished line, such as a prompt, up to its last whole
    /// character: the rest of that one is still on its way.
    pub fn pause(&mut self, emit: &mut impl FnMut(Line<'_>)) {
        let whole = whole_characters(&self.begun);
        if whole > 0 {
            emit(Line {
                text: &self.begun[..whole],
                end: LineEnd::Flush,
            });
            self.begun.drain(..whole);
        }
    }

    /// Gives what has come of an unfinished line at the end of the stream.
    pub fn flush(&mut self, emit: &mut impl FnMut(Line<'_>)) {
        if !self.begun.is_empty() {
            emit(Line {
                text: &self.begun,
                end: LineEnd::Flush,
            });
            self.begun.clear();
        }
    }

    /// Whether [`flush`](Self::flush) would give anything.
    pub fn is_mid_line(&self) -> bool {
        !self.begun.is_empty()
    }

    /// Appends to the unfinished line.
    fn begin(&mut self, mut bytes: &[u8], emit: &mut impl FnMut(Line<'_>)) {
        while self.begun.len() + bytes.len() > LINE_LIMIT {
            if self.begun.is_empty() {
                bytes = cut(bytes, emit);
            } else {
                let (fits, rest) = bytes.split_at(LINE_LIMIT - self.begun.len());
                self.begun.extend_from_slice(fits);
                let begun = cut(&self.begun, emit).len();
                self.begun.drain(..self.begun.len() - begun);
                bytes = rest;
            }
        }
        self.begun.extend_from_slice(bytes);
    }
}

fn cut<'a>(line: &'a [u8], emit: &mut impl FnMut(Line<'_>)) -> &'a [u8] {
    let (piece, rest) = line.split_at(whole_characters(&line[..LINE_LIMIT]));
    emit(Line {
        text: piece,
        end: LineEnd::Limit,
    });
    rest
}

/// How many bytes there are before a character that is cut off at the end (RFC 3629). What is
/// not UTF-8 has none.
fn whole_characters(text: &[u8]) -> usize {
    let is_first = |byte: &u8| byte & 0xc0 != 0x80;
    let Some(back) = text.iter().rev().take(4).position(is_first) else {
        return text.len();
    };
    let first = text.len() - 1 - back;
    let length = match text[first] {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => 1,
    };
    if back + 1 < length { first } else { text.len() }
}

fn complete(line: &[u8], emit: &mut impl FnMut(Line<'_>)) {
    match line.strip_suffix(b"\r") {
        Some(text) => emit(Line {
            text,
            end: LineEnd::CarriageReturnNewline,
        }),
        None => emit(Line {
            text: line,
            end: LineEnd::Newline,
        }),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Owned = Vec<(Vec<u8>, LineEnd)>;

    fn frame(chunks: &[&[u8]]) -> Owned {
        let mut framer = LineFramer::new();
        let mut lines = Owned::new();
        let mut emit = |line: Line<'_>| lines.push((line.text.to_vec(), line.end));
        for chunk in chunks {
            framer.push(chunk, &mut emit);
        }
        framer.flush(&mut emit);
        assert!(!framer.is_mid_line());
        lines
    }

    #[test]
    fn line_endings_are_taken_off_and_bare_returns_are_text() {
        let lines = frame(&[b"10%\r20%\r\n\n\r\nlast"]);
        let expected: Owned = vec![
            (b"10%\r20%".to_vec(), LineEnd::CarriageReturnNewline),
            (b"".to_vec(), LineEnd::Newline),
            (b"".to_vec(), LineEnd::CarriageReturnNewline),
            (b"last".to_vec(), LineEnd::Flush),
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn a_character_cut_by_a_chunk_is_whole_again() {
        let text = "grün\n".as_bytes();
        assert_eq!(
            frame(&[&text[..3], &text[3..]]),
            vec![("grün".into(), LineEnd::Newline)]
        );
    }

    #[test]
    fn a_pause_cuts_no_character() {
        for character in ["ü", "€", "🦀"] {
            for cut in 1..character.len() {
                let mut framer = LineFramer::new();
                let mut lines = Vec::new();
                let mut emit = |line: Line<'_>| lines.push(String::from_utf8(line.text.to_vec()).unwrap());
                framer.push(b"a", &mut emit);
                framer.push(&character.as_bytes()[..cut], &mut emit);
                framer.pause(&mut emit);
                // Nothing more has come.
                framer.pause(&mut emit);
                framer.push(&character.as_bytes()[cut..], &mut emit);
                framer.pause(&mut emit);
                assert_eq!(lines, ["a", character]);
            }
        }
    }

    #[test]
    fn a_pause_holds_back_nothing_that_can_be_no_character() {
        for text in [
            &b"a"[..],
            b"\xff",
            b"\xc3\xa4",
            b"\xc1",
            b"\x80\x80\x80\x80\x80",
            b"\xf0\x9f\xa6\x80",
        ] {
            assert_eq!(whole_characters(text), text.len(), "{text:?}");
        }
        let mut framer = LineFramer::new();
        let mut bytes = Vec::new();
        framer.push(b"\xf0\x9f", &mut |_| ());
        framer.flush(&mut |line| bytes.extend_from_slice(line.text));
        assert_eq!(bytes, b"\xf0\x9f");
    }

    #[test]
    fn a_line_that_is_too_long_is_cut_between_characters() {
        for before in 0..4 {
            let line = ["x".repeat(before), "🦀".repeat(LINE_LIMIT / 2)].concat();
            for pieces in [vec![line.as_bytes()], line.as_bytes().chunks(1000).collect()] {
                for (text, _) in frame(&pieces) {
                    assert!(std::str::from_utf8(&text).is_ok());
                }
            }
        }
    }

    #[test]
    fn exactly_the_limit_is_one_line() {
        let mut line = vec![b'x'; LINE_LIMIT];
        line.push(b'\n');
        assert_eq!(frame(&[&line]).len(), 1);
        line.insert(0, b'x');
        let lines = frame(&[&line]);
        assert_eq!(lines[0].1, LineEnd::Limit);
        assert_eq!(lines[1], (b"x".to_vec(), LineEnd::Newline));
    }

    #[test]
    fn a_flushed_prompt_is_not_repeated() {
        let mut framer = LineFramer::new();
        let mut lines = Vec::new();
        let mut emit = |line: Line<'_>| lines.push((line.text.to_vec(), line.end));
        framer.push(b"name? ", &mut emit);
        framer.flush(&mut emit);
        framer.push(b"Ada\n", &mut emit);
        assert_eq!(
            lines,
            [
                (b"name? ".to_vec(), LineEnd::Flush),
                (b"Ada".to_vec(), LineEnd::Newline)
            ]
        );
    }

    /// Text with many line endings and a few very long lines.
    fn streams() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            4 => prop::collection::vec(any::<u8>(), 0..40),
            4 => Just(b"\n".to_vec()),
            2 => Just(b"\r".to_vec()),
            1 => (LINE_LIMIT - 2..LINE_LIMIT + 3).prop_map(|length| vec![b'x'; length]),
        ];
        prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    fn cut_at(stream: &[u8], cuts: &[prop::sample::Index]) -> Vec<Vec<u8>> {
        let mut at: Vec<_> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
        at.extend([0, stream.len()]);
        at.sort_unstable();
        at.windows(2)
            .map(|pair| stream[pair[0]..pair[1]].to_vec())
            .collect()
    }

    proptest! {
        #[test]
        fn nothing_is_lost_or_invented_and_the_limit_holds(
            stream in streams(),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        ) {
            let chunks = cut_at(&stream, &cuts);
            let chunks: Vec<&[u8]> = chunks.iter().map(Vec::as_slice).collect();
            let lines = frame(&chunks);
            let joined: Vec<u8> = lines.iter().flat_map(|(text, end)| [text.as_slice(), end.as_bytes()].concat()).collect();
            prop_assert_eq!(&joined, &stream);
            for (text, end) in &lines {
                prop_assert!(text.len() <= LINE_LIMIT);
                prop_assert!(!text.contains(&b'\n'));
                prop_assert!(*end != LineEnd::Limit || text.len() > LINE_LIMIT - 4);
            }
            // Where the stream was cut makes no difference.
            prop_assert_eq!(lines, frame(&[&stream]));
        }
    }
}
