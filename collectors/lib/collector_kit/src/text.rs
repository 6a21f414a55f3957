//! Text from outside, made safe and short for a line of output. Names in a
//! repository are chosen by strangers: they may hold escapes that move the
//! cursor, newlines that forge another line, or a megabyte of anything.

/// `text` with at most `max` characters; a longer one ends in `…`.
pub fn bounded(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        None => text.to_owned(),
        Some(_) => {
            let end = text
                .char_indices()
                .nth(max.saturating_sub(1))
                .map_or(0, |(at, _)| at);
            format!("{}…", &text[..end])
        }
    }
}

/// `text` fit for one line of a terminal or a log: control characters, line and
/// paragraph separators and the characters that reorder text (Unicode's
/// bidirectional controls) become `\u{..}`, and at most `max` characters remain.
pub fn printable(text: &str, max: usize) -> String {
    let mut out = String::with_capacity(text.len().min(max));
    for c in bounded(text, max).chars() {
        if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') || reorders(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

/// Whether `c` changes the order in which its neighbours are shown
/// (Bidi_Control, UAX #9).
fn reorders(c: char) -> bool {
    matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A number with a space between thousands: `1 234 567`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

/// `1 commit`, `2 commits`: the number, grouped, with its noun.
pub fn plural(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number), if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_cannot_reach_a_terminal() {
        assert_eq!(printable("a\x1b[2Jb\nc", 80), r"a\u{1b}[2Jb\u{a}c");
        assert_eq!(printable("x\u{202e}y\u{9b}z", 80), r"x\u{202e}y\u{9b}z");
        assert_eq!(printable("Zoë 漢字", 80), "Zoë 漢字");
    }

    #[test]
    fn long_text_is_cut_on_a_character() {
        assert_eq!(bounded("abcdef", 6), "abcdef");
        assert_eq!(bounded("abcdefg", 6), "abcde…");
        assert_eq!(bounded("ééé", 2), "é…");
        assert_eq!(printable(&"x".repeat(1 << 20), 100).chars().count(), 100);
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_000), "1 000");
        assert_eq!(grouped(1_234_567), "1 234 567");
        assert_eq!(plural(1, "commit", "commits"), "1 commit");
    }
}
