//! How verbs print: data to standard output, words to standard error.

use std::io::Write;

use anstream::{stderr, stdout};
use serde::Serialize;

use crate::cli::shell::exit::Exit;
use crate::cli::shell::failure::Failure;
use crate::config::{Diagnostic, render};

/// Prints data as one JSON document.
///
/// # Errors
/// It cannot be written.
pub(crate) fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    let mut text = serde_json::to_string_pretty(value).map_err(Failure::infrastructure)?;
    text.push('\n');
    print_text(&text)
}

/// Prints text for people, as data. A reader that has gone away (`| head -1`) has
/// seen what it wanted.
///
/// # Errors
/// It cannot be written.
pub(crate) fn print_text(text: &str) -> Result<(), Failure> {
    let mut out = stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::infrastructure(
            anyhow::Error::new(error).context("cannot write to standard output"),
        )),
        _ => Ok(()),
    }
}

/// Writes a line for people to standard error. A disk that is full or a terminal that is gone
/// decides nothing: where it cannot be written, nothing follows from that.
macro_rules! print_words {
    ($($words:tt)*) => {
        $crate::cli::shell::output::print_line(&format!($($words)*))
    };
}
pub(crate) use print_words;

/// What [`print_words!`] does.
pub(crate) fn print_line(line: &str) {
    let _ = stderr().lock().write_all(format!("{line}\n").as_bytes());
}

/// Tells every problem at its place; what follows is only an exit code.
pub(crate) fn tell_diagnostics(diagnostics: &[Diagnostic]) -> Failure {
    print_diagnostics(diagnostics);
    Failure::told(Exit::Usage)
}

/// Shows every problem at its place.
pub(crate) fn print_diagnostics(diagnostics: &[Diagnostic]) {
    for diagnostic in diagnostics {
        print_words!("{}", render(diagnostic, colour_on_stderr()));
    }
}

/// Whether standard error takes ANSI styles.
pub(crate) fn colour_on_stderr() -> bool {
    anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never
}
