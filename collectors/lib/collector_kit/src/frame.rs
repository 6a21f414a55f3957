//! The frame around a collector: parse, run, say what went wrong, exit. Called
//! by every `main`; the only place that prints errors.

use std::process::ExitCode;

use anyhow::Error;
use clap::Parser;

use crate::failure::{Category, Failure, exit_code, known_category};
use crate::reporter::Reporter;
use crate::stop::Stop;
use crate::text::printable;

/// Longest line printed for one error, in characters.
const ERROR_LINE: usize = 2_000;

/// Parses the arguments, runs `body` and turns its result into an exit code:
/// wrong arguments end with 64 before anything is done; an error is printed as
/// one `error:` line with its whole chain, each advice as a `hint:` line.
pub fn start<A: Parser>(body: impl FnOnce(A, &Stop) -> anyhow::Result<()>) -> ExitCode {
    let arguments = match A::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let wrong = error.use_stderr();
            // Where even this cannot be printed, the exit code still tells.
            let _ = error.print();
            return if wrong {
                ExitCode::from(Category::Usage.exit_code())
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    let result = Stop::on_signals().and_then(|stop| body(arguments, &stop));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprint_error(&error);
            tell_orchestrator(&error);
            ExitCode::from(exit_code(&error))
        }
    }
}

/// The cause as an event, where its category is known; the exit code and
/// the lines above say the rest.
fn tell_orchestrator(error: &Error) {
    let (Some(category), Ok(reporter)) = (known_category(error), Reporter::from_environment()) else {
        return;
    };
    let failure = error.chain().find_map(|cause| cause.downcast_ref::<Failure>());
    let retry_after = failure.and_then(|failure| failure.retry_after);
    reporter.failure(category, retry_after, &format!("{error:#}"));
}

fn eprint_error(error: &Error) {
    use std::io::Write;
    let mut lines = format!("error: {}\n", printable(&format!("{error:#}"), ERROR_LINE));
    for failure in error.chain().filter_map(|cause| cause.downcast_ref::<Failure>()) {
        if let Some(hint) = &failure.hint {
            lines.push_str(&format!("hint: {}\n", printable(hint, ERROR_LINE)));
        }
    }
    // A closed stderr must not turn one failure into another.
    let _ = std::io::stderr().write_all(lines.as_bytes());
}
