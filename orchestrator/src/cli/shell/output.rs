//! How verbs print data, to standard output, and the problems of a file.

use std::borrow::Cow;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use anstream::adapter::strip_str;
use anstream::{AutoStream, ColorChoice};
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::stderr::{colour_on_stderr, print_words};
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
    let mut out = std::io::stdout().lock();
    // Whole, in one write(2): what takes colours away would write each line by itself.
    let text = match AutoStream::choice(&out) {
        ColorChoice::Never => Cow::Owned(strip_str(text).to_string()),
        _ => Cow::Borrowed(text),
    };
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::infrastructure(
            anyhow::Error::new(error).context("cannot write to standard output"),
        )),
        _ => Ok(()),
    }
}

/// Shows every problem at its place; what follows is only an exit code.
pub(crate) fn fail_with_diagnostics(diagnostics: &[Diagnostic]) -> Failure {
    print_diagnostics(diagnostics);
    Failure::silent(VerbExit::Usage)
}

/// Shows every problem at its place.
pub(crate) fn print_diagnostics(diagnostics: &[Diagnostic]) {
    for diagnostic in diagnostics {
        print_words!("{}", render(diagnostic, colour_on_stderr()));
    }
}

/// A path as it is shown: relative to where we work, if it lies there.
pub(crate) fn shown_path(path: &Path) -> PathBuf {
    let here = std::env::current_dir().ok();
    let below = here.and_then(|here| Some(path.strip_prefix(here).ok()?.to_owned()));
    below.unwrap_or_else(|| path.to_owned())
}

/// The columns of the terminal behind standard output; elsewhere what COLUMNS says, and
/// without it `None`: who reads a pipe wraps by himself.
pub(crate) fn output_width() -> Option<usize> {
    if let Some((_, columns)) = console::Term::stdout().size_checked() {
        return Some(usize::from(columns)).filter(|&columns| columns > 0);
    }
    let columns = std::env::var("COLUMNS").ok()?.parse().ok();
    columns.filter(|&columns| columns > 0)
}

/// The columns of the terminal behind standard error.
pub(crate) fn stderr_width() -> Option<usize> {
    let (_, columns) = console::Term::stderr().size_checked()?;
    Some(usize::from(columns)).filter(|&columns| columns > 0)
}

/// The zone in which times are said on standard output: that of whoever sits there, and UTC in
/// what is kept.
pub(crate) fn output_zone() -> TimeZone {
    zone(std::io::stdout().is_terminal())
}

/// The same for standard error.
pub(crate) fn stderr_zone() -> TimeZone {
    zone(std::io::stderr().is_terminal())
}

fn zone(is_terminal: bool) -> TimeZone {
    if is_terminal {
        TimeZone::system()
    } else {
        TimeZone::UTC
    }
}
