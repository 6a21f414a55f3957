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
    /// `ok`, `warning` (allowed, but look at it), `failed` (it did not succeed), `error` (it
    /// breaks the contract) or `skipped` (it could not be looked at).
    verdict: &'static str,
    message: String,
}

pub(crate) fn ok(check: &'static str, message: impl Into<String>) -> Finding {
    finding("ok", check, message.into())
}

pub(crate) fn warning(check: &'static str, message: impl Into<String>) -> Finding {
    finding("warning", check, message.into())
}

pub(crate) fn failed(check: &'static str, message: impl Into<String>) -> Finding {
    finding("failed", check, message.into())
}

pub(crate) fn error(check: &'static str, message: impl Into<String>) -> Finding {
    finding("error", check, message.into())
}

pub(crate) fn skipped(check: &'static str, message: impl Into<String>) -> Finding {
    finding("skipped", check, message.into())
}

fn finding(verdict: &'static str, check: &'static str, message: String) -> Finding {
    Finding {
        check,
        verdict,
        message,
    }
}

impl Finding {
    /// Whether the collector is not as it should be.
    pub(crate) fn is_bad(&self) -> bool {
        matches!(self.verdict, "error" | "failed")
    }
}

pub(crate) fn print(finding: &Finding) -> Result<(), Failure> {
    let style = match finding.verdict {
        "ok" => AnsiColor::Green.on_default(),
        "warning" | "skipped" => AnsiColor::Yellow.on_default(),
        _ => AnsiColor::Red.on_default().bold(),
    };
    let (verdict, check) = (finding.verdict, finding.check);
    print_text(&format!(
        "{style}{verdict:8}{style:#} {check}: {}\n",
        make_safe(&finding.message)
    ))
}
