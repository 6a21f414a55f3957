//! Words for people: choices, and foreign text made safe to show.

use std::fmt::Write as _;

/// Foreign text in a message is cut after so many characters.
const SHOWN: usize = 60;

/// `a`, `b` or `c`.
pub(crate) fn choices<'c>(words: impl IntoIterator<Item = &'c str>) -> String {
    enumerate(words, "or")
}

/// `a`, `b` and `c`, or with another word before the last one.
pub(crate) fn enumerate<'c>(words: impl IntoIterator<Item = &'c str>, before_last: &str) -> String {
    let quoted: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} {before_last} {last}", others.join(", ")),
        None => String::new(),
    }
}

/// Foreign text between backticks: one line, short, without control characters.
pub(crate) fn quote(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    format!("`{}`", visible(&shown))
}

/// The text as a YAML double-quoted scalar, which is how a hint shows it.
pub(crate) fn yaml_string(text: &str) -> String {
    format!(
        "\"{}\"",
        visible(&text.replace('\\', "\\\\").replace('"', "\\\""))
    )
}

/// The text with every character replaced that could move the cursor, change
/// the direction of writing, or not be seen at all.
pub(crate) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\t' => shown.push(' '),
            '\0'..='\u{1f}' => shown.extend(char::from_u32(0x2400 + u32::from(character))),
            '\u{7f}' => shown.push('␡'),
            '\u{80}'..='\u{9f}'
            | '\u{ad}'
            | '\u{61c}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' => {
                // Writing to a String cannot fail.
                let _ = write!(shown, "<U+{:04X}>", u32::from(character));
            }
            _ => shown.push(character),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_cannot_move_the_cursor() {
        assert_eq!(quote("a\u{1b}[2Jb\u{9b}1m\r\n"), "`a␛[2Jb<U+009B>1m␍␊`");
        assert_eq!(visible("\u{202e}x\u{200b}"), "<U+202E>x<U+200B>");
        assert_eq!(quote(&"é".repeat(100)).chars().count(), 63);
    }

    #[test]
    fn choices_read_like_a_sentence() {
        assert_eq!(choices(["a"]), "`a`");
        assert_eq!(choices(["a", "b", "c"]), "`a`, `b` or `c`");
    }
}
