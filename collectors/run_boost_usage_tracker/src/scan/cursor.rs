//! A position in source text that knows what may be skipped: comments, string
//! and character literals, raw strings, continued lines. Used by
//! [`super::directive`] for the lines that matter; the rest is skipped here, fast.

use std::sync::LazyLock;

use memchr::memmem::{self, Finder};
use memchr::{memchr, memchr3};

// Made once: most comments are shorter than what it takes to get ready for the search.
static COMMENT_END: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"*/"));

/// Longest delimiter of a raw string, in bytes ([lex.string]).
const RAW_DELIMITER: usize = 16;

/// Whether names are made of it.
pub(super) fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// The position.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
    // The next byte that may begin a comment or a literal, if that is not behind
    // us; remembered, because most lines have none.
    special: Option<usize>,
    // Where the last comment ended that had nothing but blanks before it in its line.
    blank_until: usize,
    // No directive that begins here or later is looked for.
    end: usize,
}

impl<'a> Cursor<'a> {
    /// At the beginning of `text`.
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self::until(text, text.len())
    }

    /// The same; [`Cursor::find_directive`] finds only what begins before `end`.
    pub(super) fn until(text: &'a [u8], end: usize) -> Self {
        Self {
            end,
            text,
            at: 0,
            special: None,
            blank_until: 0,
        }
    }

    /// Goes on, from the beginning of a line, to the first token of the next
    /// line that may hold a directive (`#`, `%:`) or an import; `false` at the end.
    pub(super) fn find_line_of_interest(&mut self) -> bool {
        loop {
            self.skip_blank();
            match self.peek() {
                None => return false,
                Some(b'\n') => self.at += 1,
                Some(b'#') => return true,
                Some(b'%') if self.ahead(b"%:") => return true,
                Some(b'i') if self.ahead(b"import") => return true,
                Some(b'e') if self.ahead(b"export") => return true,
                Some(_) => self.finish_line(),
            }
        }
    }

    /// Goes on to the next `#` that begins a line, as far as comments and literals
    /// allow; `false` at the end. What is in between is never looked at line by
    /// line, which makes it fast.
    pub(super) fn find_directive(&mut self) -> bool {
        loop {
            let rest = self.text.get(self.at..self.end);
            let Some(step) = rest.and_then(|rest| memchr(b'#', rest)) else {
                self.at = self.text.len();
                return false;
            };
            let hash = self.at + step;
            while self.next_special() < hash {
                self.at = self.next_special();
                let blank = self.ahead(b"/*") && self.begins_line(self.at);
                self.skip_special();
                if blank {
                    self.blank_until = self.at;
                }
            }
            if self.at <= hash {
                self.at = hash;
                if self.begins_line(hash) {
                    return true;
                }
                self.at += 1;
            }
        }
    }

    /// Whether only blanks and comments are before this place in its logical line.
    fn begins_line(&self, mut place: usize) -> bool {
        while place > self.blank_until {
            match self.text[place - 1] {
                b' ' | b'\t' | b'\r' | b'\x0b' | b'\x0c' => place -= 1,
                b'\n' => {
                    let before = &self.text[..place - 1];
                    match before.strip_suffix(b"\r").unwrap_or(before).strip_suffix(b"\\") {
                        Some(joined) => place = joined.len(),
                        None => return true,
                    }
                }
                _ => return false,
            }
        }
        place == self.blank_until
    }

    /// Goes on to the beginning of the next logical line.
    pub(super) fn finish_line(&mut self) {
        while self.at < self.text.len() {
            let special = self.next_special();
            let line = &self.text[self.at..special];
            let Some(step) = memchr(b'\n', line) else {
                self.at = special;
                self.skip_special();
                continue;
            };
            self.at += step;
            let continued = self.is_continued();
            self.at += 1;
            if !continued {
                return;
            }
        }
    }

    /// Where the next byte is that may begin a comment or a literal; the end if there is none.
    fn next_special(&mut self) -> usize {
        match self.special {
            Some(special) if special >= self.at => special,
            _ => {
                let found = memchr3(b'/', b'"', b'\'', &self.text[self.at..]);
                let special = found.map_or(self.text.len(), |step| self.at + step);
                self.special = Some(special);
                special
            }
        }
    }

    /// Past the comment or literal that begins here, or past this byte.
    fn skip_special(&mut self) {
        match self.text.get(self.at) {
            Some(b'"') => self.skip_string(),
            Some(b'\'') => self.skip_character(),
            Some(b'/') if self.skip_comment() => {}
            _ => self.at += 1,
        }
    }

    /// The byte here, continued lines joined.
    pub(super) fn peek(&mut self) -> Option<u8> {
        while self.text.get(self.at) == Some(&b'\\') {
            match self.text[self.at + 1..] {
                [b'\n', ..] => self.at += 2,
                [b'\r', b'\n', ..] => self.at += 3,
                _ => break,
            }
        }
        self.text.get(self.at).copied()
    }

    /// The byte here, and past it.
    pub(super) fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    /// The letters, digits and underscores here, and past them; a continued line ends them.
    pub(super) fn word(&mut self) -> &'a [u8] {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let length = rest
            .iter()
            .position(|byte| !is_of_name(*byte))
            .unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    /// What stands here before `close`, and past both; `None`, and nowhere, where
    /// the line ends before it or may be continued.
    pub(super) fn enclosed(&mut self, close: u8) -> Option<&'a [u8]> {
        let rest = self.text.get(self.at..)?;
        let length = memchr3(close, b'\n', b'\\', rest)?;
        (rest[length] == close).then(|| {
            self.at += length + 1;
            &rest[..length]
        })
    }

    /// Whether `bytes` stand here as they are.
    pub(super) fn ahead(&self, bytes: &[u8]) -> bool {
        self.text[self.at.min(self.text.len())..].starts_with(bytes)
    }

    /// Past spaces and comments, but not past the end of the line.
    pub(super) fn skip_blank(&mut self) {
        loop {
            while matches!(self.text.get(self.at), Some(b' ' | b'\t')) {
                self.at += 1;
            }
            let Some(byte) = self.peek() else { return };
            match byte {
                b' ' | b'\t' | b'\r' | b'\x0b' | b'\x0c' => self.at += 1,
                b'/' if self.skip_comment() => {}
                _ => return,
            }
        }
    }

    /// Past a comment that begins here, if one does. A `//` comment ends before
    /// its line break.
    pub(super) fn skip_comment(&mut self) -> bool {
        match self.text[self.at..] {
            [b'/', b'*', ..] => {
                let body = self.at + 2;
                let end = COMMENT_END.find(&self.text[body..]);
                self.at = end.map_or(self.text.len(), |end| body + end + 2);
                true
            }
            [b'/', b'/', ..] => loop {
                match memchr(b'\n', &self.text[self.at..]) {
                    None => self.at = self.text.len(),
                    Some(end) => {
                        self.at += end;
                        if self.is_continued() {
                            self.at += 1;
                            continue;
                        }
                    }
                }
                return true;
            },
            _ => false,
        }
    }

    /// Whether the line break here has a backslash before it.
    fn is_continued(&self) -> bool {
        let before = &self.text[..self.at];
        before.strip_suffix(b"\r").unwrap_or(before).ends_with(b"\\")
    }

    /// Past the string literal that begins here.
    pub(super) fn skip_string(&mut self) {
        if !(self.is_raw() && self.skip_raw_string()) {
            self.skip_literal(b'"');
        }
    }

    /// Past the character literal that begins here; a digit separator
    /// (`1'000`) is only itself.
    fn skip_character(&mut self) {
        if self.is_in_number() {
            self.at += 1;
        } else {
            self.skip_literal(b'\'');
        }
    }

    /// Past a literal whose opening quote is here. One that is not closed ends
    /// with its line, as in `#error don't`.
    fn skip_literal(&mut self, quote: u8) {
        self.at += 1;
        while let Some(step) = memchr3(quote, b'\\', b'\n', &self.text[self.at..]) {
            self.at += step;
            match self.text[self.at] {
                b'\\' => {
                    let escaped = if self.text[self.at + 1..].starts_with(b"\r\n") {
                        3
                    } else {
                        2
                    };
                    self.at = (self.at + escaped).min(self.text.len());
                }
                b'\n' => return,
                _ => {
                    self.at += 1;
                    return;
                }
            }
        }
        self.at = self.text.len();
    }

    /// Whether the quote here has the prefix of a raw string before it.
    fn is_raw(&self) -> bool {
        matches!(self.word_before(), b"R" | b"LR" | b"uR" | b"UR" | b"u8R")
    }

    fn skip_raw_string(&mut self) -> bool {
        let body = &self.text[self.at + 1..];
        let Some(open) = body.iter().take(RAW_DELIMITER + 1).position(|byte| *byte == b'(') else {
            return false;
        };
        let delimiter = &body[..open];
        if delimiter
            .iter()
            .any(|byte| byte.is_ascii_whitespace() || matches!(byte, b')' | b'\\' | b'"'))
        {
            return false;
        }
        let close = [b")", delimiter, b"\""].concat();
        let end = memmem::find(&body[open..], &close);
        self.at = end.map_or(self.text.len(), |end| self.at + 1 + open + end + close.len());
        true
    }

    /// Whether the quote here stands within a number.
    fn is_in_number(&self) -> bool {
        // Longer than any number that anybody separates.
        let start = self.at.saturating_sub(64);
        let number = self.text[start..self.at]
            .iter()
            .rev()
            .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'\''))
            .last();
        number.is_some_and(u8::is_ascii_digit)
            && self.text.get(self.at + 1).is_some_and(u8::is_ascii_alphanumeric)
    }

    /// The identifier that ends here, or its last five bytes.
    fn word_before(&self) -> &'a [u8] {
        let before = &self.text[self.at.saturating_sub(5)..self.at];
        let length = before
            .iter()
            .rev()
            .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_')
            .count();
        &before[before.len() - length..]
    }
}
