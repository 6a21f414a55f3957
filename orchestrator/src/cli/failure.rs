//! Why a verb could not do its work: told once, to people, with a hint.

use std::fmt::Display;

use anstream::eprintln;
use anstyle::{AnsiColor, Style};

use super::exit::Exit;
use crate::report::neutralised;

/// A failure of `orchestrate` itself, never of a collector.
#[derive(Debug)]
pub(super) struct Failure {
    exit: Exit,
    error: anyhow::Error,
    hint: Option<String>,
}

impl Failure {
    /// Usage, schedule or settings are wrong.
    pub(super) fn usage(error: impl Display) -> Self {
        Self {
            exit: Exit::Usage,
            error: anyhow::anyhow!("{error}"),
            hint: None,
        }
    }

    /// The machine or the database would not.
    pub(super) fn infrastructure(error: impl Into<anyhow::Error>) -> Self {
        Self {
            exit: Exit::Infrastructure,
            error: error.into(),
            hint: None,
        }
    }

    /// What to do about it.
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Everything was told already (diagnostics with their places).
    pub(super) fn told(exit: Exit) -> Self {
        Self {
            exit,
            error: anyhow::Error::msg(""),
            hint: None,
        }
    }

    /// What happened, with every cause, and the hint.
    pub(super) fn words(self) -> (String, Option<String>) {
        let mut message = String::new();
        for link in self.error.chain().map(ToString::to_string) {
            // Many libraries already say their cause in their own words.
            if !message.contains(&link) {
                message.push_str(if message.is_empty() { "" } else { ": " });
                message.push_str(&link);
            }
        }
        (message, self.hint)
    }

    /// Says it on standard error and returns what to exit with.
    pub(super) fn tell(self) -> Exit {
        let exit = self.exit;
        let (message, hint) = self.words();
        if !message.is_empty() {
            let red: Style = AnsiColor::Red.on_default().bold();
            eprintln!("{red}error:{red:#} {}", neutralised(&message));
        }
        if let Some(hint) = &hint {
            let cyan: Style = AnsiColor::Cyan.on_default();
            eprintln!("{cyan}hint:{cyan:#} {}", neutralised(hint));
        }
        exit
    }
}
