//! How words for people reach standard error.

use std::io::Write;

use anstream::stderr;

/// Writes a line for people to standard error. A disk that is full or a terminal that is gone
/// decides nothing: where it cannot be written, nothing follows from that.
macro_rules! print_words {
    ($($words:tt)*) => {
        $crate::cli::shell::stderr::print_line(&format!($($words)*))
    };
}
pub(crate) use print_words;

/// What [`print_words!`] does.
pub(crate) fn print_line(line: &str) {
    let _ = stderr().lock().write_all(format!("{line}\n").as_bytes());
}

/// Whether standard error takes ANSI styles.
pub(crate) fn colour_on_stderr() -> bool {
    anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never
}
