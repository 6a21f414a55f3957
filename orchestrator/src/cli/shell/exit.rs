//! What `orchestrate` exits with. The one list: help, manual and reference are made of it, and the
//! README repeats it.

use std::process::{ExitCode, Termination};

use crate::events::RunVerdict;
use crate::model::CancelCause;

/// The exit codes of `orchestrate`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum VerbExit {
    /// Every collector that should have run succeeded, or nothing was due.
    Success = 0,
    /// At least one collector failed, timed out, could not start, was lost or was held back by a run that still went on.
    CollectorFailed = 1,
    /// Usage, schedule or settings are wrong; nothing was started.
    Usage = 2,
    /// A start-up check or the infrastructure failed.
    Infrastructure = 3,
    /// SIGHUP: the terminal was closed; the children are gone, and the record says so.
    HungUp = 129,
    /// SIGINT; the children are gone, and the record says so.
    Interrupted = 130,
    /// SIGTERM; the children are gone, and the record says so.
    Terminated = 143,
}

impl VerbExit {
    /// All of them, the smallest first.
    pub(crate) const ALL: [Self; 7] = [
        Self::Success,
        Self::CollectorFailed,
        Self::Usage,
        Self::Infrastructure,
        Self::HungUp,
        Self::Interrupted,
        Self::Terminated,
    ];

    /// What it tells a script or a service manager.
    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Self::Success => "every collector that should have run succeeded, or nothing was due",
            Self::CollectorFailed => {
                "at least one collector failed, timed out, could not start, was lost, or was held back by a run that \
                 still went on"
            }
            Self::Usage => "usage, schedule or settings error: nothing was started",
            Self::Infrastructure => "a start-up check or the infrastructure failed",
            Self::HungUp => {
                "ended by SIGHUP (the terminal was closed); children are gone, the record says so"
            }
            Self::Interrupted => "interrupted by SIGINT; children are gone, the record says so",
            Self::Terminated => "ended by SIGTERM; children are gone, the record says so",
        }
    }

    /// The exit of a run by its summary's code.
    pub(crate) fn of_run(code: u8) -> Self {
        match code {
            0 => Self::Success,
            129 => Self::HungUp,
            130 => Self::Interrupted,
            143 => Self::Terminated,
            _ => Self::CollectorFailed,
        }
    }
}

impl From<CancelCause> for VerbExit {
    /// The exit of a verb that was ended before a run began.
    fn from(by: CancelCause) -> Self {
        Self::of_run(RunVerdict::of([], Some(by)).exit_code)
    }
}

impl Termination for VerbExit {
    fn report(self) -> ExitCode {
        ExitCode::from(self as u8)
    }
}
