//! The lines of a schedule file without the values of its `env:` mappings, which are nobody's
//! business. By lines, so that a file which is no YAML is shown too; where it is not sure what
//! belongs to a mapping, it hides too much.

const HIDDEN: &str = "\u{2026}";

/// The lines, with a mark instead of what is hidden.
pub(crate) fn hide_env(text: &str) -> Vec<String> {
    let mut shown = Vec::new();
    // The indentation of the `env` key whose mapping goes on.
    let mut within: Option<usize> = None;
    // Braces that a mapping in flow style has left open.
    let mut open = 0;
    for line in text.lines() {
        if open > 0 {
            let (rest, left) = skip_braces(line, open);
            open = left;
            shown.push(format!("{HIDDEN}{}", hide_in(rest, &mut open)));
            continue;
        }
        let indent = line.len() - line.trim_start_matches([' ', '-']).len();
        let is_blank = line.trim().is_empty();
        match within {
            Some(_) if is_blank => shown.push(line.to_owned()),
            Some(key) if indent > key => shown.push(hide_value(line, indent)),
            _ => {
                within = None;
                let line = hide_in(line, &mut open);
                if let Some(column) = key_at(&line)
                    && line[column..]
                        .split_once(':')
                        .is_some_and(|(_, rest)| is_nothing(rest))
                {
                    within = Some(column);
                }
                shown.push(line);
            }
        }
    }
    shown
}

/// `NAME: value` without the value; a line of another form is hidden whole.
fn hide_value(line: &str, indent: usize) -> String {
    let (space, rest) = line.split_at(indent);
    match rest.split_once(':') {
        Some((name, _)) if is_name(name) => format!("{space}{name}: {HIDDEN}"),
        _ if rest.starts_with('#') => line.to_owned(),
        _ => format!("{space}{HIDDEN}"),
    }
}

fn is_name(name: &str) -> bool {
    let name = name.trim_matches(['"', '\'']);
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Nothing, or a comment, after a key: its mapping stands on the lines below.
fn is_nothing(rest: &str) -> bool {
    let rest = rest.trim();
    rest.is_empty() || rest.starts_with('#')
}

/// The column of an `env` key that begins a line.
fn key_at(line: &str) -> Option<usize> {
    let column = line.len() - line.trim_start_matches([' ', '-']).len();
    let rest = &line[column..];
    ["env", "\"env\"", "'env'"]
        .iter()
        .any(|key| {
            rest.strip_prefix(key)
                .is_some_and(|rest| rest.trim_start().starts_with(':'))
        })
        .then_some(column)
}

/// The line without what stands in braces after an `env:`, or after it at all.
fn hide_in(line: &str, open: &mut usize) -> String {
    let mut shown = String::new();
    let mut rest = line;
    while let Some(at) = next_env(rest) {
        let (before, value) = rest.split_at(at);
        shown.push_str(before);
        let trimmed = value.trim_start();
        if is_nothing(value) {
            rest = value;
            break;
        }
        if let Some(inner) = trimmed.strip_prefix('{') {
            let (after, left) = skip_braces(inner, 1);
            *open = left;
            shown.push_str(&format!(" {{{HIDDEN}}}"));
            rest = after;
        } else {
            // An anchor, an alias, a scalar: whatever it is.
            shown.push_str(&format!(" {HIDDEN}"));
            rest = "";
        }
    }
    shown + rest
}

/// Behind the colon of the next `env:` that is a key.
fn next_env(line: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(found) = line[from..].find("env") {
        let at = from + found;
        let before = line[..at].chars().next_back();
        let is_key = before.is_none_or(|before| " -{,\"'".contains(before));
        let after = line[at + 3..].trim_start_matches(['"', '\'']).trim_start();
        if is_key && after.starts_with(':') {
            let colon = line[at..].find(':')?;
            return Some(at + colon + 1);
        }
        from = at + 3;
    }
    None
}

/// What stands behind the brace that closes, and how many are open if none does.
fn skip_braces(text: &str, open: usize) -> (&str, usize) {
    let mut open = open;
    let mut quote: Option<char> = None;
    for (at, letter) in text.char_indices() {
        match (quote, letter) {
            (Some(own), letter) if own == letter => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(letter),
            (None, '{') => open += 1,
            (None, '}') => {
                open -= 1;
                if open == 0 {
                    return (&text[at + 1..], 0);
                }
            }
            (None, _) => {}
        }
    }
    ("", open)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_the_environment_are_never_shown() {
        for (text, shown) in [
            (
                "- command: a\n  env:\n    TOKEN: hush\n    B: |\n      hush\n  schedule: daily",
                "- command: a\n  env:\n    TOKEN: \u{2026}\n    B: \u{2026}\n      \u{2026}\n  schedule: daily",
            ),
            (
                "- {command: a, env: {A: hush, B: \"}hush\"}, schedule: daily}",
                "- {command: a, env: {\u{2026}}, schedule: daily}",
            ),
            ("defaults: {env: &e {A: hush}}", "defaults: {env: \u{2026}"),
            (
                "  env: {A: hush,\n    B: hush}\n  x: y",
                "  env: {\u{2026}}\n\u{2026}\n  x: y",
            ),
            ("  \"env\": {A: hush}", "  \"env\": {\u{2026}}"),
            (
                "- env: # hush, says nobody\n    A: hush",
                "- env: # hush, says nobody\n    A: \u{2026}",
            ),
            (
                "  environment: x\n  command: run_env",
                "  environment: x\n  command: run_env",
            ),
            (
                "  env:\n\n    # why\n    A: hush\n  b: c",
                "  env:\n\n    # why\n    A: \u{2026}\n  b: c",
            ),
        ] {
            assert_eq!(hide_env(text).join("\n"), shown);
        }
    }

    proptest::proptest! {
        /// However it is spelled or broken: a line for each line, and no panic.
        #[test]
        fn every_line_stays_a_line(text in "([ -]{0,4}(env|\"env\"|a)?[:{}\"' x\u{fc}#]{0,8}\n){0,8}") {
            proptest::prop_assert_eq!(hide_env(&text).len(), text.lines().count());
        }
    }
}
