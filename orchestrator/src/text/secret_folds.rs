//! Where base64 that is written in lines may hold a secret of which only the first few letters
//! stand before a line end. Pure.

use crate::text::secret_forms::{Forms, SHORTEST};
use crate::text::spelling::is_ambiguous;

/// A line end, and the blanks with which the next line is indented.
pub(super) const MOST_BETWEEN: usize = 34;

/// How the encoded values begin.
pub(super) struct Folds {
    first: [bool; 256],
    /// Sorted.
    beginnings: Vec<[u8; SHORTEST]>,
}

impl Folds {
    /// Those of these values.
    pub(super) fn new(encoded: &Forms) -> Self {
        let mut beginnings: Vec<[u8; SHORTEST]> = encoded
            .iter()
            .filter_map(|(value, _)| value.first_chunk().copied())
            .collect();
        beginnings.sort_unstable();
        beginnings.dedup();
        let mut first = [false; 256];
        for beginning in &beginnings {
            first[usize::from(beginning[0])] = true;
        }
        Self { first, beginnings }
    }

    /// The next place from `from` on that is so near a line end that the beginning of a value
    /// would be cut there, and at which one may begin.
    pub(super) fn next(&self, bytes: &[u8], from: usize) -> Option<usize> {
        if self.beginnings.is_empty() {
            return None;
        }
        let mut at = from;
        loop {
            let end = at + memchr::memchr2(b'\r', b'\n', bytes.get(at..)?)?;
            let near = end.saturating_sub(SHORTEST - 1).max(from)..end;
            if let Some(place) = near.into_iter().find(|&place| self.may_begin(&bytes[place..])) {
                return Some(place);
            }
            at = end + 1;
        }
    }

    /// Whether a value may begin here, line ends and what they are followed by apart. Every line
    /// of every output is asked three times, so this is for the many that are none.
    fn may_begin(&self, bytes: &[u8]) -> bool {
        let mut letters = [0; SHORTEST];
        let (mut count, mut between) = (0, 0);
        for &byte in bytes {
            match byte {
                b'\n' | b'\r' if count > 0 => between += 1,
                b' ' | b'\t' if between > 0 => between += 1,
                _ => {
                    letters[count] = byte;
                    (count, between) = (count + 1, 0);
                }
            }
            if is_ambiguous(byte) || between > MOST_BETWEEN {
                return true;
            }
            if count == 1 && !self.first[usize::from(letters[0])] {
                return false;
            }
            if count == SHORTEST {
                return self.beginnings.binary_search(&letters).is_ok();
            }
        }
        // What comes next decides.
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folds() -> Folds {
        let forms = ["aHVudGVyMj", "c2VjcmV0"].map(|form| (form.as_bytes().to_vec(), false));
        Folds::new(&Vec::from(forms))
    }

    fn places(text: &str) -> Vec<usize> {
        let folds = folds();
        let mut places = Vec::new();
        while let Some(place) = folds.next(text.as_bytes(), places.last().map_or(0, |place| place + 1)) {
            places.push(place);
        }
        places
    }

    #[test]
    fn a_beginning_is_found_wherever_it_is_cut() {
        assert_eq!(places("log a\nHVudGVyMj"), [4]);
        assert_eq!(places("log aHV\r\n    udGVyMj"), [4]);
        assert_eq!(places("a\nH\nV\nu\nd"), [0]);
        assert_eq!(places("ready\nlog c2\nVjcmV0"), [10]);
    }

    #[test]
    fn what_is_none_is_passed_over() {
        assert_eq!(places("a line\nand another\n\n\nand the end\n"), [0; 0]);
        assert_eq!(places("aHVudGVyMj in one bit\n"), [0; 0]);
    }

    #[test]
    fn what_is_not_yet_known_is_looked_at() {
        assert_eq!(places("log a\n"), [4]);
        assert_eq!(places("log a\nH%56"), [4]);
        assert_eq!(places(&format!("log a\n{}", " ".repeat(40))), [4]);
    }
}
