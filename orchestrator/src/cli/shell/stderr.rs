//! How words for people reach standard error.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use anstream::adapter::strip_str;
use anstream::stderr;

use crate::model::{Clock, SystemClock};
use crate::report::Terminal;

/// Whether every line there is a JSON object. Of the process, as standard error is.
static AS_JSON: AtomicBool = AtomicBool::new(false);

/// Whether nothing is written there at all.
static SILENT: AtomicBool = AtomicBool::new(false);

/// What a service writes through, while it is one. Of the process as well.
static SERVICE: Mutex<Option<Terminal>> = Mutex::new(None);

/// From now on words go where all that a service says goes; `None`: straight there again.
pub(crate) fn write_words_through(terminal: Option<Terminal>) {
    *SERVICE.lock().unwrap_or_else(PoisonError::into_inner) = terminal;
}

/// From now on nothing is said: whatever comes would be written over a line that somebody types.
pub(crate) fn write_no_words() {
    SILENT.store(true, Ordering::Relaxed);
}

/// From now on words are objects, like the diagnostics beside them.
pub(crate) fn write_words_as_json() {
    AS_JSON.store(true, Ordering::Relaxed);
}

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
    if SILENT.load(Ordering::Relaxed) {
        return;
    }
    let line = line_of(line);
    let service = SERVICE.lock().unwrap_or_else(PoisonError::into_inner).clone();
    match service {
        Some(mut terminal) => {
            let styled = match terminal.colour() {
                true => line,
                false => strip_str(&line).to_string(),
            };
            let _ = terminal.write_all(styled.as_bytes());
        }
        None => {
            let _ = stderr().lock().write_all(line.as_bytes());
        }
    }
}

/// Words as a line of standard error: as they are, or an object like the diagnostics beside them.
pub(crate) fn line_of(words: &str) -> String {
    if !AS_JSON.load(Ordering::Relaxed) {
        return format!("{words}\n");
    }
    let message = strip_str(words).to_string();
    let level = match message.split(['[', ':']).next() {
        Some("error") => "ERROR",
        Some("warning") => "WARN",
        _ => "INFO",
    };
    let at = SystemClock.now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let object = serde_json::json!({"timestamp": at, "level": level, "message": message});
    format!("{object}\n")
}

/// Whether standard error takes ANSI styles.
pub(crate) fn colour_on_stderr() -> bool {
    anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never
}
