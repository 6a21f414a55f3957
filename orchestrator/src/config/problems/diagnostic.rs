//! One problem of a file, ready to be shown: it owns everything that a person
//! or a program needs to see, so that it outlives the file's text.

use std::fmt;
use std::ops::Range;

use serde::Serialize;

use crate::config::problems::codes::{Code, Severity};

/// A problem and its place. Serializes to the object of `check --format json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// Follows from the code.
    pub severity: Severity,
    /// The code as printed.
    #[serde(serialize_with = "code_text")]
    pub code: Code,
    /// The file as the user named it.
    pub file: String,
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
    /// What is wrong, in one line without control characters.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// The line of the file; `None` when the file could not be read.
    #[serde(skip)]
    pub(crate) excerpt: Option<Excerpt>,
}

/// A line of a file, made safe and short enough to print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Excerpt {
    /// Without line break and control characters.
    pub(crate) text: String,
    /// The bytes of `text` to underline.
    pub(crate) span: Range<usize>,
}

impl Diagnostic {
    /// The same, with all its text passed through `mask`, which may take secrets out.
    pub(crate) fn masked(mut self, mask: impl Fn(&str) -> String) -> Self {
        self.message = mask(&self.message);
        self.hint = self.hint.as_deref().map(&mask);
        if let Some(excerpt) = &mut self.excerpt {
            let text = mask(&excerpt.text);
            if text != excerpt.text {
                // Where it was is not where it is: the whole line is meant.
                *excerpt = Excerpt {
                    span: 0..text.len(),
                    text,
                };
            }
        }
        self
    }
}

impl fmt::Display for Diagnostic {
    /// One line: `file:7:15: E012-unknown-key: message`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            file,
            line,
            column,
            code,
            message,
            ..
        } = self;
        write!(f, "{file}:{line}:{column}: {}: {message}", code.as_str())
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde prescribes the signature")]
fn code_text<S: serde::Serializer>(code: &Code, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(code.as_str())
}
