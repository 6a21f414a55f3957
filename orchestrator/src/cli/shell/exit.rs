//! What `orchestrate` exits with. The one list; README and man page repeat it.

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
