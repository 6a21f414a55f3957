//! How a byte may be spelled: as itself, or as JSON, XML, HTML and URLs write it. Each
//! byte of a value may be spelled in its own way, since every encoder escapes others:
//! so spellings are read byte by byte, and never made for a whole value. Pure.

/// The bytes with which a spelling of more than one byte begins.
pub(crate) const INTRODUCERS: [u8; 3] = *b"\\&%";

/// Whether a byte may be the beginning of a spelling, or a blank.
pub(crate) fn is_ambiguous(byte: u8) -> bool {
    byte == b'+' || INTRODUCERS.contains(&byte)
}

/// JSON in JSON doubles its backslashes: as many levels, and backslashes, are followed.
const LEVELS: usize = 2;
const MOST_BACKSLASHES: usize = 1 << (LEVELS + 1);

/// Leading zeros are allowed in a numeric reference, but not without end.
const MOST_DIGITS: usize = 8;

/// The five names that XML has.
const NAMED: [(&[u8], &[u8]); 5] = [
    (b"amp;", b"&"),
    (b"lt;", b"<"),
    (b"gt;", b">"),
    (b"quot;", b"\""),
    (b"apos;", b"'"),
];

/// What comes out of reading on.
enum Part<T> {
    Read(T),
    /// It is something else.
    Other,
    /// What there is ends before that can be told.
    Ended,
}

/// Every way in which `bytes` may begin: calls `each` with the bytes that are meant and the
/// number of bytes that spell them. Returns whether more bytes could add another way.
pub(crate) fn read_spellings(bytes: &[u8], mut each: impl FnMut(&[u8], usize)) -> bool {
    let Some(&first) = bytes.first() else {
        return true;
    };
    each(&[first], 1);
    match first {
        // As forms write a space.
        b'+' => {
            each(b" ", 1);
            false
        }
        b'\\' => read_backslashes(bytes, &mut each),
        b'&' => read_reference(bytes, &mut each),
        b'%' => read_percent(bytes, &mut each),
        _ => false,
    }
}

/// `\"`, `\n`, `\u00e9`, `\xe9`, and each of them with its backslash doubled.
fn read_backslashes(bytes: &[u8], each: &mut impl FnMut(&[u8], usize)) -> bool {
    let run = bytes.iter().take_while(|&&byte| byte == b'\\').count();
    for level in 1..=LEVELS + 1 {
        if run >= 1 << level {
            each(b"\\", 1 << level);
        }
    }
    if run > MOST_BACKSLASHES {
        return false;
    }
    let Some(&after) = bytes.get(run) else {
        return true;
    };
    let rest = &bytes[run + 1..];
    match after {
        b'b' => each(b"\x08", run + 1),
        b'f' => each(b"\x0c", run + 1),
        b'n' => each(b"\n", run + 1),
        b'r' => each(b"\r", run + 1),
        b't' => each(b"\t", run + 1),
        b'u' => match read_code_units(rest, run) {
            Part::Read((character, length)) => {
                each(character.encode_utf8(&mut [0; 4]).as_bytes(), run + 1 + length);
            }
            Part::Other => {}
            Part::Ended => return true,
        },
        b'x' => match read_hex(rest, 2) {
            // A byte for some languages, a character for others.
            Part::Read(number) => {
                let byte = number.to_be_bytes()[3];
                each(&[byte], run + 3);
                if !byte.is_ascii() {
                    each(char::from(byte).encode_utf8(&mut [0; 4]).as_bytes(), run + 3);
                }
            }
            Part::Other => {}
            Part::Ended => return true,
        },
        b' ' => each(b" ", run + 1),
        other if other.is_ascii_punctuation() && other != b'\\' => each(&[other], run + 1),
        _ => {}
    }
    false
}

/// Four digits, or two times four: JSON spells characters as UTF-16 does.
fn read_code_units(bytes: &[u8], backslashes: usize) -> Part<(char, usize)> {
    let first = match read_hex(bytes, 4) {
        Part::Read(first) => first,
        Part::Other => return Part::Other,
        Part::Ended => return Part::Ended,
    };
    if let Some(character) = char::from_u32(first) {
        return Part::Read((character, 4));
    }
    let between = [&vec![b'\\'; backslashes][..], b"u"].concat();
    let rest = &bytes[4..];
    if !rest.starts_with(&between) {
        return if between.starts_with(rest) {
            Part::Ended
        } else {
            Part::Other
        };
    }
    match read_hex(&rest[between.len()..], 4) {
        Part::Read(second) => {
            let units = [first, second].map(|unit| u16::try_from(unit).unwrap_or_default());
            match char::decode_utf16(units).next() {
                Some(Ok(character)) => Part::Read((character, 8 + between.len())),
                _ => Part::Other,
            }
        }
        Part::Other => Part::Other,
        Part::Ended => Part::Ended,
    }
}

/// `&quot;`, `&#34;`, `&#x22;`, and each of them with its `&` written as `&amp;`.
fn read_reference(bytes: &[u8], each: &mut impl FnMut(&[u8], usize)) -> bool {
    let mut at = 1;
    for _ in 0..=LEVELS {
        let body = &bytes[at..];
        let begins = |name: &[u8]| name.len() > body.len() && name.starts_with(body);
        if NAMED.iter().any(|(name, _)| begins(name)) {
            return true;
        }
        for (name, meant) in NAMED {
            if body.starts_with(name) {
                each(meant, at + name.len());
            }
        }
        if let Some(number) = body.strip_prefix(b"#") {
            match read_number(number) {
                Part::Read((character, length)) => {
                    each(character.encode_utf8(&mut [0; 4]).as_bytes(), at + 1 + length);
                }
                Part::Other => {}
                Part::Ended => return true,
            }
        }
        if !body.starts_with(b"amp;") {
            return false;
        }
        at += 4;
    }
    false
}

/// The digits of a numeric reference and the `;` behind them.
fn read_number(bytes: &[u8]) -> Part<(char, usize)> {
    let (radix, before) = match bytes.first() {
        Some(b'x' | b'X') => (16, 1),
        Some(_) => (10, 0),
        None => return Part::Ended,
    };
    let digits = bytes[before..]
        .iter()
        .take_while(|&&byte| char::from(byte).is_digit(radix))
        .count();
    if digits > MOST_DIGITS {
        return Part::Other;
    }
    match bytes.get(before + digits) {
        None => Part::Ended,
        Some(b';') if digits > 0 => {
            let number = parse_digits(&bytes[before..before + digits], radix);
            match number.and_then(char::from_u32) {
                Some(character) => Part::Read((character, before + digits + 1)),
                None => Part::Other,
            }
        }
        Some(_) => Part::Other,
    }
}

/// `%22`, and `%2522`, which has gone through twice.
fn read_percent(bytes: &[u8], each: &mut impl FnMut(&[u8], usize)) -> bool {
    let mut at = 1;
    for _ in 0..=LEVELS {
        match read_hex(&bytes[at..], 2) {
            Part::Read(number) => each(&[number.to_be_bytes()[3]], at + 2),
            Part::Other => return false,
            Part::Ended => return true,
        }
        if !bytes[at..].starts_with(b"25") {
            return false;
        }
        at += 2;
    }
    false
}

fn read_hex(bytes: &[u8], digits: usize) -> Part<u32> {
    let there = &bytes[..bytes.len().min(digits)];
    if !there.iter().all(u8::is_ascii_hexdigit) {
        return Part::Other;
    }
    match parse_digits(there, 16) {
        Some(number) if there.len() == digits => Part::Read(number),
        _ => Part::Ended,
    }
}

fn parse_digits(digits: &[u8], radix: u32) -> Option<u32> {
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, radix).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<(String, usize)>, bool) {
        let mut ways = Vec::new();
        let open = read_spellings(text.as_bytes(), |meant, length| {
            ways.push((String::from_utf8_lossy(meant).into_owned(), length));
        });
        (ways, open)
    }

    #[test]
    fn every_notation_is_read() {
        for (spelled, meant) in [
            ("a", "a"),
            ("+", " "),
            (r#"\""#, "\""),
            (r#"\\\""#, "\""),
            (r"\/", "/"),
            (r"\\", "\\"),
            (r"\\\\", "\\"),
            (r"\n", "\n"),
            (r"\\n", "\n"),
            (r"\u0041", "A"),
            (r"\u00E9", "é"),
            (r"\\u00e9", "é"),
            (r"\ud83d\ude00", "😀"),
            (r"\\uD83D\\uDE00", "😀"),
            (r"\xe9", "é"),
            ("&quot;", "\""),
            ("&amp;", "&"),
            ("&amp;quot;", "\""),
            ("&#34;", "\""),
            ("&#x22;", "\""),
            ("&#X0022;", "\""),
            ("&amp;#39;", "'"),
            ("%2f", "/"),
            ("%2F", "/"),
            ("%252F", "/"),
        ] {
            let (ways, open) = read(spelled);
            assert!(
                ways.contains(&(meant.to_owned(), spelled.len())),
                "{spelled}: {ways:?}"
            );
            // Another level may follow.
            assert_eq!(open, spelled.ends_with('\\') || spelled == "&amp;", "{spelled}");
        }
    }

    #[test]
    fn what_is_not_whole_yet_may_still_become_something() {
        for whole in [
            r"\u00e9",
            r"\ud83d\ude00",
            "&quot;",
            "&amp;quot;",
            "&#x22;",
            "%2F",
        ] {
            for end in 0..whole.len() {
                assert!(read(&whole[..end]).1, "{}", &whole[..end]);
            }
        }
        for other in [
            "a", r"\z", r"\u00g", r"\ud83d!", "&nbsp;", "&#;", "&#x;", "%g", "%2g",
        ] {
            let (ways, open) = read(other);
            assert_eq!((ways.len(), open), (1, false), "{other}: {ways:?}");
        }
    }

    #[test]
    fn no_spelling_goes_on_for_ever() {
        assert!(!read(&"\\".repeat(1000)).1);
        assert!(!read(&format!("&#{}", "0".repeat(1000))).1);
        assert!(!read(&format!("&{}", "amp;".repeat(1000))).1);
        assert!(!read(&format!("%{}", "25".repeat(1000))).1);
    }
}
