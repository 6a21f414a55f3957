//! Splits Rust into words and marks, and drops comments, strings and numbers: what is
//! merely talked about never counts. Small on purpose: proc-macro2 would do it too,
//! but as a direct dependency it makes Cargo build every derive macro a second time.

/// A word or a single mark of punctuation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    /// `store`, `unsafe`; or `:`, `{`.
    pub(crate) text: String,
    /// The line it stands on, from 1.
    pub(crate) line: usize,
}

/// The words and marks of `source`, in order. What is no Rust yields nonsense, never a panic.
pub(crate) fn tokens(source: &str) -> Vec<Token> {
    let mut rest = source;
    let mut line = 1;
    let mut tokens = Vec::new();
    while let Some(first) = rest.chars().next() {
        let (length, counts) = piece(rest, first);
        let (text, after) = rest.split_at(length);
        if counts {
            let text = text.trim_start_matches("r#").to_owned();
            tokens.push(Token { text, line });
        }
        line += text.matches('\n').count();
        rest = after;
    }
    tokens
}

/// The length of the piece that `rest` begins with, and whether it is a token of ours.
fn piece(rest: &str, first: char) -> (usize, bool) {
    if rest.starts_with("//") {
        return (rest.find('\n').unwrap_or(rest.len()), false);
    }
    if rest.starts_with("/*") {
        return (block_comment(rest), false);
    }
    if let Some(length) = string(rest) {
        return (length, false);
    }
    let word = rest.strip_prefix("r#").unwrap_or(rest);
    let letters = word
        .find(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .unwrap_or(word.len());
    match first {
        '\'' => (quote(rest), false),
        '0'..='9' => (letters, false),
        _ if letters > 0 => (rest.len() - word.len() + letters, true),
        _ => (first.len_utf8(), !first.is_whitespace()),
    }
}

/// Block comments nest.
fn block_comment(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < rest.len() {
        match rest.as_bytes()[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

/// The length of a string literal: plain, byte, C or raw.
fn string(rest: &str) -> Option<usize> {
    let prefix = ["br", "cr", "b", "c", "r", ""].into_iter().find(|prefix| {
        let after = rest.strip_prefix(prefix);
        after.is_some_and(|after| after.trim_start_matches('#').starts_with('"'))
    })?;
    let body = &rest[prefix.len()..];
    let hashes = body.len() - body.trim_start_matches('#').len();
    let start = prefix.len() + hashes + 1;
    if prefix.ends_with('r') {
        let end = format!("\"{}", "#".repeat(hashes));
        let found = rest[start..].find(&end);
        return Some(found.map_or(rest.len(), |at| start + at + end.len()));
    }
    // Hashes without an r are marks of their own; the string comes after them.
    (hashes == 0).then(|| start + closing(&rest[start..], b'"'))
}

/// A character literal, or the tick of a lifetime.
fn quote(rest: &str) -> usize {
    let mut letters = rest.chars().skip(1);
    match (letters.next(), letters.next()) {
        (Some('\\'), _) => 1 + closing(&rest[1..], b'\''),
        (Some(letter), Some('\'')) => 2 + letter.len_utf8(),
        _ => 1,
    }
}

/// Up to and with the first `end` that no backslash hides.
fn closing(rest: &str, end: u8) -> usize {
    let mut escaped = false;
    let found = rest.bytes().position(|byte| {
        let closes = byte == end && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    });
    found.map_or(rest.len(), |at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(source: &str) -> String {
        let words: Vec<String> = tokens(source).into_iter().map(|token| token.text).collect();
        words.join(" ")
    }

    #[test]
    fn strings_comments_and_numbers_are_dropped() {
        assert_eq!(words(r#"a "x\"y\\" b'"' b"z" c"#), "a b c");
        assert_eq!(words(r###"a r"\" b r#"x"y"# br##"x"#y"## c"###), "a b c");
        assert_eq!(words("a /* b /* c */ d */ e // f\ng"), "a e g");
        assert_eq!(words("1_000u64 + 0x1f"), "+");
        assert_eq!(words("#\"x\""), "#");
    }

    #[test]
    fn characters_are_told_from_lifetimes() {
        assert_eq!(
            words(r"f('a', '\'', '\u{1f}', '/', 'ü', '\\') g"),
            "f ( , , , , , ) g"
        );
        assert_eq!(words("f<'a>(x: &'static str)"), "f < a > ( x : & static str )");
    }

    #[test]
    fn raw_identifiers_are_words_and_lines_are_counted() {
        assert_eq!(words("r#type::now"), "type : : now");
        let source = "a\n\"x\ny\"\n/*\n*/ b\nc";
        let lines: Vec<usize> = tokens(source).iter().map(|token| token.line).collect();
        assert_eq!(lines, [1, 5, 6]);
    }

    #[test]
    fn broken_source_does_not_panic() {
        for source in [
            "\"", "r#\"", "/*", "'", "'\\", "b'", "/* ü", "r#", "*/", "\\", "'ü",
        ] {
            tokens(source);
        }
    }
}
