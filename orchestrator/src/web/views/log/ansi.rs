//! Colours of a terminal as classes: of escape sequences only those that set colours are followed
//! (SGR, ECMA-48 8.3.117), the others are left out. What they set ends with the line, so that no
//! line paints the next.

use anstyle_parse::{Params, Parser, Perform};

/// A piece of a line in one style.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Classes of our style sheet, empty for plain text.
    pub(crate) class: String,
    pub(crate) text: String,
    /// Whether it is what was looked for.
    pub(crate) hit: bool,
}

const COLOURS: [&str; 8] = [
    "a-black",
    "a-red",
    "a-green",
    "a-yellow",
    "a-blue",
    "a-magenta",
    "a-cyan",
    "a-white",
];

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Style {
    colour: Option<&'static str>,
    bold: bool,
    dim: bool,
}

impl Style {
    fn class(self) -> String {
        let parts = [
            self.colour,
            self.bold.then_some("a-bold"),
            self.dim.then_some("a-dim"),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}

#[derive(Default)]
struct Painter {
    pieces: Vec<Piece>,
    style: Style,
}

impl Painter {
    fn push(&mut self, letter: char) {
        let class = self.style.class();
        match self.pieces.last_mut() {
            Some(piece) if piece.class == class => piece.text.push(letter),
            _ => self.pieces.push(Piece {
                class,
                text: letter.into(),
                hit: false,
            }),
        }
    }

    fn set(&mut self, number: u16) {
        let colour = |from: u16| COLOURS.get(usize::from(number - from)).copied();
        match number {
            0 => self.style = Style::default(),
            1 => self.style.bold = true,
            2 => self.style.dim = true,
            22 => (self.style.bold, self.style.dim) = (false, false),
            30..=37 => self.style.colour = colour(30),
            39 => self.style.colour = None,
            90..=97 => self.style.colour = colour(90),
            _ => {}
        }
    }
}

impl Perform for Painter {
    fn print(&mut self, letter: char) {
        self.push(letter);
    }

    /// Control characters stay: the page shows them as escapes.
    fn execute(&mut self, byte: u8) {
        self.push(byte.into());
    }

    fn csi_dispatch(&mut self, params: &Params, intermediates: &[u8], ignore: bool, action: u8) {
        if action != b'm' || ignore || !intermediates.is_empty() {
            return;
        }
        let mut numbers = params.iter().flat_map(|part| part.iter().copied());
        while let Some(number) = numbers.next() {
            match number {
                // A colour of a palette or of three numbers: left out, with its numbers.
                38 | 48 | 58 => match numbers.next() {
                    Some(5) => {
                        numbers.next();
                    }
                    Some(2) => {
                        numbers.by_ref().take(3).for_each(drop);
                    }
                    _ => {}
                },
                number => self.set(number),
            }
        }
    }
}

/// A line as pieces. What is no UTF-8 becomes U+FFFD.
pub(crate) fn pieces(line: &[u8]) -> Vec<Piece> {
    if !line.contains(&0x1b) {
        return vec![Piece {
            class: String::new(),
            text: String::from_utf8_lossy(line).into_owned(),
            hit: false,
        }];
    }
    let text = String::from_utf8_lossy(line);
    let mut painter = Painter::default();
    let mut parser = Parser::<anstyle_parse::Utf8Parser>::new();
    for byte in text.bytes() {
        parser.advance(&mut painter, byte);
    }
    painter.pieces
}

/// The pieces with each hit of `word` a piece of its own; a hit over the border of two styles is
/// not marked.
pub(crate) fn mark(pieces: Vec<Piece>, word: &regex::Regex) -> Vec<Piece> {
    let mut marked = Vec::new();
    for piece in pieces {
        let mut end = 0;
        let part = |text: &str, hit| Piece {
            class: piece.class.clone(),
            text: text.to_owned(),
            hit,
        };
        for found in word.find_iter(&piece.text) {
            if found.start() > end {
                marked.push(part(&piece.text[end..found.start()], false));
            }
            marked.push(part(found.as_str(), true));
            end = found.end();
        }
        if end < piece.text.len() {
            marked.push(part(&piece.text[end..], false));
        }
    }
    marked
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &[u8]) -> Vec<(String, String)> {
        let pair = |piece: Piece| (piece.class, piece.text);
        pieces(line).into_iter().map(pair).collect()
    }

    fn pair(class: &str, text: &str) -> (String, String) {
        (class.to_owned(), text.to_owned())
    }

    #[test]
    fn colours_become_classes_and_other_sequences_nothing() {
        assert_eq!(shown(b"plain"), [pair("", "plain")]);
        assert_eq!(
            shown(b"\x1b[32mok\x1b[0m done"),
            [pair("a-green", "ok"), pair("", " done")]
        );
        assert_eq!(
            shown(b"\x1b[1;91mE\x1b[39mF"),
            [pair("a-red a-bold", "E"), pair("a-bold", "F")]
        );
        assert_eq!(
            shown(b"\x1b[38;5;1mx\x1b[48;2;1;2;3;31my"),
            [pair("", "x"), pair("a-red", "y")]
        );
        // A screen that is cleared, a link, a title, a cursor that moves.
        let moved = b"a\x1b[2J\x1b]8;;http://evil\x07b\x1b]0;title\x1b\\c\x1b[3Ad";
        let text: String = shown(moved).into_iter().map(|(_, text)| text).collect();
        assert_eq!(text, "abcd");
        // Cut in the middle of a sequence, and no UTF-8.
        assert_eq!(shown(b"x\x1b[3"), [pair("", "x")]);
        assert_eq!(shown(b"\xff\x1b[m\xfe"), [pair("", "\u{fffd}\u{fffd}")]);
    }

    #[test]
    fn hits_are_marked_within_a_style() {
        let word = regex::Regex::new("(?i)<b>").unwrap();
        let marked = mark(pieces(b"a<B>\x1b[31m<b>c"), &word);
        let marked: Vec<(&str, &str, bool)> = marked
            .iter()
            .map(|piece| (piece.class.as_str(), piece.text.as_str(), piece.hit))
            .collect();
        assert_eq!(
            marked,
            [
                ("", "a", false),
                ("", "<B>", true),
                ("a-red", "<b>", true),
                ("a-red", "c", false)
            ]
        );
    }
}
