//! Masks secrets in what collectors write, before any sink sees it. Pure.
//!
//! A secret may be cut anywhere by chunks, may contain line ends, and may be
//! written in other forms than its own: base64 (also inside a longer text, as in
//! an Authorization header) and URL-encoded. What looks like the beginning of a
//! secret at the end of a chunk is held back until the next chunk decides.

use std::borrow::Cow;
use std::collections::BTreeSet;

use aho_corasick::{AhoCorasick, Anchored, Input, MatchKind};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What stands in the place of a secret.
const MASK: &[u8] = b"***";

/// Shorter values are not masked: they would be found everywhere, and guessed.
pub(crate) const SHORTEST: usize = 4;

/// Everything but the unreserved characters (RFC 3986, section 2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Knows the secrets; cheap to share between streams.
#[derive(Debug, Clone)]
pub(crate) struct Secrets {
    finder: AhoCorasick,
    /// Every form of every secret, sorted.
    forms: Vec<Vec<u8>>,
    longest: usize,
}

impl Secrets {
    /// For these values; `None` if there is nothing to mask.
    pub(crate) fn new<'a>(values: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let forms: BTreeSet<Vec<u8>> = values.into_iter().flat_map(forms).collect();
        let forms: Vec<Vec<u8>> = forms.into_iter().collect();
        let longest = forms.iter().map(Vec::len).max()?;
        // Fails only for more patterns than memory could hold.
        let finder = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(&forms)
            .ok()?;
        Some(Self {
            finder,
            forms,
            longest,
        })
    }

    /// `text`, with every secret in it masked.
    pub(crate) fn masked(&self, text: &str) -> String {
        let mut redactor = Redactor::new(self.clone());
        let mut bytes = redactor.push(text.as_bytes()).into_owned();
        bytes.extend(redactor.finish());
        // Secrets are text, so what is left between them is text.
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Where a suffix of `bytes` begins that could be the beginning of a secret;
    /// their length if there is none.
    fn undecided(&self, bytes: &[u8]) -> usize {
        let first = bytes.len().saturating_sub(self.longest - 1);
        (first..bytes.len())
            .find(|&start| {
                let suffix = &bytes[start..];
                let at = self.forms.partition_point(|form| form.as_slice() <= suffix);
                self.forms.get(at).is_some_and(|form| form.starts_with(suffix))
            })
            .unwrap_or(bytes.len())
    }
}

/// Every form in which a value is masked.
fn forms(value: &str) -> Vec<Vec<u8>> {
    let mut forms = Vec::new();
    // A key of several lines may be written line by line.
    for part in [value].into_iter().chain(value.lines()) {
        let part = part.trim_end_matches(['\r', '\n']);
        if part.len() < SHORTEST {
            continue;
        }
        forms.push(part.as_bytes().to_vec());
        let encoded = utf8_percent_encode(part, RESERVED).to_string();
        forms.push(encoded.to_lowercase_hex().into_bytes());
        forms.push(encoded.replace("%20", "+").into_bytes());
        forms.push(encoded.into_bytes());
        forms.extend(base64_forms(part.as_bytes()));
    }
    forms.retain(|form| form.len() >= SHORTEST);
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

trait LowercaseHex {
    fn to_lowercase_hex(&self) -> String;
}

impl LowercaseHex for str {
    /// `%2F` as `%2f`, the rest as it is.
    fn to_lowercase_hex(&self) -> String {
        let mut after_percent = 0;
        self.chars()
            .map(|c| {
                if c == '%' {
                    after_percent = 2;
                } else if after_percent > 0 {
                    after_percent -= 1;
                    return c.to_ascii_lowercase();
                }
                c
            })
            .collect()
    }
}

/// Masks one stream.
#[derive(Debug, Clone)]
pub(crate) struct Redactor {
    secrets: Secrets,
    /// What may be the beginning of a secret.
    held: Vec<u8>,
}

impl Redactor {
    /// At the beginning of a stream.
    pub(crate) fn new(secrets: Secrets) -> Self {
        Self {
            secrets,
            held: Vec::new(),
        }
    }

    /// What of the stream, up to this chunk, is decided and not yet given.
    pub(crate) fn push<'a>(&mut self, chunk: &'a [u8]) -> Cow<'a, [u8]> {
        let mut bytes = Cow::Borrowed(chunk);
        if !self.held.is_empty() {
            self.held.extend_from_slice(chunk);
            bytes = Cow::Owned(std::mem::take(&mut self.held));
        }
        let undecided = self.secrets.undecided(&bytes);
        let (masked, taken) = self.mask(&bytes, undecided);
        let decided = undecided.max(taken);
        self.held.extend_from_slice(&bytes[decided..]);
        match (masked, bytes) {
            (Some(masked), _) => Cow::Owned(masked),
            (None, Cow::Borrowed(chunk)) => Cow::Borrowed(&chunk[..decided]),
            (None, Cow::Owned(mut bytes)) => {
                bytes.truncate(decided);
                Cow::Owned(bytes)
            }
        }
    }

    /// What was held back: the stream has ended, so it was no secret after all, or one.
    pub(crate) fn finish(&mut self) -> Vec<u8> {
        let held = std::mem::take(&mut self.held);
        self.mask(&held, held.len()).0.unwrap_or(held)
    }

    /// `bytes` up to `end` with secrets masked, `None` if there are none; and where
    /// the last masked one ends, which may be after `end`.
    fn mask(&self, bytes: &[u8], end: usize) -> (Option<Vec<u8>>, usize) {
        let mut masked = Vec::new();
        let mut taken = 0;
        let input = Input::new(bytes).anchored(Anchored::No);
        for found in self.secrets.finder.find_iter(input) {
            // One that begins in the undecided part may yet turn out to be a longer one.
            if found.start() >= end {
                break;
            }
            masked.extend_from_slice(&bytes[taken..found.start()]);
            masked.extend_from_slice(MASK);
            taken = found.end();
        }
        if taken == 0 {
            return (None, 0);
        }
        masked.extend_from_slice(&bytes[taken..end.max(taken)]);
        (Some(masked), taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn redact(values: &[&str], chunks: &[&[u8]]) -> String {
        let mut redactor = Redactor::new(Secrets::new(values.iter().copied()).unwrap());
        let mut out: Vec<u8> = chunks
            .iter()
            .flat_map(|chunk| redactor.push(chunk).into_owned())
            .collect();
        out.extend(redactor.finish());
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn a_secret_is_masked_wherever_chunks_cut_it() {
        assert_eq!(redact(&["hunter22"], &[b"pw=hunter22 hunter2"]), "pw=*** hunter2");
        assert_eq!(
            redact(&["hunter22"], &[b"pw=hun", b"te", b"r22\nhun"]),
            "pw=***\nhun"
        );
        assert_eq!(redact(&["aaab"], &[b"aa", b"aa", b"aab"]), "aaa***");
    }

    #[test]
    fn the_longest_secret_wins_also_across_chunks() {
        assert_eq!(
            redact(&["abcd", "abcdefgh"], &[b"abcd", b"efgh abcdx"]),
            "*** ***x"
        );
    }

    #[test]
    fn secrets_of_several_lines_are_masked_whole_and_line_by_line() {
        let key = "-----BEGIN-----\nMIIEpAIBAAKC\n-----END-----\n";
        assert_eq!(redact(&[key], &[key.as_bytes()]), "***\n");
        assert_eq!(redact(&[key], &[b"x MIIEpA", b"IBAAKC x"]), "x *** x");
    }

    #[test]
    fn encoded_forms_are_masked() {
        let secret = "s3cr+t/p ss?";
        assert_eq!(
            redact(
                &[secret],
                &[b"url s3cr%2Bt%2Fp%20ss%3F and s3cr%2bt%2fp%20ss%3f end"]
            ),
            "url *** and *** end"
        );
        assert_eq!(
            redact(&[secret], &[b"form s3cr%2Bt%2Fp+ss%3F end"]),
            "form *** end"
        );
        for before in ["", "u", "us", "user:"] {
            let header = base64::engine::general_purpose::STANDARD.encode(format!("{before}{secret}"));
            let shown = redact(&[secret], &[header.as_bytes()]);
            assert!(shown.contains("***"), "{before}: {shown}");
            assert!(
                shown.len() <= 3 + 8 + before.len() * 2,
                "{before}: {shown} of {header}"
            );
        }
    }

    #[test]
    fn nothing_to_mask_is_nothing_to_do() {
        assert!(Secrets::new(["", "abc"]).is_none());
    }

    proptest! {
        /// Where the stream is cut makes no difference, no secret survives, and what
        /// is no secret is not touched.
        #[test]
        fn cuts_make_no_difference(
            text in "[ab \n]{0,60}",
            secrets in prop::collection::vec("[ab]{4,8}", 1..3),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        ) {
            let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
            let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
            at.extend([0, text.len()]);
            at.sort_unstable();
            let chunks: Vec<&[u8]> = at.windows(2).map(|pair| &text.as_bytes()[pair[0]..pair[1]]).collect();
            let cut = redact(&secrets, &chunks);
            for secret in &secrets {
                prop_assert!(!cut.contains(secret), "{secret} in {cut}");
            }
            let innocent = text.split(['a', 'b']).collect::<String>();
            prop_assert_eq!(cut.split(['a', 'b', '*']).collect::<String>(), innocent);
            if secrets.len() == 1 {
                prop_assert_eq!(cut, redact(&secrets, &[text.as_bytes()]));
            }
        }
    }
}
