//! What a check found, and how it is shown.

use anstyle::AnsiColor;
use serde::Serialize;

use crate::cli::shell::failure::Failure;
use crate::cli::shell::output::print_text;
use crate::text::make_safe;

/// One thing that was looked at.
#[derive(Debug, Serialize)]
pub(crate) struct Finding {
    check: &'static str,
    /// `ok`, `warning` (allowed, but look at it) or `error`.
    pub(crate) verdict: &'static str,
    message: String,
}

pub(crate) fn ok(check: &'static str, message: impl Into<String>) -> Finding {
    Finding {
        check,
        verdict: "ok",
        message: message.into(),
    }
}

pub(crate) fn warning(check: &'static str, message: impl Into<String>) -> Finding {
    Finding {
        check,
        verdict: "warning",
        message: message.into(),
    }
}

pub(crate) fn error(check: &'static str, message: impl Into<String>) -> Finding {
    Finding {
        check,
        verdict: "error",
        message: message.into(),
    }
}

pub(crate) fn print(finding: &Finding) -> Result<(), Failure> {
    let style = match finding.verdict {
        "ok" => AnsiColor::Green.on_default(),
        "warning" => AnsiColor::Yellow.on_default(),
        _ => AnsiColor::Red.on_default().bold(),
    };
    let (verdict, check) = (finding.verdict, finding.check);
    print_text(&format!(
        "{style}{verdict:8}{style:#} {check}: {}\n",
        make_safe(&finding.message)
    ))
}
