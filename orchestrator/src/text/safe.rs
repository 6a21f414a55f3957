//! The one way to make a stranger's text harmless for a terminal. Pure; called wherever
//! bytes of a collector, a file or a peer are shown to people.

use std::borrow::Cow;

/// Appends text for a terminal in which no collector can move the cursor, change
/// colours or forge another one's line: control characters (C0 but tab, DEL, C1),
/// and the invisible characters that reorder or hide text, are shown as escapes.
/// Bytes that are no UTF-8 become replacement characters.
pub fn push_neutralised(into: &mut String, bytes: &[u8]) {
    let printable = |&byte: &u8| (0x20..0x7f).contains(&byte) || byte == b'\t';
    if bytes.iter().all(printable) {
        // The common case by far, and a fifth of the cost.
        into.push_str(&String::from_utf8_lossy(bytes));
        return;
    }
    for c in String::from_utf8_lossy(bytes).chars() {
        if c != '\t' && (c.is_control() || is_deceptive(c)) {
            into.extend(c.escape_unicode());
        } else {
            into.push(c);
        }
    }
}

/// [`push_neutralised`] for a single piece of text.
pub fn neutralised(text: &str) -> Cow<'_, str> {
    if text
        .chars()
        .any(|c| c != '\t' && (c.is_control() || is_deceptive(c)))
    {
        let mut safe = String::with_capacity(text.len() + 16);
        push_neutralised(&mut safe, text.as_bytes());
        Cow::Owned(safe)
    } else {
        Cow::Borrowed(text)
    }
}

/// Bidirectional overrides and line separators (Unicode TR 36, "Trojan Source").
fn is_deceptive(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(bytes: &[u8]) -> String {
        let mut text = String::new();
        push_neutralised(&mut text, bytes);
        text
    }

    #[test]
    fn escapes_cannot_reach_the_terminal() {
        assert_eq!(shown(b"plain\ttext"), "plain\ttext");
        assert_eq!(shown(b"\x1b[2Jgone"), "\\u{1b}[2Jgone");
        assert_eq!(shown(b"10%\r20%"), "10%\\u{d}20%");
        assert_eq!(shown("\u{9b}31m".as_bytes()), "\\u{9b}31m");
        assert_eq!(shown("\u{202e}abc".as_bytes()), "\\u{202e}abc");
        assert_eq!(shown("gr\u{fc}n".as_bytes()), "gr\u{fc}n");
        assert_eq!(shown(b"\xff\xfe"), "\u{fffd}\u{fffd}");
        assert_eq!(neutralised("ok"), "ok");
        assert_eq!(neutralised("a\nb"), "a\\u{a}b");
    }
}
