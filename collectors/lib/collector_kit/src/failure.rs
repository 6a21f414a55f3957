//! Errors that know their exit code. Made wherever a collector can tell what
//! went wrong; turned into a number once, by [`exit_code`].

use std::io::ErrorKind;
use std::time::Duration;

use thiserror::Error;

/// What kind of failure it is, with the exit code that says so (sysexits.h).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Wrong arguments (EX_USAGE, 64).
    Usage,
    /// The input is not what it should be (EX_DATAERR, 65).
    Data,
    /// A service could not be reached (EX_UNAVAILABLE, 69).
    Unavailable,
    /// Another try may succeed (EX_TEMPFAIL, 75).
    Temporary,
    /// A service wants to be asked less often (EX_TEMPFAIL, 75).
    RateLimit,
    /// Not allowed (EX_NOPERM, 77).
    Permission,
    /// The machine or the settings are not as they must be (EX_CONFIG, 78).
    Configuration,
}

impl Kind {
    /// The exit code of sysexits.h.
    pub fn code(self) -> u8 {
        match self {
            Self::Usage => 64,
            Self::Data => 65,
            Self::Unavailable => 69,
            Self::Temporary | Self::RateLimit => 75,
            Self::Permission => 77,
            Self::Configuration => 78,
        }
    }

    /// What the orchestrator calls it, which decides whether and when it tries again.
    pub fn category(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::Data => "validation",
            Self::Unavailable => "network",
            Self::Temporary => "temporary",
            Self::RateLimit => "rate_limit",
            Self::Permission => "auth",
            Self::Configuration => "configuration",
        }
    }
}

/// A failure whose cause is known.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct Failure {
    /// Decides the exit code.
    pub kind: Kind,
    /// What happened, where and why, in one line.
    pub message: String,
    /// What the reader can do about it.
    pub hint: Option<String>,
    /// How long to wait before another try makes sense, where that is known.
    pub retry_after: Option<Duration>,
}

impl Failure {
    /// A failure without a hint.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind,
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
    match (kind(error), interrupted) {
        (Some(kind), _) => kind.code(),
        (None, Some(interrupted)) => u8::try_from(128 + interrupted.signal).unwrap_or(1),
        (None, None) => 1,
    }
}

/// What kind of failure an error is, by the first cause that tells.
pub(crate) fn kind(error: &anyhow::Error) -> Option<Kind> {
    error.chain().find_map(|cause| {
        if let Some(failure) = cause.downcast_ref::<Failure>() {
            return Some(failure.kind);
        }
        match cause.downcast_ref::<std::io::Error>()?.kind() {
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Some(Kind::Permission),
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Some(Kind::Temporary),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;

    #[test]
    fn the_first_known_cause_decides() {
        let failure = Failure::new(Kind::Data, "not a repository").hint("name another path");
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
