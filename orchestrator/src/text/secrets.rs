//! Knows secrets, and finds them in bytes however each byte of them is spelled. Pure.
//!
//! A search for the first bytes of all values, and for the characters with which escapes and
//! line ends begin, says where a look is worth it; there the text is read byte by byte
//! against the sorted values. Text without a secret costs the search and nothing else; a look
//! reads no further than a piece of a value is long, so that whatever the secret is, the cost
//! grows with the text and not with both.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, Input, MatchKind};

use crate::text::secret_folds::{Folds, MOST_BETWEEN};
use crate::text::secret_forms::{Forms, SHORTEST, forms};
use crate::text::spelling::{INTRODUCERS, is_ambiguous, read_spellings};

/// Knows the secrets; cheap to clone.
#[derive(Clone)]
pub(crate) struct Secrets(Arc<Known>);

struct Known {
    /// Every value and its lines, in pieces; sorted, each at least [`SHORTEST`].
    plain: Forms,
    /// The same in base64, which is written in lines of any length.
    encoded: Forms,
    /// Their first bytes.
    beginnings: AhoCorasick,
    /// The same of the encoded ones, where a line end comes between.
    folds: Folds,
}

/// What reading on from a place comes to.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    /// Where the longest value ends that begins here.
    pub(crate) end: Option<usize>,
    /// Whether that is a piece which goes on where another one ends.
    pub(crate) goes_on: bool,
    /// Whether more bytes could make it a value, or a longer one.
    pub(crate) open: bool,
}

impl Walk {
    fn take(&mut self, end: usize, goes_on: bool) {
        if self.end < Some(end) {
            self.end = Some(end);
            self.goes_on = goes_on;
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Alphabet {
    Plain,
    Base64,
}

/// A place in the text and the values that agree with it so far: those from `low` to
/// `high`, in their first `depth` bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Front {
    at: usize,
    alphabet: Alphabet,
    low: usize,
    high: usize,
    depth: usize,
    /// How many characters between two lines of base64 were just passed.
    between: usize,
}

/// A text can be read in a few ways at a time; in more only where a secret has many backslashes
/// in a row, and so has the text. Then what was read so far is masked.
const MOST_FRONTS: usize = 32;

impl Secrets {
    /// For these values; `None` if there is nothing to mask.
    pub(crate) fn new<V: AsRef<[u8]>>(values: impl IntoIterator<Item = V>) -> Option<Self> {
        let (plain, encoded) = forms(values);
        let beginnings: BTreeSet<Vec<u8>> = [&plain, &encoded]
            .into_iter()
            .flatten()
            .map(|(value, _)| value[..SHORTEST].to_vec())
            // A space may be a plus.
            .flat_map(|bytes| [plus_for_space(&bytes), bytes])
            .collect();
        if plain.is_empty() {
            return None;
        }
        // Fails only for more patterns than memory could hold.
        let beginnings = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostFirst)
            .build(beginnings)
            .ok()?;
        Some(Self(Arc::new(Known {
            plain,
            folds: Folds::new(&encoded),
            encoded,
            beginnings,
        })))
    }

    /// Whether there is one.
    pub(crate) fn are_in(&self, bytes: &[u8]) -> bool {
        let mut starts = self.starts(bytes);
        let mut from = 0;
        while let Some(start) = starts.next(from) {
            if self.walk(bytes, start).end.is_some() {
                return true;
            }
            from = start + 1;
        }
        false
    }

    /// Where a secret might begin.
    pub(crate) fn starts<'a>(&'a self, bytes: &'a [u8]) -> Starts<'a> {
        Starts {
            secrets: self,
            bytes,
            beginning: None,
            escape: None,
            fold: None,
        }
    }

    /// Reads on from `start`.
    pub(crate) fn walk(&self, bytes: &[u8], start: usize) -> Walk {
        let mut walk = Walk::default();
        // Nearly always one; more where a text can be read in several ways.
        let mut fronts = self.first_fronts(bytes, start);
        // The one that is behind the others goes first: no two become the same later.
        while let Some(index) = (0..fronts.len()).min_by_key(|&index| fronts[index].at) {
            let mut front = fronts.swap_remove(index);
            let values = self.values(front.alphabet);
            if fronts.is_empty() {
                read_as_it_stands(&mut front, values, bytes);
            }
            let (first, goes_on) = &values[front.low];
            if first.len() == front.depth {
                walk.take(front.at, *goes_on);
                if front.high - front.low == 1 {
                    continue;
                }
            }
            if front.between > 0 && front.depth < SHORTEST && front.at == bytes.len() {
                // No line is held back because its last letters might begin a value.
                continue;
            }
            let mut overflow = false;
            walk.open |= read_spellings(&bytes[front.at..], |meant, length| {
                let next = [step(front, values, meant), pass_between(front, meant)];
                for mut next in next.into_iter().flatten() {
                    next.at += length;
                    overflow |= fronts.len() >= MOST_FRONTS;
                    if !overflow && !fronts.contains(&next) {
                        fronts.push(next);
                    }
                }
            });
            if overflow {
                walk.take(front.at, true);
                break;
            }
        }
        walk
    }

    /// Where nothing is read yet, but for a byte that has one meaning: most looks end here, and
    /// cost nothing.
    fn first_fronts(&self, bytes: &[u8], start: usize) -> Vec<Front> {
        let first = bytes[start];
        let has_one_meaning = !is_ambiguous(first);
        let mut fronts = Vec::new();
        for alphabet in [Alphabet::Plain, Alphabet::Base64] {
            let values = self.values(alphabet);
            let front = Front {
                at: start,
                alphabet,
                low: 0,
                high: values.len(),
                depth: 0,
                between: 0,
            };
            if !has_one_meaning {
                fronts.extend((!values.is_empty()).then_some(front));
            } else if let Some(mut next) = step(front, values, &[first]) {
                next.at += 1;
                fronts.push(next);
            }
        }
        fronts
    }

    fn values(&self, alphabet: Alphabet) -> &Forms {
        match alphabet {
            Alphabet::Plain => &self.0.plain,
            Alphabet::Base64 => &self.0.encoded,
        }
    }
}

fn has_ambiguous(bytes: &[u8]) -> bool {
    let [one, two, three] = INTRODUCERS;
    memchr::memchr3(one, two, three, bytes).is_some() || memchr::memchr(b'+', bytes).is_some()
}

/// Goes on as long as the text can be read in one way and all values have it: what the first
/// and the last of them have, all between them have.
fn read_as_it_stands(front: &mut Front, values: &Forms, bytes: &[u8]) {
    let (first, last) = (&values[front.low].0, &values[front.high - 1].0);
    let text = &bytes[front.at..];
    let rest = &first[front.depth..];
    // Nearly always all that is left stands there, or the next byte does not.
    if text.starts_with(rest) && last.starts_with(first) && !has_ambiguous(rest) {
        front.at += rest.len();
        front.depth += rest.len();
        if !rest.is_empty() {
            front.between = 0;
        }
        return;
    }
    let both = first[front.depth..]
        .iter()
        .zip(&last[front.depth.min(last.len())..]);
    let same = text
        .iter()
        .zip(both)
        .take_while(|&(&byte, (&one, &other))| byte == one && byte == other && !is_ambiguous(byte))
        .count();
    front.at += same;
    front.depth += same;
    if same > 0 {
        front.between = 0;
    }
}

/// The values that have these bytes next.
fn step(mut front: Front, values: &Forms, bytes: &[u8]) -> Option<Front> {
    for &byte in bytes {
        let range = &values[front.low..front.high];
        let next = |(value, _): &(Vec<u8>, bool)| value.get(front.depth).copied();
        let low = front.low + range.partition_point(|value| next(value) < Some(byte));
        let high = front.low + range.partition_point(|value| next(value) <= Some(byte));
        if low == high {
            return None;
        }
        (front.low, front.high) = (low, high);
        front.depth += 1;
    }
    front.between = 0;
    Some(front)
}

/// The same values, where one line of base64 ends and the next begins.
fn pass_between(front: Front, bytes: &[u8]) -> Option<Front> {
    let is_between = match bytes {
        b"\n" | b"\r" => true,
        b" " | b"\t" => front.between > 0,
        _ => false,
    };
    let may = front.alphabet == Alphabet::Base64 && front.depth > 0 && front.between < MOST_BETWEEN;
    (may && is_between).then_some(Front {
        between: front.between + 1,
        ..front
    })
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets")
    }
}

/// The places of a text at which a secret might begin, in their order.
pub(crate) struct Starts<'a> {
    secrets: &'a Secrets,
    bytes: &'a [u8],
    /// The next place where a value's first bytes stand as they are; the text's length if
    /// there is none, `None` if nobody looked.
    beginning: Option<usize>,
    /// The next beginning of an escape.
    escape: Option<usize>,
    /// The next place where a line end may cut an encoded one.
    fold: Option<usize>,
}

impl Starts<'_> {
    /// The first at or after `from`, which never goes back.
    pub(crate) fn next(&mut self, from: usize) -> Option<usize> {
        let length = self.bytes.len();
        if from >= length {
            return None;
        }
        let beginning = self.beginning.filter(|&at| at >= from).unwrap_or_else(|| {
            let input = Input::new(self.bytes).range(from..);
            let found = self.secrets.0.beginnings.find(input);
            found.map_or(length, |found| found.start())
        });
        let rest = &self.bytes[from..];
        let escape = self.escape.filter(|&at| at >= from).unwrap_or_else(|| {
            let [one, two, three] = INTRODUCERS;
            memchr::memchr3(one, two, three, rest).map_or(length, |at| from + at)
        });
        let fold = self
            .fold
            .filter(|&at| at >= from)
            .unwrap_or_else(|| self.secrets.0.folds.next(self.bytes, from).unwrap_or(length));
        (self.beginning, self.escape, self.fold) = (Some(beginning), Some(escape), Some(fold));
        // Before an escape fewer of the first bytes stand as they are than are looked for; and so
        // do they before the end.
        let before_escape = escape.saturating_sub(SHORTEST - 1).max(from);
        Some(beginning.min(before_escape).min(fold))
    }
}

fn plus_for_space(bytes: &[u8]) -> Vec<u8> {
    let plus = |&byte: &u8| if byte == b' ' { b'+' } else { byte };
    bytes.iter().map(plus).collect()
}
