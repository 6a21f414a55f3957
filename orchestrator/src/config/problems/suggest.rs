//! Words for people: choices, and foreign text made safe to show.

use crate::text::make_safe;

/// Foreign text in a message is cut after so many characters.
pub(crate) const SHOWN: usize = 60;

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
    format!("`{}`", one_line(&shown))
}

/// The text as a YAML double-quoted scalar, which is how a hint shows it.
pub(crate) fn yaml_string(text: &str) -> String {
    format!(
        "\"{}\"",
        one_line(&text.replace('\\', "\\\\").replace('"', "\\\""))
    )
}

/// Foreign text for one line of a message or an excerpt. A tab becomes a space, so that
/// what is underlined stands above its underline.
pub(crate) fn one_line(text: &str) -> String {
    make_safe(&text.replace('\t', " ")).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_cannot_move_the_cursor() {
        assert_eq!(
            quote("a\u{1b}[2Jb\u{9b}1m\r\n"),
            "`a\\u{1b}[2Jb\\u{9b}1m\\u{d}\\u{a}`"
        );
        assert_eq!(one_line("\u{202e}x\u{200b}"), "\\u{202e}x\\u{200b}");
        assert_eq!(quote(&"é".repeat(100)).chars().count(), 63);
    }

    #[test]
    fn choices_read_like_a_sentence() {
        assert_eq!(choices(["a"]), "`a`");
        assert_eq!(choices(["a", "b", "c"]), "`a`, `b` or `c`");
    }
}
