//! `.env` files. Never touches the process environment; the caller decides what the variables
//! are for. A line that cannot be read costs that line and a warning, and never an end.

use crate::config::problems::codes::Code;
use crate::config::problems::diagnostic::Diagnostic;
use crate::config::problems::gather::Problem;
use crate::config::settings::dotenv_lines::{DotenvLines, Style, WrittenValue};
use crate::config::yaml::source::Source;

/// More lines than these that cannot be read, and it is another kind of file.
const SHOWN: usize = 20;

/// No variable can be longer: MAX_ARG_STRLEN of execve(2). A value made of others that are made of
/// others soon would be.
const LONGEST: usize = 128 << 10;

/// What a `.env` file says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Dotenv {
    /// In the order of the file, a repeated name included: the last one counts.
    pub(crate) variables: Vec<(String, String)>,
    /// Without a word of its text, which may be secret.
    pub(crate) warnings: Vec<Diagnostic>,
}

impl Dotenv {
    /// That of a file which cannot be read.
    pub(crate) fn unreadable(file_name: &str, why: &str) -> Self {
        let message = format!("{file_name} is left out: {why}");
        let warning = Problem::new(Code::DotenvFile, 0, message)
            .hint("its variables are not set")
            .into_diagnostic(&Source::new(file_name, ""));
        Self {
            variables: Vec::new(),
            warnings: vec![without_text(warning)],
        }
    }
}

/// Reads a file; `outer` knows the variables that are set already, for `${NAME}` in it.
pub(crate) fn parse_dotenv(file_name: &str, bytes: &[u8], outer: &dyn Fn(&str) -> Option<String>) -> Dotenv {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Dotenv::unreadable(file_name, "it is UTF-16 text; save it as UTF-8");
    }
    let text = readable(bytes);
    let mut found = Dotenv::default();
    let mut problems = Vec::new();
    let mut styles: Vec<(Style, usize, usize)> = Vec::new();
    for line in DotenvLines::new(&text) {
        let line = match line {
            Ok(line) => line,
            Err(problem) => {
                let message = format!("the line is left out: {}", problem.message);
                problems.push(Problem::new(Code::DotenvLine, problem.at, message).hint(problem.hint));
                continue;
            }
        };
        if let Some(style) = line.style {
            match styles.iter_mut().find(|(known, ..)| *known == style) {
                Some((_, _, count)) => *count += 1,
                None => styles.push((style, line.at, 1)),
            }
        }
        let known = |name: &str| {
            let earlier = || found.variables.iter().rev().find(|(known, _)| known == name);
            outer(name).or_else(|| earlier().map(|(_, value)| value.clone()))
        };
        let (value, unset) = evaluate(line.value, &known);
        if unset {
            let message = "a `${...}` of this value names a variable that is not set: nothing stands for it";
            let hint = "set it above this line or in the environment, or quote the value with single quotes";
            problems.push(Problem::new(Code::DotenvStyle, line.at, message).hint(hint));
        }
        if line.name.len() + value.len() >= LONGEST {
            let message =
                "the line is left out: the value is longer than 128 KiB, the most that a variable can have";
            let hint = "keep it in a file, and name that";
            problems.push(Problem::new(Code::DotenvLine, line.at, message).hint(hint));
            continue;
        }
        found.variables.push((line.name.to_owned(), value));
    }
    let hidden = problems.len().saturating_sub(SHOWN);
    if let Some(next) = problems.get(SHOWN).map(|problem| problem.at) {
        problems.truncate(SHOWN);
        let message = format!("{hidden} more warnings of this file are not shown");
        problems.push(Problem::new(Code::MoreWarnings, next, message));
    }
    problems.extend(
        styles
            .into_iter()
            .map(|(style, at, count)| about(style, at, count)),
    );
    problems.sort_by_key(|problem| problem.at);
    let source = Source::new(file_name, &text);
    let told = problems
        .into_iter()
        .map(|problem| problem.into_diagnostic(&source));
    found.warnings = told.map(without_text).collect();
    found
}

/// As text with line feeds alone, as Python reads it; a byte that is not UTF-8 becomes a NUL, which
/// no value may hold.
fn readable(bytes: &[u8]) -> String {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            text.push('\0');
        }
    }
    match text.contains('\r') {
        true => text.replace("\r\n", "\n").replace('\r', "\n"),
        false => text,
    }
}

fn about(style: Style, at: usize, count: usize) -> Problem {
    let lines = match count {
        1 => "this line",
        _ => "several lines, this one first",
    };
    let (what, hint) = match style {
        Style::Blanks => ("blanks stand around the `=`", "write `NAME=value`"),
        Style::SeveralLines => (
            "a value goes on over several lines",
            "write it in one line, with `\\n` between double quotes",
        ),
        Style::InnerQuotes => (
            "quotes stand within quotes of the same kind",
            "quote with the other kind",
        ),
    };
    let message = format!("{what} in {lines}: it is read, but not by every program that reads such files");
    Problem::new(Code::DotenvStyle, at, message).hint(hint)
}

fn without_text(mut diagnostic: Diagnostic) -> Diagnostic {
    diagnostic.excerpt = None;
    diagnostic
}

/// The value that is meant, and whether it names a variable that is not set.
fn evaluate(written: WrittenValue<'_>, known: &dyn Fn(&str) -> Option<String>) -> (String, bool) {
    match written {
        WrittenValue::Single(text) => (unescape_single(text), false),
        WrittenValue::Bare(text) => expand(text, false, known),
        WrittenValue::Double(text) => expand(text, true, known),
    }
}

fn unescape_single(text: &str) -> String {
    let mut value = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let escaped = chars.next_if(|next| c == '\\' && matches!(next, '\\' | '\''));
        value.push(escaped.unwrap_or(c));
    }
    value
}

/// With `${NAME}` and `${NAME:-default}` replaced and, if `escapes`, escapes as well.
fn expand(text: &str, escapes: bool, known: &dyn Fn(&str) -> Option<String>) -> (String, bool) {
    let (mut value, mut unset) = (String::with_capacity(text.len()), false);
    let mut rest = text;
    while let Some(c) = rest.chars().next().filter(|_| value.len() <= LONGEST) {
        if let Some((name, default, after)) = reference(rest) {
            match known(name).or_else(|| default.map(str::to_owned)) {
                Some(known) => value.push_str(&known),
                None => unset = true,
            }
            rest = after;
            continue;
        }
        rest = &rest[c.len_utf8()..];
        match rest
            .chars()
            .next()
            .filter(|_| escapes && c == '\\')
            .and_then(unescape)
        {
            Some(meant) => {
                value.push(meant);
                rest = &rest[1..];
            }
            None => value.push(c),
        }
    }
    (value, unset)
}

/// The name, the default and what follows, if the text begins with `${`.
fn reference(text: &str) -> Option<(&str, Option<&str>, &str)> {
    let (inner, after) = text.strip_prefix("${")?.split_once('}')?;
    match inner.split_once(':') {
        None => Some((inner, None, after)),
        Some((name, default)) => Some((name, Some(default.strip_prefix('-')?), after)),
    }
}

/// What a backslash and this letter mean; others stand for themselves, backslash included.
fn unescape(letter: char) -> Option<char> {
    Some(match letter {
        '\\' | '\'' | '"' | '$' => letter,
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &[u8]) -> Dotenv {
        let outer = |name: &str| (name == "OUTER").then(|| "outer".to_owned());
        parse_dotenv(".env", text, &outer)
    }

    fn values(text: &str) -> Vec<(String, String)> {
        parse(text.as_bytes()).variables
    }

    #[test]
    fn lines_of_windows_are_lines() {
        let expected = [("KEY".to_owned(), "-----BEGIN\nabc\n-----END".to_owned())];
        assert_eq!(values("KEY=\"-----BEGIN\r\nabc\r\n-----END\"\r\n"), expected);
    }

    #[test]
    fn values_made_of_values_cost_their_line_and_no_memory() {
        let mut text = "Z0=xx\n".to_owned();
        for step in 0..40 {
            text.push_str(&format!("Z{}=${{Z{step}}}${{Z{step}}}\n", step + 1));
        }
        text.push_str(&format!("MANY={}\nLAST=1\n", "${Z15}".repeat(10_000)));
        let found = parse(text.as_bytes());
        let bytes: usize = found.variables.iter().map(|(_, value)| value.len()).sum();
        assert!(bytes < 2 * LONGEST, "{bytes}");
        assert_eq!(
            found.variables.last().unwrap(),
            &("LAST".to_owned(), "1".to_owned())
        );
        let told = found.warnings.iter().map(|warning| warning.message.as_str());
        assert!(
            told.clone().any(|message| message.contains("128 KiB")),
            "{:?}",
            told.collect::<Vec<_>>()
        );
    }

    #[test]
    fn values_are_what_is_meant() {
        let text = "\u{feff}# comment\r\nA=1\r\nexport B=two words # comment\nC='a # $b ${A} \\n'\n\
            D=\"x\\n\\\"y\\\" \\d \\${A}\" # c\n\nE=\nF=a#b=c\nG = C:\\new\nA=2\nH='it\\'s'\nI=\"one\ntwo\"\n";
        let expected = [
            ("A", "1"),
            ("B", "two words"),
            ("C", "a # $b ${A} \\n"),
            ("D", "x\n\"y\" \\d ${A}"),
            ("E", ""),
            ("F", "a#b=c"),
            ("G", "C:\\new"),
            ("A", "2"),
            ("H", "it's"),
            ("I", "one\ntwo"),
        ];
        assert_eq!(
            values(text),
            expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
    }

    #[test]
    fn other_variables_stand_for_their_values() {
        let text = "A=a\nB=${A}-${OUTER}\nOUTER=inner\nC=\"${OUTER}${A:-no}${N:-yes}${}\"\nD=$A ${A:x} ${\n";
        let found: Vec<String> = values(text).into_iter().map(|(_, value)| value).collect();
        assert_eq!(found, ["a", "a-outer", "inner", "outerayes", "$A ${A:x} ${"]);
        let warnings = parse(b"A=${secret_name}\n").warnings;
        assert!(warnings[0].message.contains("is not set"), "{warnings:?}");
        assert!(!format!("{warnings:?}").contains("secret_name"));
    }

    #[test]
    fn what_is_odd_is_told_with_its_place_and_without_its_text() {
        let found = parse(b"A = secret1\nB=\"secret2\nsecret3\n\xffC=secret4\nD =secret5\n");
        let told: Vec<_> = found
            .warnings
            .iter()
            .map(|warning| (warning.line, warning.column, warning.code))
            .collect();
        assert_eq!(
            told,
            [
                (1, 1, Code::DotenvStyle),
                (2, 3, Code::DotenvLine),
                (3, 1, Code::DotenvLine),
                (4, 1, Code::DotenvLine),
            ]
        );
        for warning in &found.warnings {
            assert!(!crate::config::render(warning, false).contains("secret"));
        }
        let names: Vec<_> = found.variables.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["A", "D"]);
    }

    #[test]
    fn a_file_of_another_kind_costs_a_few_words() {
        assert_eq!(parse(&b"nonsense\n".repeat(5000)).warnings.len(), SHOWN + 1);
        let utf16 = parse(b"\xff\xfeA\0=\x001\0");
        assert_eq!(
            (utf16.variables.len(), utf16.warnings[0].code),
            (0, Code::DotenvFile)
        );
    }
}
