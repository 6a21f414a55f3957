//! The text of a file and the three ways to point into it: byte offset, the
//! parser's line and column, and the excerpt for people.
//!
//! Used by everything in `config` that has to say where something stands.

use std::ops::Range;

use crate::config::problems::diagnostic::Excerpt;
use crate::config::problems::secret_spans::{begins_secret, secret_spans, starred};
use crate::config::problems::suggest::one_line;

/// Characters of a line shown before and after the place of a problem.
const BEFORE: usize = 60;
const AFTER: usize = 100;

/// Lines above a place among which the key is looked for that it belongs to.
const LOOKED_ABOVE: usize = 100;

/// A file's text, without byte order mark.
#[derive(Debug)]
pub(crate) struct Source<'t> {
    pub(crate) name: &'t str,
    pub(crate) text: &'t str,
    /// The byte offset of each character, and of the end.
    chars: Vec<usize>,
    /// The number of the first character of each line.
    lines: Vec<usize>,
}

impl<'t> Source<'t> {
    pub(crate) fn new(name: &'t str, text: &'t str) -> Self {
        let mut chars = Vec::with_capacity(text.len() + 1);
        let mut lines = vec![0];
        for (offset, character) in text.char_indices() {
            chars.push(offset);
            if breaks_line(character) && !text[offset..].starts_with("\r\n") {
                lines.push(chars.len());
            }
        }
        chars.push(text.len());
        Self {
            name,
            text,
            chars,
            lines,
        }
    }

    /// Line and column, from 1, of the character at this byte.
    pub(crate) fn position(&self, offset: usize) -> (usize, usize) {
        let number = self
            .chars
            .partition_point(|&start| start <= offset)
            .saturating_sub(1);
        let line = self.lines.partition_point(|&first| first <= number).max(1);
        (line, number - self.lines[line - 1] + 1)
    }

    /// The byte at a line and column, from 1, as the parser counts them. A
    /// place outside the text becomes the nearest one inside.
    pub(crate) fn offset(&self, line: usize, column: usize) -> usize {
        let line = line.clamp(1, self.lines.len());
        let number = self.lines[line - 1].saturating_add(column.saturating_sub(1));
        self.chars.get(number).copied().unwrap_or(self.text.len())
    }

    /// The rest of the text from this byte on.
    pub(crate) fn rest(&self, offset: usize) -> &'t str {
        self.text.get(offset..).unwrap_or_default()
    }

    /// The bytes of the word, quoted text or bracket that begins here; never
    /// beyond the line.
    pub(crate) fn token(&self, offset: usize) -> Range<usize> {
        let line = self.rest(offset).split(breaks_line).next().unwrap_or_default();
        let mut chars = line.char_indices().peekable();
        let length = match chars.next() {
            Some((_, quote @ ('"' | '\''))) => {
                let mut escaped = false;
                chars
                    .find(|&(_, c)| {
                        let closes = c == quote && !escaped;
                        escaped = c == '\\' && quote == '"' && !escaped;
                        closes
                    })
                    .map_or(line.len(), |(at, _)| at + 1)
            }
            Some((_, '[' | '{')) => 1,
            Some(_) => {
                let ends = |rest: &str| {
                    rest.starts_with(": ")
                        || rest.starts_with(" #")
                        || rest == ":"
                        || rest.starts_with([',', ']', '}'])
                };
                line.char_indices()
                    .find(|&(at, _)| ends(&line[at..]))
                    .map_or(line, |(at, _)| &line[..at])
                    .trim_end()
                    .len()
            }
            None => 0,
        };
        offset..offset + length
    }

    /// The line around a place, with the token there underlined. What may be a secret is not in
    /// it, but stars are, so that everything else stands where it stood.
    pub(crate) fn excerpt(&self, offset: usize) -> Excerpt {
        let (line, column) = self.position(offset);
        let first = self.lines[line - 1];
        let start = self.offset(line, column.saturating_sub(BEFORE));
        let window = self.rest(start).split(breaks_line).next().unwrap_or_default();
        let token = self.token(offset);
        let (spans, line_start) = (self.secret_spans(line), self.chars[first]);
        let shown = |text: &str, at: usize| one_line(&starred(text, at - line_start, &spans));
        let before = shown(window.get(..offset - start).unwrap_or(window), start);
        let after: String = window
            .get(offset - start..)
            .unwrap_or_default()
            .chars()
            .take(AFTER)
            .collect();
        let marked_text = after.get(..token.len()).unwrap_or(&after);
        let marked = shown(marked_text, offset);
        let rest = shown(&after[marked_text.len()..], offset + marked_text.len());
        let opening = if start > line_start { "…" } else { "" };
        let closing = if offset - start + after.len() < window.len() {
            "…"
        } else {
            ""
        };
        let begin = opening.len() + before.len();
        Excerpt {
            span: begin..begin + marked.len(),
            text: format!("{opening}{before}{marked}{rest}{closing}"),
        }
    }

    /// What of the line at a place may be a secret, as texts.
    pub(crate) fn secrets_at(&self, offset: usize) -> Vec<&'t str> {
        let (line, _) = self.position(offset);
        let text = self.line(line);
        let spans = self.secret_spans(line).into_iter();
        spans.filter_map(|span| text.get(span)).collect()
    }

    /// A line, from 1, without its end.
    fn line(&self, line: usize) -> &'t str {
        let start = self.chars[self.lines[line - 1]];
        self.rest(start).split(breaks_line).next().unwrap_or_default()
    }

    /// The bytes of a line that may be secret.
    fn secret_spans(&self, line: usize) -> Vec<Range<usize>> {
        let text = self.line(line);
        let indent = |text: &str| text.len() - text.trim_start().len();
        let above = (line.saturating_sub(LOOKED_ABOVE).max(1)..line)
            .rev()
            .map(|above| self.line(above))
            .find(|above| !above.trim().is_empty() && indent(above) < indent(text));
        if above.is_some_and(begins_secret) {
            return std::iter::once(indent(text)..text.len()).collect();
        }
        secret_spans(text)
    }
}

/// The line breaks of YAML 1.1, which the parser counts by.
fn breaks_line(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_and_positions_agree_after_non_ascii_text_and_crlf() {
        let source = Source::new("f", "ä: ö\r\nx: 💥y\n\nend");
        for (offset, expected) in [
            (0, (1, 1)),
            (4, (1, 4)),
            (8, (2, 1)),
            (11, (2, 4)),
            (15, (2, 5)),
            (18, (4, 1)),
        ] {
            assert_eq!(source.position(offset), expected);
            assert_eq!(source.offset(expected.0, expected.1), offset);
        }
        assert_eq!(source.offset(99, 99), source.text.len());
        assert_eq!(source.position(source.text.len()), (4, 4));
    }

    #[test]
    fn tokens_end_where_the_yaml_token_does() {
        let token = |text: &str| {
            let source = Source::new("f", text);
            text[source.token(0)].to_owned()
        };
        assert_eq!(token("on: monday"), "on");
        assert_eq!(token("some words # comment"), "some words");
        assert_eq!(token("\"a \\\" b\": 1"), "\"a \\\" b\"");
        assert_eq!(token("[a, b]"), "[");
        assert_eq!(token("-5, 6"), "-5");
        assert_eq!(token("04:10\nnext"), "04:10");
        assert_eq!(token(""), "");
    }

    #[test]
    fn excerpts_are_short_and_harmless() {
        let text = format!("{}\u{1b}[31m é: {}", "a".repeat(500), "b".repeat(500));
        let source = Source::new("f", &text);
        let excerpt = source.excerpt(500);
        assert!(excerpt.text.chars().count() < 200, "{excerpt:?}");
        assert!(excerpt.text.starts_with('…') && excerpt.text.ends_with('…'));
        assert!(!excerpt.text.contains('\u{1b}'));
        assert_eq!(&excerpt.text[excerpt.span], "\\u{1b}[31m é");
    }
}
