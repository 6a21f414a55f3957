//! Looks at the bytes of a file before the parser does, and refuses what would
//! cost it more than a moment or what it would misread. Pure.

use crate::config::problems::codes::Code;
use crate::config::problems::diagnostic::Diagnostic;
use crate::config::problems::gather::Problem;
use crate::config::yaml::source::Source;

/// A schedule of five thousand tasks is half of this.
pub(crate) const MAX_BYTES: usize = 1024 * 1024;
/// The parser takes quadratic time for open brackets. Counted over the raw
/// bytes, so that no trick with quotes hides one; the real limit of nesting is
/// much lower and judged by the reader.
const MAX_OPEN_BRACKETS: usize = 256;

/// The text of the file without byte order mark.
pub(crate) fn inspect<'b>(name: &str, bytes: &'b [u8]) -> Result<&'b str, Box<Diagnostic>> {
    if bytes.len() > MAX_BYTES {
        return Err(Box::new(too_large(name)));
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        let source = Source::new(name, "");
        let problem = Problem::new(Code::NotUtf8, 0, "the file is UTF-16 text").hint("save it as UTF-8");
        return Err(Box::new(problem.into_diagnostic(&source)));
    }
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        let message = format!("the byte 0x{:02x} is not part of UTF-8 text", bytes[at]);
        let lossy = String::from_utf8_lossy(bytes);
        Box::new(
            Problem::new(Code::NotUtf8, at, message)
                .hint("save the file as UTF-8")
                .into_diagnostic(&Source::new(name, &lossy)),
        )
    })?;
    match forbidden_character(text)
        .or_else(|| directive(text))
        .or_else(|| open_brackets(text))
    {
        Some(problem) => Err(Box::new(problem.into_diagnostic(&Source::new(name, text)))),
        None => Ok(text),
    }
}

/// What to say of a file that need not be read to be refused.
pub(crate) fn too_large(name: &str) -> Diagnostic {
    let message = format!("the file is larger than {} MiB", MAX_BYTES / 1024 / 1024);
    let problem = Problem::new(Code::TooLarge, 0, message);
    let mut diagnostic = problem
        .hint("is it really a schedule or settings file?")
        .into_diagnostic(&Source::new(name, ""));
    diagnostic.excerpt = None;
    diagnostic
}

/// YAML 1.2, 5.1: what a stream may hold at all, but for the line breaks of YAML 1.1: the
/// parser folds them into blanks, and an argument would change without a word.
fn forbidden_character(text: &str) -> Option<Problem> {
    let allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{a0}'..='\u{2027}' | '\u{202a}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}' | '\u{10000}'..);
    let (at, character) = text.char_indices().find(|&(_, c)| !allowed(c))?;
    let (what, hint) = match character {
        '\0' => (
            "a NUL byte".to_owned(),
            "is the file damaged, or UTF-16 text? Save it as UTF-8".to_owned(),
        ),
        '\u{85}' | '\u{2028}' | '\u{2029}' => {
            let number = u32::from(character);
            let message = format!("U+{number:04X} ends a line in YAML 1.1 and not in YAML 1.2");
            let hint = format!("remove it, or write it as \"\\u{number:04x}\" between double quotes");
            return Some(Problem::new(Code::ControlCharacter, at, message).hint(hint));
        }
        other => {
            let number = u32::from(other);
            let hint = if number <= 0xff {
                format!("remove it, or write it as \"\\x{number:02x}\" between double quotes")
            } else {
                "remove it".to_owned()
            };
            (format!("the character U+{number:04X}"), hint)
        }
    };
    Some(
        Problem::new(
            Code::ControlCharacter,
            at,
            format!("{what} is not allowed in YAML"),
        )
        .hint(hint),
    )
}

/// Directives cost the parser quadratic time and have no use here, but for the
/// version that some editors put first.
fn directive(text: &str) -> Option<Problem> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line.starts_with('%') && (!line.starts_with("%YAML 1.") || at > 0) {
            let problem = Problem::new(Code::Unsupported, at, "YAML directives have no meaning here");
            return Some(problem.hint("remove the line, or quote a text that begins with `%`"));
        }
        at += line.len();
    }
    None
}

fn open_brackets(text: &str) -> Option<Problem> {
    let mut open = 0_usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'[' | b'{' => open += 1,
            b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        if open > MAX_OPEN_BRACKETS {
            let message = format!("more than {MAX_OPEN_BRACKETS} brackets are open here");
            return Some(Problem::new(Code::TooDeep, at, message).hint("close each `[` and `{`"));
        }
    }
    None
}
