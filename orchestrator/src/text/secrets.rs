//! Knows secrets, and finds them in bytes however each byte of them is spelled. Pure.
//!
//! A search for the first bytes of all values, and for the three characters with which
//! escapes begin, says where a look is worth it; there the text is read byte by byte
//! against the sorted values. Text without a secret costs the search and nothing else.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, Input, MatchKind};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use crate::text::spelling::{INTRODUCERS, read_spellings};

/// Shorter values are not masked: they would be found everywhere, and guessed.
pub(crate) const SHORTEST: usize = 4;

/// Knows the secrets; cheap to clone.
#[derive(Clone)]
pub(crate) struct Secrets(Arc<Known>);

struct Known {
    /// Every value, its lines and its forms in base64; sorted, each at least [`SHORTEST`].
    values: Vec<Vec<u8>>,
    /// Their first bytes.
    beginnings: AhoCorasick,
}

/// What reading on from a place comes to.
pub(crate) struct Walk {
    /// Where the longest value ends that begins here.
    pub(crate) end: Option<usize>,
    /// Whether more bytes could make it a value, or a longer one.
    pub(crate) open: bool,
}

/// A place in the text and the values that agree with it so far: those from `low` to
/// `high`, in their first `depth` bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Front {
    at: usize,
    low: usize,
    high: usize,
    depth: usize,
}

impl Secrets {
    /// For these values; `None` if there is nothing to mask.
    pub(crate) fn new<V: AsRef<[u8]>>(values: impl IntoIterator<Item = V>) -> Option<Self> {
        let values: BTreeSet<Vec<u8>> = values
            .into_iter()
            .flat_map(|value| forms(value.as_ref()))
            .collect();
        let beginnings: BTreeSet<Vec<u8>> = values
            .iter()
            .map(|value| value[..SHORTEST].to_vec())
            // A space may be a plus.
            .flat_map(|bytes| [plus_for_space(&bytes), bytes])
            .collect();
        if values.is_empty() {
            return None;
        }
        // Fails only for more patterns than memory could hold.
        let beginnings = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostFirst)
            .build(beginnings)
            .ok()?;
        Some(Self(Arc::new(Known {
            values: values.into_iter().collect(),
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
        }
    }

    /// Reads on from `start`.
    pub(crate) fn walk(&self, bytes: &[u8], start: usize) -> Walk {
        let mut walk = Walk {
            end: None,
            open: false,
        };
        let front = Front {
            at: start,
            low: 0,
            high: self.0.values.len(),
            depth: 0,
        };
        // Most looks end here, and cost nothing.
        let first = bytes[start];
        if first != b'+' && !INTRODUCERS.contains(&first) && self.step(front, &[first]).is_none() {
            return walk;
        }
        // Nearly always one; more where a text can be read in several ways.
        let mut fronts = vec![front];
        // The one that is behind the others goes first: no two become the same later.
        while let Some(index) = (0..fronts.len()).min_by_key(|&index| fronts[index].at) {
            let front = fronts.swap_remove(index);
            if front.depth > 0 && self.0.values[front.low].len() == front.depth {
                walk.end = walk.end.max(Some(front.at));
                if front.high - front.low == 1 {
                    continue;
                }
            }
            walk.open |= read_spellings(&bytes[front.at..], |meant, length| {
                if let Some(mut next) = self.step(front, meant) {
                    next.at += length;
                    if !fronts.contains(&next) {
                        fronts.push(next);
                    }
                }
            });
        }
        walk
    }

    /// The values that have these bytes next.
    fn step(&self, mut front: Front, bytes: &[u8]) -> Option<Front> {
        for &byte in bytes {
            let range = &self.0.values[front.low..front.high];
            let next = |value: &Vec<u8>| value.get(front.depth).copied();
            let low = front.low + range.partition_point(|value| next(value) < Some(byte));
            let high = front.low + range.partition_point(|value| next(value) <= Some(byte));
            if low == high {
                return None;
            }
            (front.low, front.high) = (low, high);
            front.depth += 1;
        }
        Some(front)
    }
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
        let escape = self.escape.filter(|&at| at >= from).unwrap_or_else(|| {
            let [one, two, three] = INTRODUCERS;
            let found = memchr::memchr3(one, two, three, &self.bytes[from..]);
            found.map_or(length, |at| from + at)
        });
        (self.beginning, self.escape) = (Some(beginning), Some(escape));
        // Before an escape, fewer of the first bytes stand as they are than are looked for;
        // and so do they before the end.
        let before_escape = escape.saturating_sub(SHORTEST - 1).max(from);
        Some(beginning.min(before_escape))
    }
}

fn plus_for_space(bytes: &[u8]) -> Vec<u8> {
    let plus = |&byte: &u8| if byte == b' ' { b'+' } else { byte };
    bytes.iter().map(plus).collect()
}

/// What is looked for where a value is secret.
fn forms(value: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = Vec::new();
    // A key of several lines may be written line by line.
    for part in [value].into_iter().chain(value.split(|&byte| byte == b'\n')) {
        let ends = part.iter().rev().take_while(|byte| matches!(byte, b'\r' | b'\n'));
        let part = &part[..part.len() - ends.count()];
        if part.len() < SHORTEST {
            continue;
        }
        forms.push(part.to_vec());
        forms.extend(base64_forms(part));
    }
    forms
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
            forms.extend(encoded.get(cut..end).map(|form| form.as_bytes().to_vec()));
        }
    }
    // Short pieces would be found in innocent text.
    forms.retain(|form| form.len() >= 2 * SHORTEST);
    forms
}
