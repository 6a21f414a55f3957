//! JSON writes what is beyond U+FFFF as two escapes, `\ud83d\ude00`, and YAML as one,
//! `\U0001f600`. A file that is JSON is read with the second; nothing moves by that, so
//! that every place stays where it is in the file. Pure.

use std::borrow::Cow;

use serde::de::IgnoredAny;

use crate::config::problems::codes::Code;
use crate::config::problems::gather::Problem;

/// Bytes of an escape: `\ud83d`.
const ESCAPE: usize = 6;

/// The text for the parser of YAML.
pub(crate) fn join_surrogates(text: &str) -> Result<Cow<'_, str>, Problem> {
    let has_one =
        || memchr::memmem::find_iter(text.as_bytes(), b"\\u").any(|at| surrogate(text, at).is_some());
    if !has_one() || serde_json::from_str::<IgnoredAny>(text).is_err() {
        return Ok(Cow::Borrowed(text));
    }
    let mut joined = String::with_capacity(text.len());
    let (mut copied, mut at, mut inside, mut saved) = (0, 0, false, 0);
    while let Some(step) = memchr::memchr2(b'"', b'\\', &text.as_bytes()[at..]) {
        at += step;
        if text.as_bytes()[at] == b'"' {
            inside = !inside;
            at += 1;
            if !inside {
                joined.push_str(&text[copied..at]);
                copied = at;
                // Blanks behind a text in quotes mean nothing.
                joined.extend(std::iter::repeat_n(' ', saved));
                saved = 0;
            }
            continue;
        }
        match surrogate(text, at) {
            None => at += 2,
            Some(first) => {
                let both =
                    char::decode_utf16([Some(first), surrogate(text, at + ESCAPE)].into_iter().flatten());
                let Some(Ok(character)) = both.into_iter().next() else {
                    return Err(lone(at, first));
                };
                joined.push_str(&text[copied..at]);
                let escape = format!("\\U{:08x}", u32::from(character));
                at += 2 * ESCAPE;
                saved += 2 * ESCAPE - escape.len();
                joined.push_str(&escape);
                copied = at;
            }
        }
    }
    joined.push_str(&text[copied..]);
    Ok(Cow::Owned(joined))
}

/// Half of a pair that is escaped here.
fn surrogate(text: &str, at: usize) -> Option<u16> {
    let digits = text.get(at..at + ESCAPE)?.strip_prefix("\\u")?;
    let unit = u16::from_str_radix(digits, 16).ok()?;
    (0xd800..=0xdfff).contains(&unit).then_some(unit)
}

fn lone(at: usize, unit: u16) -> Problem {
    let message = format!("`\\u{unit:04x}` is one half of a character, and the other half is missing");
    Problem::new(Code::Syntax, at, message)
        .hint("write both halves, like `\\ud83d\\ude00`, or the character itself")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_becomes_one_escape_and_nothing_moves() {
        let json = r#"{"a\ud83d\ude00": ["\uD83D\uDE00\ud83d\ude01", "\\ud83d"], "b": 1}"#;
        let joined = join_surrogates(json).unwrap();
        assert_eq!(
            joined,
            r#"{"a\U0001f600"  : ["\U0001f600\U0001f601"    , "\\ud83d"], "b": 1}"#
        );
        assert_eq!(joined.find("\"b\""), json.find("\"b\""));
        let value: serde_json::Value = serde_yaml::from_str(&joined).unwrap();
        assert_eq!(value, serde_json::from_str::<serde_json::Value>(json).unwrap());
        for untouched in [r#"{"a": "\u00e4"}"#, r#"a: "\ud83d\ude00""#, "{}"] {
            assert!(
                matches!(join_surrogates(untouched), Ok(Cow::Borrowed(_))),
                "{untouched}"
            );
        }
    }

    #[test]
    fn half_a_pair_is_refused_at_its_place() {
        for (json, place) in [
            (r#"["\ud83d"]"#, 2),
            (r#"["ä\ude00\ud83d"]"#, 4),
            (r#"["\ud83d\u0041"]"#, 2),
            (r#"["\ud83d\ud83d\ude00"]"#, 2),
        ] {
            assert_eq!(join_surrogates(json).unwrap_err().at, place, "{json}");
        }
    }
}
