//! Text on a screen: as wide as that is, and no wider. Pure; escape sequences of styles take no
//! room.

use console::{measure_text_width, truncate_str};

/// Words on lines of at most `width` columns, each after `indent` blanks; a longer word has a
/// line of its own. Nothing is cut.
pub(crate) fn wrap_words(text: &str, indent: usize, width: Option<usize>) -> String {
    let margin = " ".repeat(indent);
    let width = width.unwrap_or(usize::MAX);
    let mut lines = margin.clone();
    let mut column = indent;
    for word in text.split(' ') {
        let wide = measure_text_width(word);
        if column > indent && column + 1 + wide > width {
            lines.push('\n');
            lines.push_str(&margin);
            column = indent;
        } else if column > indent {
            lines.push(' ');
            column += 1;
        }
        lines.push_str(word);
        column += wide;
    }
    lines.push('\n');
    lines
}

/// A line that is cut where the screen ends, with a mark.
pub(crate) fn cut_line(line: &str, width: Option<usize>) -> String {
    let line = line.trim_end();
    match width {
        Some(width) => truncate_str(line, width, "\u{2026}").into_owned(),
        None => line.to_owned(),
    }
}

/// As wide as that, with blanks at its end.
pub(crate) fn pad_right(text: &str, width: usize) -> String {
    let missing = width.saturating_sub(measure_text_width(text));
    format!("{text}{}", " ".repeat(missing))
}

/// As wide as that, with blanks before it.
pub(crate) fn pad_left(text: &str, width: usize) -> String {
    let missing = width.saturating_sub(measure_text_width(text));
    format!("{}{text}", " ".repeat(missing))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_wrapped_and_never_cut() {
        let wrapped = wrap_words("one two extraordinarily long", 2, Some(10));
        assert_eq!(wrapped, "  one two\n  extraordinarily\n  long\n");
        assert_eq!(wrap_words("one two", 4, None), "    one two\n");
    }

    #[test]
    fn a_line_is_cut_with_a_mark() {
        assert_eq!(cut_line("abcdef  ", Some(4)), "abc\u{2026}");
        assert_eq!(cut_line("abcdef  ", Some(6)), "abcdef");
        assert_eq!(cut_line("abcdef  ", None), "abcdef");
    }
}
