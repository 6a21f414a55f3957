//! The lines of a page of a log, as they are shown.

use crate::model::Stream;
use crate::queries::logs::window::PlacedRecord;
use crate::web::views::log::ansi::{Piece, mark, pieces};
use crate::web::views::numbers::bytes;

/// As much of a line is shown; the whole of it is in the download.
const LONGEST: usize = 4 << 10;

/// A line.
#[derive(Debug)]
pub(crate) struct ShownLine {
    /// Of the record with which it begins.
    pub(crate) offset: u64,
    /// `03:36:09`.
    pub(crate) clock: String,
    pub(crate) at: String,
    pub(crate) is_error: bool,
    pub(crate) pieces: Vec<Piece>,
    /// Whether it has what was looked for.
    pub(crate) hit: bool,
    /// How much of it is not shown.
    pub(crate) cut: Option<String>,
}

/// The lines; records that are pieces of one line are joined.
pub(crate) fn lines(records: &[PlacedRecord], word: Option<&regex::Regex>) -> Vec<ShownLine> {
    let mut joined: Vec<(&PlacedRecord, Vec<u8>, bool)> = Vec::new();
    for record in records {
        match joined.last_mut() {
            Some((first, text, open)) if *open && first.stream == record.stream => {
                text.extend_from_slice(&record.bytes);
                *open = !record.whole;
            }
            _ => joined.push((record, record.bytes.clone(), !record.whole)),
        }
    }
    joined
        .into_iter()
        .map(|(first, text, _)| line(first, &text, word))
        .collect()
}

fn line(first: &PlacedRecord, text: &[u8], word: Option<&regex::Regex>) -> ShownLine {
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    let shown = text.get(..LONGEST).unwrap_or(text);
    let mut parts = pieces(shown);
    if let Some(word) = word {
        parts = mark(parts, word);
    }
    ShownLine {
        offset: first.offset,
        clock: first.at.get(11..19).unwrap_or_default().to_owned(),
        at: first.at.clone(),
        is_error: first.stream == Stream::Stderr,
        hit: parts.iter().any(|piece| piece.hit),
        pieces: parts,
        cut: (shown.len() < text.len()).then(|| bytes((text.len() - shown.len()) as u64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(offset: u64, stream: Stream, whole: bool, text: &str) -> PlacedRecord {
        PlacedRecord {
            offset,
            at: "2026-11-30T03:36:09.123456789Z".to_owned(),
            stream,
            whole,
            bytes: text.as_bytes().to_vec(),
        }
    }

    #[test]
    fn pieces_of_a_line_are_one_and_a_long_one_is_cut() {
        let long = "y".repeat(LONGEST + 7);
        let shown = lines(
            &[
                record(0, Stream::Stdout, false, "one "),
                record(50, Stream::Stdout, true, "line\r"),
                record(99, Stream::Stderr, true, &long),
                record(5000, Stream::Stdout, false, "not"),
                record(5050, Stream::Stderr, true, "this"),
            ],
            None,
        );
        let texts: Vec<&str> = shown.iter().map(|line| line.pieces[0].text.as_str()).collect();
        assert_eq!((texts[0], texts[2], texts[3]), ("one line", "not", "this"));
        assert_eq!(shown[1].cut.as_deref(), Some("7 B"));
        assert!(shown[1].is_error && !shown[0].is_error);
        assert_eq!((shown[0].offset, shown[0].clock.as_str()), (0, "03:36:09"));
    }
}
