//! What is looked for where a value is secret: the value, its lines, and what base64 makes of
//! it. Pure.
//!
//! A long form is cut into pieces, each of which is masked wherever it stands. So whoever reads
//! never has to look further back than a piece, whatever the secret is made of, and a part of a
//! long secret is no more shown than the whole.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// Shorter values are not masked: they would be found everywhere, and guessed.
pub(crate) const SHORTEST: usize = 4;

/// Longer values are refused. A key or a token has a few kilobytes; the kernel gives no process
/// a variable of more than 128 KiB (execve(2), MAX_ARG_STRLEN).
pub(crate) const LONGEST: usize = 64 * 1024;

/// No piece is longer, but for the rest of a character.
pub(super) const PIECE: usize = 128;

/// What is looked for, sorted, and whether it goes on where another piece ends.
pub(super) type Forms = Vec<(Vec<u8>, bool)>;

/// The forms of all values: as they are, and in base64.
pub(super) fn forms<V: AsRef<[u8]>>(values: impl IntoIterator<Item = V>) -> (Forms, Forms) {
    let (mut plain, mut encoded) = (BTreeMap::new(), BTreeMap::new());
    for value in values {
        let value = value.as_ref();
        // A key of several lines may be written line by line.
        for part in [value].into_iter().chain(value.split(|&byte| byte == b'\n')) {
            let ends = part.iter().rev().take_while(|byte| matches!(byte, b'\r' | b'\n'));
            let part = &part[..part.len() - ends.count()];
            if part.len() < SHORTEST {
                continue;
            }
            add_pieces(&mut plain, part);
            for form in base64_forms(part) {
                add_pieces(&mut encoded, &form);
            }
        }
    }
    (plain.into_iter().collect(), encoded.into_iter().collect())
}

fn add_pieces(forms: &mut BTreeMap<Vec<u8>, bool>, form: &[u8]) {
    let count = form.len().div_ceil(PIECE);
    let mut begin = 0;
    for piece in 1..=count {
        let mut end = form.len() * piece / count;
        // A character may be spelled as one.
        while end < form.len() && form[end] & 0xc0 == 0x80 && end - form.len() * piece / count < 3 {
            end += 1;
        }
        let goes_on = forms.entry(form[begin..end].to_vec()).or_insert(false);
        *goes_on |= begin > 0;
        begin = end;
    }
}

/// The characters of base64 that depend on the value alone, for each of the three
/// positions that it can have in a longer text, in both alphabets.
fn base64_forms(value: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = Vec::new();
    for (before, cut) in [(0, 0), (1, 2), (2, 3)] {
        let padded = [&vec![0; before], value].concat();
        for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
            let encoded = engine.encode(&padded);
            // The last character mixes with what follows unless the bits come out even.
            let end = if padded.len().is_multiple_of(3) {
                encoded.len()
            } else {
                encoded.len() - 1
            };
            // Its first letters may end a line, and what follows begin the next chunk.
            let begins = (cut..cut + SHORTEST).filter_map(|begin| encoded.get(begin..end));
            forms.extend(begins.map(|form| form.as_bytes().to_vec()));
        }
    }
    // Short pieces would be found in innocent text.
    forms.retain(|form| form.len() >= 2 * SHORTEST);
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_short_and_together_the_whole() {
        for value in [
            "x".repeat(60_000),
            "é".repeat(1001),
            "ab".repeat(64),
            "ab".repeat(65),
        ] {
            let mut pieces = BTreeMap::new();
            add_pieces(&mut pieces, value.as_bytes());
            let longest = pieces.keys().map(Vec::len).max().unwrap();
            assert!(longest <= PIECE + 3, "{longest}");
            assert!(pieces.keys().all(|piece| std::str::from_utf8(piece).is_ok()));
            assert_eq!(pieces.values().any(|&goes_on| goes_on), value.len() > PIECE);
        }
    }

    #[test]
    fn a_short_value_is_one_piece_and_a_shorter_one_none() {
        let (plain, encoded) = forms(["hunter22", "abc"]);
        assert_eq!(plain, [(b"hunter22".to_vec(), false)]);
        assert!(encoded.contains(&(b"aHVudGVyMj".to_vec(), false)), "{encoded:?}");
    }
}
