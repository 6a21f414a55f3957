//! Where a line of a file may hold a secret: what stands for a password in a URL, and the
//! values of keys and options whose names say so. Excerpts and messages go to terminals, logs,
//! databases and the web, and a file with a mistake in it is shown before anybody knows its
//! secrets. Rather too much than too little; each line is read once. Pure.

use std::ops::Range;

/// A key, a parameter or an option with one of these in its name.
const SECRET_WORDS: [&str; 11] = [
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "token",
    "secret",
    "api_key",
    "api-key",
    "apikey",
    "credential",
    "private_key",
];

/// Keys whose URL lets in whoever knows what stands behind its host.
const URL_WORDS: [&str; 2] = ["webhook", "url"];

/// The bytes of `line` that are not to be shown, in order.
pub(crate) fn secret_spans(line: &str) -> Vec<Range<usize>> {
    let mut spans = in_urls(line);
    let named = in_named_values(line);
    spans.extend(named.into_iter().filter(|span| !span.is_empty()));
    spans.sort_by_key(|span| span.start);
    spans
}

/// Whether what stands on the lines below this one, further in, may be the value of a secret.
pub(crate) fn begins_secret(line: &str) -> bool {
    let end = line.trim_end().len();
    in_named_values(line).last().is_some_and(|span| span.end == end)
}

/// `text` with stars in these places, as many as there are characters.
pub(crate) fn starred(text: &str, at: usize, spans: &[Range<usize>]) -> String {
    let is_secret = |place: usize| {
        let next = spans.partition_point(|span| span.end <= place);
        spans.get(next).is_some_and(|span| span.contains(&place))
    };
    text.char_indices()
        .map(|(offset, character)| if is_secret(at + offset) { '*' } else { character })
        .collect()
}

/// `scheme://user:PASSWORD@host`, and `http://TOKEN@host`.
fn in_urls(line: &str) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    let mut from = 0;
    while let Some(found) = line[from..].find("://") {
        let begin = from + found + 3;
        let scheme_begin = line[..begin - 3]
            .rfind(|character: char| !character.is_ascii_alphanumeric() && !"+-.".contains(character))
            .map_or(0, |at| at + line[at..].chars().next().map_or(1, char::len_utf8));
        let scheme = &line[scheme_begin.max(from)..begin - 3];
        let quote = line[..scheme_begin]
            .chars()
            .next_back()
            .filter(|quote| "\"'".contains(*quote));
        let ends = |character: char| character.is_whitespace() || Some(character) == quote;
        let end = line[begin..]
            .find(ends)
            .map_or(line.len(), |length| begin + length);
        if let Some(length) = line[begin..end].rfind('@') {
            let user_info = begin..begin + length;
            match line[user_info.clone()].find(':') {
                Some(colon) => spans.push(begin + colon + 1..user_info.end),
                // A name alone is no secret where a password is another field.
                None if scheme.starts_with("http") => spans.push(user_info),
                None => {}
            }
        }
        from = end;
    }
    spans
}

/// The values of what has a name that says so; one without a value on this line is empty.
fn in_named_values(line: &str) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    let mut from = 0;
    while let Some((begin, end)) = next_word(line, from) {
        from = end;
        let word = line[begin..end].to_ascii_lowercase();
        let is_secret = SECRET_WORDS.iter().any(|secret| word.contains(secret))
            && !word.ends_with("_env")
            && word != "secrets";
        let is_url = URL_WORDS.contains(&word.as_str());
        if !is_secret && !is_url {
            continue;
        }
        let Some((value, goes_to_line_end)) = value_after(line, end, word.starts_with("--")) else {
            continue;
        };
        from = value.end.max(end);
        let hidden = if is_secret {
            value
        } else {
            behind_host(line, value)
        };
        if goes_to_line_end || !hidden.is_empty() {
            spans.push(hidden);
        }
    }
    spans
}

/// The next run of letters as names have them.
fn next_word(line: &str, from: usize) -> Option<(usize, usize)> {
    let is_of_word = |character: char| character.is_ascii_alphanumeric() || "_-.".contains(character);
    let begin = from + line[from..].find(is_of_word)?;
    let length = line[begin..].find(|character| !is_of_word(character));
    Some((begin, length.map_or(line.len(), |length| begin + length)))
}

/// What a name that ends here is given: `name: value`, `"name":"value"`, `name=value` and, for
/// an option, `--name", "value"`; whether it goes on to the end of the line.
fn value_after(line: &str, end: usize, is_option: bool) -> Option<(Range<usize>, bool)> {
    let rest = &line[end..];
    if let Some(value) = rest.strip_prefix('=') {
        let begin = line.len() - value.len();
        let ends = |character: char| character.is_whitespace() || "&\"'".contains(character);
        let length = value.find(ends).unwrap_or(value.len());
        return Some((begin..begin + length, false));
    }
    let unquoted = rest.strip_prefix(['"', '\'']);
    let after = unquoted.unwrap_or(rest).trim_start();
    let value = match after.chars().next()? {
        ':' => {
            let value = &after[1..];
            let is_key = unquoted.is_some() || value.is_empty() || value.starts_with([' ', '\t']);
            is_key.then_some(value)?
        }
        ',' if is_option => &after[1..],
        _ => return None,
    };
    Some(scalar(line, line.len() - value.trim_start().len()))
}

/// The text that begins here, without its quotes, and whether it goes on to the end of the line.
fn scalar(line: &str, begin: usize) -> (Range<usize>, bool) {
    let text = &line[begin..];
    let trimmed = begin + text.trim_end().len();
    if let Some(quote) = text.chars().next().filter(|quote| "\"'".contains(*quote)) {
        let mut escaped = false;
        let closing = text[1..].find(|character| {
            let closes = character == quote && !escaped;
            escaped = character == '\\' && quote == '"' && !escaped;
            closes
        });
        return match closing {
            Some(length) => (begin + 1..begin + 1 + length, false),
            None => (begin + 1..trimmed.max(begin + 1), true),
        };
    }
    // A block, whose text is below.
    if text.starts_with(['|', '>']) || text.trim_end().is_empty() {
        return (trimmed..trimmed, true);
    }
    let ends = [", ", " #"].iter().filter_map(|end| text.find(end)).min();
    match ends {
        Some(length) => (begin..begin + length, false),
        None => (begin..trimmed, true),
    }
}

/// Of a URL what stands behind its host; of what is none all.
fn behind_host(line: &str, value: Range<usize>) -> Range<usize> {
    let text = &line[value.clone()];
    let host = text.find("://").map_or(0, |at| at + 3);
    match text[host..].find('/') {
        Some(slash) => value.start + host + slash + 1..value.end,
        None if host == 0 => value,
        None => value.end..value.end,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(line: &str) -> String {
        starred(line, 0, &secret_spans(line))
    }

    #[test]
    fn what_may_be_a_secret_is_not_shown_and_all_else_stays_where_it_is() {
        for (line, expected) in [
            (
                "    server: smtp://me:hunter2@mx:25",
                "    server: smtp://me:*******@mx:25",
            ),
            ("server: \"smtp://me:a b@mx\"", "server: \"smtp://me:a b@mx\""),
            (
                "database_url: postgres://me:p/a@s@h/db",
                "database_url: postgres://me:*****@h/db",
            ),
            (
                "database_url: postgres://me@h/db",
                "database_url: postgres://me@h/db",
            ),
            (
                "x: [\"postgres://h/d?password=s3cret&x=1\"]",
                "x: [\"postgres://h/d?password=******&x=1\"]",
            ),
            (
                "x: host=h password=s3cret user=u",
                "x: host=h password=****** user=u",
            ),
            (
                "repository: https://ghp_abc@host/r",
                "repository: https://*******@host/r",
            ),
            ("repository: ssh://git@host/r", "repository: ssh://git@host/r"),
            ("password: hunter2 # mine", "password: ******* # mine"),
            ("  \"token\":\"a\\\"b\", x: 1", "  \"token\":\"****\", x: 1"),
            ("GITHUB_TOKEN: ghé", "GITHUB_TOKEN: ***"),
            (
                "{user: u, password: x y, from: z}",
                "{user: u, password: ***, from: z}",
            ),
            ("password_env: SMTP_PW", "password_env: SMTP_PW"),
            ("secrets: [PW]", "secrets: [PW]"),
            ("args: [\"{secret:PW}\"]", "args: [\"{secret:PW}\"]"),
            (
                "args: [\"--password\", \"hunter2\", x]",
                "args: [\"--password\", \"*******\", x]",
            ),
            ("args: [\"--token=abc\", x]", "args: [\"--token=***\", x]"),
            (
                "- webhook: https://hooks.example/T0/B0",
                "- webhook: https://hooks.example/*****",
            ),
            ("- webhook: htps:/x", "- webhook: htps:/*"),
            ("webhook_env: HOOK", "webhook_env: HOOK"),
            ("on: [failure]", "on: [failure]"),
        ] {
            assert_eq!(shown(line), expected);
        }
    }

    #[test]
    fn a_secret_may_stand_on_the_next_line() {
        for line in [
            "password:",
            "  token: |",
            "password: \"abc",
            "password: abc",
            "- api_key: >-",
        ] {
            assert!(begins_secret(line), "{line}");
        }
        for line in [
            "password: \"abc\"",
            "password: a # b",
            "user: me",
            "password_env:",
            "",
        ] {
            assert!(!begins_secret(line), "{line}");
        }
    }

    proptest! {
        #[test]
        fn no_line_is_too_odd(line in r#"[a@:/\\"'é ,#=|{}\-]{0,20}(password|token|://|url)?[a@:/\\"'é ,#=|{}\-]{0,20}"#) {
            let shown = shown(&line);
            prop_assert_eq!(shown.chars().count(), line.chars().count());
            begins_secret(&line);
        }
    }
}
