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
        Self { exit: Exit::Usage, error: anyhow::anyhow!("{error}"), hint: None }
    }

    /// The machine or the database would not.
    pub(super) fn infrastructure(error: impl Into<anyhow::Error>) -> Self {
        Self { exit: Exit::Infrastructure, error: error.into(), hint: None }
    }

    /// What to do about it.
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Everything was told already (diagnostics with their places).
    pub(super) fn told(exit: Exit) -> Self {
        Self { exit, error: anyhow::Error::msg(""), hint: None }
    }

    /// Says it on standard error and returns what to exit with.
    pub(super) fn tell(self) -> Exit {
        let chain: Vec<String> = self.error.chain().map(ToString::to_string).filter(|link| !link.is_empty()).collect();
        if !chain.is_empty() {
            let red: Style = AnsiColor::Red.on_default().bold();
            eprintln!("{red}error:{red:#} {}", neutralised(&chain.join(": ")));
        }
        if let Some(hint) = &self.hint {
            let cyan: Style = AnsiColor::Cyan.on_default();
            eprintln!("{cyan}hint:{cyan:#} {}", neutralised(hint));
        }
        self.exit
    }
}
