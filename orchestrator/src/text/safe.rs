//! The one way to make a stranger's text harmless for people. Pure; called wherever
//! bytes of a collector, a file or a peer are shown: the console, `check`, the log of the
//! service, notices, pages. What is kept (logs, records, JSON) keeps its bytes.

use std::borrow::Cow;

/// Appends text in which no collector can move the cursor, change colours, forge
/// another one's line or hide something: control characters but tab, and characters
/// that are not seen or that reorder others, are shown as escapes (`\u{202e}`).
/// Bytes that are no UTF-8 become replacement characters.
pub(crate) fn push_safe(into: &mut String, bytes: &[u8]) {
    let printable = |&byte: &u8| (0x20..0x7f).contains(&byte) || byte == b'\t';
    if bytes.iter().all(printable) {
        // The common case by far, and a fifth of the cost.
        into.push_str(&String::from_utf8_lossy(bytes));
        return;
    }
    let mut before = None;
    for c in String::from_utf8_lossy(bytes).chars() {
        if must_escape(before, c) {
            into.extend(c.escape_unicode());
        } else {
            into.push(c);
        }
        before = Some(c);
    }
}

/// [`push_safe`] for a single piece of text.
pub(crate) fn make_safe(text: &str) -> Cow<'_, str> {
    if first_unseen(text).is_some() {
        let mut safe = String::with_capacity(text.len() + 16);
        push_safe(&mut safe, text.as_bytes());
        Cow::Owned(safe)
    } else {
        Cow::Borrowed(text)
    }
}

/// The first character that [`make_safe`] shows as an escape: a name with one looks like
/// another name, or like none.
pub(crate) fn first_unseen(text: &str) -> Option<char> {
    let before = std::iter::once(None).chain(text.chars().map(Some));
    let mut unseen = before
        .zip(text.chars())
        .filter(|(before, c)| must_escape(*before, *c));
    unseen.next().map(|(_, c)| c)
}

fn must_escape(before: Option<char>, c: char) -> bool {
    match c {
        '\t' => false,
        // A symbol as text or as a picture: seen by its effect, and in half of all
        // console output that is friendly. Anywhere else it would be hidden.
        '\u{fe0e}' | '\u{fe0f}' => !before.is_some_and(is_symbol),
        _ => c.is_control() || is_hidden(c),
    }
}

fn is_symbol(c: char) -> bool {
    !c.is_ascii() && !c.is_alphanumeric() && !c.is_whitespace() && !c.is_control() && !is_hidden(c)
}

/// Characters that have no shape of their own: those that reorder or join others
/// (Unicode TR 36, "Trojan Source"), line and paragraph separators, everything that may
/// be left out of a display (Default_Ignorable_Code_Point: soft hyphen, zero-width
/// spaces, fillers, variation selectors, tags), and the other format characters (Cf).
/// Two names that look alike are then the same.
fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{115f}'..='\u{1160}'
        | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{13430}'..='\u{1343f}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(bytes: &[u8]) -> String {
        let mut text = String::new();
        push_safe(&mut text, bytes);
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
        assert_eq!(make_safe("ok"), "ok");
        assert_eq!(make_safe("a\nb"), "a\\u{a}b");
    }

    #[test]
    fn nothing_that_cannot_be_seen_passes() {
        // Format characters that are seen: signs that stand before digits.
        let seen = regex::Regex::new(r"\p{Prepended_Concatenation_Mark}").unwrap();
        let hidden =
            regex::Regex::new(r"[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]").unwrap();
        let mut utf8 = [0; 4];
        for c in '\0'..=char::MAX {
            let text: &str = c.encode_utf8(&mut utf8);
            let escaped = c.escape_unicode().to_string();
            let expected = if c != '\t' && hidden.is_match(text) && !seen.is_match(text) {
                escaped.as_str()
            } else {
                text
            };
            assert_eq!(make_safe(text), expected, "{escaped}");
        }
    }

    #[test]
    fn a_variation_selector_stays_where_its_effect_is_seen() {
        assert_eq!(make_safe("\u{26a0}\u{fe0f} slow"), "\u{26a0}\u{fe0f} slow");
        assert_eq!(make_safe("a\u{fe0f}"), "a\\u{fe0f}");
        assert_eq!(
            make_safe("\u{26a0}\u{fe0f}\u{fe0f}\u{fe01}"),
            "\u{26a0}\u{fe0f}\\u{fe0f}\\u{fe01}"
        );
        assert_eq!(
            shown("\u{26a0}\u{fe0f}\u{200b}".as_bytes()),
            "\u{26a0}\u{fe0f}\\u{200b}"
        );
    }
}
