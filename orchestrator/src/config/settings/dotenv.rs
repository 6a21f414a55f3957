//! `.env` files: `NAME=value` lines. Strict, because a line that is silently
//! misread is a credential that is silently wrong. Never touches the process
//! environment; the caller decides what the variables are for.

use crate::config::problems::codes::Code;
use crate::config::problems::diagnostic::Diagnostic;
use crate::config::problems::gather::Problem;
use crate::config::yaml::source::Source;

/// The variables in the order of the file, a repeated name included.
///
/// A line is `NAME=value`, `export NAME=value`, a `#` comment or blank. The
/// value is bare (up to ` #` or the end), `'literal'`, or `"with \n \t \" \\
/// escapes"`; it never spans lines and nothing is expanded in it.
///
/// # Errors
/// The first line that is something else; its text is not shown, because it
/// may hold a secret.
pub(crate) fn parse_dotenv(file_name: &str, text: &str) -> Result<Vec<(String, String)>, Box<Diagnostic>> {
    let source = Source::new(file_name, text);
    let mut variables = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        match variable(line.trim_end_matches(['\r', '\n'])) {
            Ok(found) => variables.extend(found),
            Err((within, message, hint)) => {
                let problem = Problem::new(Code::DotenvSyntax, start + within, message).hint(hint);
                let mut diagnostic = Box::new(problem.into_diagnostic(&source));
                diagnostic.excerpt = None;
                return Err(diagnostic);
            }
        }
        start += line.len();
    }
    Ok(variables)
}

type Fault = (usize, &'static str, &'static str);

fn variable(line: &str) -> Result<Option<(String, String)>, Fault> {
    let trimmed = line.trim_start();
    if trimmed.is_empty() || trimmed.starts_with('#') {
        return Ok(None);
    }
    let assignment = trimmed.strip_prefix("export ").map_or(trimmed, str::trim_start);
    let at = line.len() - assignment.len();
    let Some((name, value)) = assignment.split_once('=') else {
        return Err((
            at,
            "the line has no `=`",
            "write `NAME=value`, or begin a comment with `#`",
        ));
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    if name.is_empty() || !name.chars().all(is_name) || name.starts_with(|c: char| c.is_ascii_digit()) {
        return Err((
            at,
            "this is not the name of a variable",
            "write `NAME=value` without spaces around the `=`",
        ));
    }
    let value_at = line.len() - value.len();
    let value = match value.chars().next() {
        Some(quote @ ('"' | '\'')) => {
            let (value, rest) =
                quoted(&value[1..], quote).map_err(|(message, hint)| (value_at, message, hint))?;
            let rest = rest.trim_start();
            if !rest.is_empty() && !rest.starts_with('#') {
                return Err((
                    line.len() - rest.len(),
                    "text follows the closing quote",
                    "quote the whole value",
                ));
            }
            value
        }
        Some(' ' | '\t') if !value.trim().is_empty() => {
            return Err((
                value_at,
                "a space follows the `=`",
                "write `NAME=value` without spaces around the `=`",
            ));
        }
        _ => {
            let comment = value
                .find(" #")
                .or_else(|| value.find("\t#"))
                .unwrap_or(value.len());
            value[..comment].trim_end().to_owned()
        }
    };
    if let Some(nul) = line.find('\0') {
        return Err((nul, "the line holds a NUL byte", "remove it"));
    }
    Ok(Some((name.to_owned(), value)))
}

/// The value up to its closing quote, and what follows.
fn quoted(text: &str, quote: char) -> Result<(String, &str), (&'static str, &'static str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, character)) = chars.next() {
        if character == quote {
            return Ok((value, &text[at + 1..]));
        }
        if character != '\\' || quote == '\'' {
            value.push(character);
            continue;
        }
        value.push(match chars.next() {
            Some((_, 'n')) => '\n',
            Some((_, 'r')) => '\r',
            Some((_, 't')) => '\t',
            Some((_, same @ ('"' | '\\' | '$'))) => same,
            _ => {
                return Err((
                    "the value holds an unknown escape",
                    "write `\\\\` for a backslash, or use single quotes",
                ));
            }
        });
    }
    Err((
        "the closing quote is missing",
        "close the quote on the same line; write `\\n` for a line break",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_written() {
        let text = "# comment\r\nA=1\r\nexport B=two words # comment\nC='a # $b \\n'\nD=\"x\\n\\\"y\\\"\" # c\n\nE=\nF=a#b=c\nA=2";
        let pairs: Vec<_> = parse_dotenv(".env", text).unwrap();
        let expected = [
            ("A", "1"),
            ("B", "two words"),
            ("C", "a # $b \\n"),
            ("D", "x\n\"y\""),
            ("E", ""),
            ("F", "a#b=c"),
            ("A", "2"),
        ];
        assert_eq!(
            pairs,
            expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
    }

    #[test]
    fn the_first_wrong_line_is_named_without_its_text() {
        for (text, line, column) in [
            ("A=1\nsecret", 2, 1),
            ("A =1", 1, 1),
            ("1A=1", 1, 1),
            ("export  Ä=1", 1, 9),
            ("A= 1", 1, 3),
            ("A=\"x", 1, 3),
            ("A='x' y", 1, 7),
            ("A=\"\\q\"", 1, 3),
            ("A=x\0", 1, 4),
        ] {
            let diagnostic = parse_dotenv(".env", text).unwrap_err();
            assert_eq!((diagnostic.line, diagnostic.column), (line, column), "{text:?}");
            assert!(!crate::config::render(&diagnostic, false).contains("secret"));
        }
    }
}
