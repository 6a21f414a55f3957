//! Single values: booleans, whole numbers, words, texts. No value is turned
//! into another type; the hint says how to write the one that is wanted.

use crate::config::problems::codes::Code;
use crate::config::problems::gather::{Problem, Problems};
use crate::config::problems::suggest::{choices, quote, yaml_string};
use crate::config::values::fields::wrong_type;
use crate::config::yaml::node::{Node, Value};
use crate::model::nearest;

/// The longest single argument or variable of a process, its terminating NUL
/// included: MAX_ARG_STRLEN of execve(2).
pub(crate) const MAX_ARGUMENT: usize = 128 * 1024;

/// `true` or `false`.
pub(crate) fn boolean(node: &Node, what: &str, report: &mut Problems<'_>) -> Option<bool> {
    if let Value::Bool(value) = node.value {
        return Some(value);
    }
    let meant = match &node.value {
        Value::Text(text) => match text.text.trim().to_lowercase().as_str() {
            "yes" | "y" | "on" | "true" | "1" => Some("true"),
            "no" | "n" | "off" | "false" | "0" => Some("false"),
            _ => None,
        },
        Value::Int(int) if int.value == 1 => Some("true"),
        Value::Int(int) if int.value == 0 => Some("false"),
        _ => None,
    };
    let hint = meant.map_or_else(
        || "write `true` or `false`".to_owned(),
        |word| format!("write `{word}`, without quotes"),
    );
    wrong_type(node, what, "true or false", &hint, report);
    None
}

/// A whole number in decimal digits, without quotes.
pub(crate) fn integer(node: &Node, what: &str, min: i64, max: i64, report: &mut Problems<'_>) -> Option<i64> {
    let fits = |value: i128| (i128::from(min)..=i128::from(max)).contains(&value);
    let range = format!("a whole number from {min} to {max}");
    let (message, value) = match &node.value {
        Value::Int(int) => match int.plain() {
            Some(value) if fits(value.into()) => return Some(value),
            Some(value) => (format!("{what} must be {range}, not {value}"), None),
            None => (
                format!(
                    "{what} must be written in decimal digits, not as {}",
                    quote(&int.text)
                ),
                Some(int.value),
            ),
        },
        Value::Float(text) => {
            let value = text.strip_suffix(".0").and_then(|whole| whole.parse().ok());
            (format!("{what} must be {range}, not {}", quote(text)), value)
        }
        Value::Text(text) => {
            let message = format!("{what} must be {range}, not the text {}", quote(&text.text));
            (message, text.text.trim().parse().ok())
        }
        _ => {
            wrong_type(node, what, &range, &format!("write {range}"), report);
            return None;
        }
    };
    let hint = match value {
        Some(value) if fits(value) => format!("write {value}, without quotes, sign, prefix or leading zero"),
        _ => format!("write {range}"),
    };
    report.add(Problem::new(Code::BadNumber, node.at, message).hint(hint));
    None
}

/// One of a few words, exactly as they are written here.
pub(crate) fn word(
    node: &Node,
    what: &str,
    code: Code,
    words: &'static [&'static str],
    report: &mut Problems<'_>,
) -> Option<&'static str> {
    let Value::Text(text) = &node.value else {
        let wanted = choices(words.iter().copied());
        wrong_type(node, what, "a word", &format!("write {wanted}"), report);
        return None;
    };
    let found = words.iter().copied().find(|word| *word == text.text);
    if found.is_none() {
        let message = format!("{what} cannot be {}", quote(&text.text));
        let hint = match nearest(&text.text, words.iter().copied()) {
            Some(word) => format!("did you mean `{word}`?"),
            None => format!("write {}", choices(words.iter().copied())),
        };
        report.add(Problem::new(code, node.at, message).hint(hint));
    }
    found
}

/// A text that a process can be given: an argument, a variable, a path. It may
/// be empty and hold anything but NUL.
pub(crate) fn argument(node: &Node, what: &str, report: &mut Problems<'_>) -> Option<String> {
    let text = text(node, what, report)?;
    let problem = if text.contains('\0') {
        Problem::new(Code::BadText, node.at, format!("{what} holds a NUL byte"))
            .hint("no process can be given one: remove it")
    } else if text.len() >= MAX_ARGUMENT {
        let message = format!(
            "{what} is {} bytes long, more than a process can be given",
            text.len()
        );
        Problem::new(Code::BadText, node.at, message)
            .hint("put it into a file, and give the name of that file")
    } else {
        return Some(text.to_owned());
    };
    report.add(problem);
    None
}

/// A text, not a number or a boolean that looks like one.
pub(crate) fn text<'n>(node: &'n Node, what: &str, report: &mut Problems<'_>) -> Option<&'n str> {
    let quoted = match &node.value {
        Value::Text(text) if text.plain && is_octal(&text.text) => {
            let message = format!(
                "{what} must be quoted: some read {} as an octal number",
                quote(&text.text)
            );
            let hint = format!("write {}, with the quotes", yaml_string(&text.text));
            report.add(Problem::new(Code::WrongType, node.at, message).hint(hint));
            return None;
        }
        Value::Text(text) => return Some(&text.text),
        Value::Int(int) => Some(yaml_string(&int.text)),
        Value::Float(text) => Some(yaml_string(text)),
        Value::Bool(value) => Some(format!("\"{value}\"")),
        Value::Null => Some("\"\"".to_owned()),
        Value::List(_) | Value::Map(_) | Value::Refused => None,
    };
    let hint = match (&node.value, quoted) {
        (Value::Null, Some(quoted)) => format!("write the text, or {quoted} for an empty one"),
        (_, Some(quoted)) => format!("write {quoted}, with the quotes"),
        (_, None) => "write one text; put it between double quotes if it begins with a bracket".to_owned(),
    };
    wrong_type(node, what, "a text", &hint, report);
    None
}

/// A number to YAML 1.1 and a text to YAML 1.2.
fn is_octal(text: &str) -> bool {
    text.len() > 1 && text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit())
}
