//! One source file, as far as its includes go. Pure: bytes in, includes out;
//! any bytes will do. It reads as a preprocessor does (comments, strings, raw
//! strings, continued lines, conditionals) but evaluates nothing but literal
//! `0`, `1`, `false` and `true`: what depends on a macro is *conditional*.
//!
//! Not followed: trigraphs, and a line continuation in the middle of `//` or `/*`.

mod condition;
mod cursor;
mod directive;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::sync::LazyLock;

use condition::Conditions;
use cursor::{Cursor, is_of_name};
use memchr::memmem::Finder;

// Made once: a search of a few kilobytes costs less than getting ready for it.
static INCLUDE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"include"));
static IMPORT: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"import"));
static CONTINUED: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\\\n"));
static CONTINUED_CR: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\\\r\n"));
static DIGRAPH: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"%:"));

/// One `#include`, or what stands for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Include<'a> {
    /// The header between the brackets or quotes, slashes forward and single;
    /// empty for [`Form::Computed`].
    pub(crate) header: Cow<'a, [u8]>,
    /// How it is written.
    pub(crate) form: Form,
    /// Whether it depends on a macro. A file's own include guard does not count.
    pub(crate) conditional: bool,
}

/// How an include is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// `<header>`, also in `import <header>;`.
    Angle,
    /// `"header"`, also in `import "header";`.
    Quote,
    /// A macro that gives the header.
    Computed,
    /// `__has_include(...)`: a question, not a use.
    Probe,
}

/// Gives each include of `text` that is not within `#if 0` to `each`, in order.
pub(crate) fn includes(text: &[u8], mut each: impl FnMut(Include<'_>)) {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    // Nothing after the last such word includes anything, and in most headers
    // that is most of the text.
    let end = INCLUDE.find_iter(text).last();
    if is_unusual(text, end.unwrap_or(0)) {
        read(Cursor::new(text), Cursor::find_line_of_interest, &mut each);
    } else if let Some(end) = end {
        read(Cursor::until(text, end), Cursor::find_directive, &mut each);
    }
}

fn read<'a>(mut cursor: Cursor<'a>, find: fn(&mut Cursor<'a>) -> bool, each: &mut impl FnMut(Include<'_>)) {
    let mut conditions = Conditions::default();
    while find(&mut cursor) {
        directive::read(&mut cursor, &mut conditions, each);
        cursor.finish_line();
    }
}

/// Whether there may be a digraph for `#` before `end`, an `import` of a header,
/// or a word that goes on in the next line.
fn is_unusual(text: &[u8], end: usize) -> bool {
    let imports = IMPORT.find_iter(text).any(|at| {
        let rest = text[at + b"import".len()..].trim_ascii_start();
        matches!(rest.first(), Some(b'<' | b'"' | b'/' | b'\\'))
    });
    let split = [&CONTINUED, &CONTINUED_CR].iter().any(|continued| {
        continued.find_iter(text).any(|at| {
            let before = at.checked_sub(1).and_then(|before| text.get(before));
            // Whatever follows: the next line may be continued in turn.
            before.is_some_and(|byte| is_of_name(*byte))
        })
    });
    imports || split || DIGRAPH.find(&text[..end]).is_some()
}
