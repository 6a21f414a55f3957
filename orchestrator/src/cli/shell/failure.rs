//! Why a verb could not do its work: told once, to people, with a hint.

use std::fmt::Display;

use anstyle::{AnsiColor, Style};

use crate::cli::shell::database::hint::hint_of_cause;
use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::stderr::print_words;
use crate::model::CancelCause;
use crate::queries::find_run::FindRunError;
use crate::text::make_safe;

/// A failure of `orchestrate` itself, never of a collector.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: VerbExit,
    error: anyhow::Error,
    hint: Option<String>,
}

impl Failure {
    /// Usage, schedule or settings are wrong.
    pub(crate) fn usage(error: impl Display) -> Self {
        Self {
            exit: VerbExit::Usage,
            error: anyhow::anyhow!("{error}"),
            hint: None,
        }
    }

    /// The machine or the database would not.
    pub(crate) fn infrastructure(error: impl Into<anyhow::Error>) -> Self {
        Self {
            exit: VerbExit::Infrastructure,
            error: error.into(),
            hint: None,
        }
    }

    /// Somebody ended it before it could begin.
    pub(crate) fn cancelled(by: CancelCause, error: impl Into<anyhow::Error>) -> Self {
        Self {
            exit: by.into(),
            error: error.into(),
            hint: None,
        }
    }

    /// What to do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Everything was shown already (diagnostics with their places).
    pub(crate) fn silent(exit: VerbExit) -> Self {
        Self {
            exit,
            error: anyhow::Error::msg(""),
            hint: None,
        }
    }

    /// What happened, with every cause, and the hint.
    pub(crate) fn words(self) -> (String, Option<String>) {
        let mut message = String::new();
        for link in self.error.chain().map(ToString::to_string) {
            // Many libraries already say their cause in their own words.
            if !message.contains(&link) {
                message.push_str(if message.is_empty() { "" } else { ": " });
                message.push_str(&link);
            }
        }
        let hint = self.hint.or_else(|| self.error.chain().find_map(hint_of_cause));
        (message, hint)
    }

    /// Says it on standard error and returns what to exit with.
    pub(crate) fn print(self) -> VerbExit {
        let exit = self.exit;
        let (message, hint) = self.words();
        if !message.is_empty() {
            let red: Style = AnsiColor::Red.on_default().bold();
            print_words!("{red}error:{red:#} {}", make_safe(&message));
        }
        if let Some(hint) = &hint {
            let cyan: Style = AnsiColor::Cyan.on_default();
            print_words!("{cyan}hint:{cyan:#} {}", make_safe(hint));
        }
        exit
    }
}

impl From<FindRunError> for Failure {
    fn from(error: FindRunError) -> Self {
        match error {
            FindRunError::Store(error) => Self::infrastructure(error),
            FindRunError::NoRunYet | FindRunError::Unknown(_) => {
                Self::usage(error).hint("orchestrate history lists the runs")
            }
            FindRunError::Several { .. } | FindRunError::Removed(_) => Self::usage(error),
        }
    }
}
