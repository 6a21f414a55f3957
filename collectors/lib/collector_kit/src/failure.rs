//! Errors that know their exit code. Made wherever a collector can tell what
//! went wrong; turned into a number once, by [`exit_code`].

use std::io::ErrorKind;
use std::time::Duration;

use thiserror::Error;

/// What kind of failure it is: the words and exit codes (sysexits.h) that the
/// orchestrator decides by, as docs/writing-collectors.md lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Category {
    /// Wrong arguments (EX_USAGE).
    Usage,
    /// The input is not what it should be (EX_DATAERR).
    Validation,
    /// A service could not be reached (EX_UNAVAILABLE).
    Network,
    /// Another try may succeed (EX_TEMPFAIL).
    Temporary,
    /// A service wants to be asked less often (EX_TEMPFAIL too).
    RateLimit,
    /// Not allowed (EX_NOPERM).
    Auth,
    /// The machine or the settings are not as they must be (EX_CONFIG).
    Configuration,
}

impl Category {
    /// In the order of their exit codes.
    pub const ALL: [Self; 7] = [
        Self::Usage,
        Self::Validation,
        Self::Network,
        Self::Temporary,
        Self::RateLimit,
        Self::Auth,
        Self::Configuration,
    ];

    /// The exit code that says so.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Usage => 64,
            Self::Validation => 65,
            Self::Network => 69,
            Self::Temporary | Self::RateLimit => 75,
            Self::Auth => 77,
            Self::Configuration => 78,
        }
    }

    /// The word in a `failure` event.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::Validation => "validation",
            Self::Network => "network",
            Self::Temporary => "temporary",
            Self::RateLimit => "rate_limit",
            Self::Auth => "auth",
            Self::Configuration => "configuration",
        }
    }
}

/// A failure whose cause is known.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct Failure {
    /// Decides the exit code.
    pub category: Category,
    /// What happened, where and why, in one line.
    pub message: String,
    /// What the reader can do about it.
    pub hint: Option<String>,
    /// How long to wait before another try makes sense, where that is known.
    pub retry_after: Option<Duration>,
}

impl Failure {
    /// A failure without a hint.
    pub fn new(category: Category, message: impl Into<String>) -> Self {
        Self {
            category,
            message: message.into(),
            hint: None,
            retry_after: None,
        }
    }

    /// The same failure with advice.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same failure with the time to wait before another try.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }
}

/// The work was ended by a signal; everything on disk is whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("stopped by {name}; what was finished is kept, nothing is half-written")]
pub struct Interrupted {
    /// The signal's number.
    pub signal: i32,
    /// The signal's name.
    pub name: &'static str,
}

/// The exit code for an error: that of the first [`Failure`] in its chain, 128
/// plus the signal for [`Interrupted`] (as shells report it), 77 and 75 for the
/// system's own "permission denied" and "no space left", else 1.
pub fn exit_code(error: &anyhow::Error) -> u8 {
    let interrupted = error
        .chain()
        .find_map(|cause| cause.downcast_ref::<Interrupted>());
    match (known_category(error), interrupted) {
        (Some(category), _) => category.exit_code(),
        (None, Some(interrupted)) => u8::try_from(128 + interrupted.signal).unwrap_or(1),
        (None, None) => 1,
    }
}

/// The category of the first cause that has one.
pub(crate) fn known_category(error: &anyhow::Error) -> Option<Category> {
    error.chain().find_map(|cause| {
        if let Some(failure) = cause.downcast_ref::<Failure>() {
            return Some(failure.category);
        }
        match cause.downcast_ref::<std::io::Error>()?.kind() {
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Some(Category::Auth),
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Some(Category::Temporary),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;

    /// `category exit-code` of every row of the documented table that a collector may say.
    #[test]
    fn categories_are_those_of_the_documentation() {
        let page = include_str!("../../../../docs/writing-collectors.md");
        let documented: Vec<String> = page
            .lines()
            .filter_map(|line| line.strip_prefix("| `")?.split_once("` | "))
            .skip_while(|(word, _)| *word != "usage")
            .take_while(|(word, _)| *word != "failed")
            .map(|(word, rest)| format!("{word} {}", rest.split(" |").next().unwrap_or_default()))
            .collect();
        let ours = Category::ALL.map(|category| format!("{} {}", category.as_str(), category.exit_code()));
        assert_eq!(documented, ours);
    }

    #[test]
    fn the_first_known_cause_decides() {
        let failure = Failure::new(Category::Validation, "not a repository").hint("name another path");
        let error = anyhow::Error::new(failure).context("/srv/x");
        assert_eq!(exit_code(&error), 65);
        assert_eq!(
            exit_code(&anyhow::Error::new(Interrupted {
                signal: 15,
                name: "SIGTERM"
            })),
            143
        );
    }

    #[test]
    fn the_systems_own_errors_have_a_kind_too() {
        let denied: Result<(), _> = Err(std::io::Error::from(ErrorKind::PermissionDenied));
        assert_eq!(exit_code(&denied.context("cannot write").unwrap_err()), 77);
        let full: Result<(), _> = Err(std::io::Error::from(ErrorKind::StorageFull));
        assert_eq!(exit_code(&full.context("cannot write").unwrap_err()), 75);
        assert_eq!(exit_code(&anyhow::anyhow!("something else")), 1);
    }
}
