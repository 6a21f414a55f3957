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

use condition::Conditions;
use cursor::Cursor;

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
    let mut cursor = Cursor::new(text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text));
    let mut conditions = Conditions::default();
    while cursor.find_line_of_interest() {
        directive::read(&mut cursor, &mut conditions, &mut each);
        cursor.finish_line();
    }
}
