//! Wakes the scheduler at an instant of the machine's clock: not before, not by a timer
//! of elapsed time that a suspended machine or a corrected clock would put wrong, and
//! without looking at the clock in between (timerfd_create(2)).

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use jiff::Timestamp;
use nix::errno::Errno;
use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};

use crate::process::Readable;

/// Why the alarm woke us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AlarmCause {
    /// The instant has come.
    Time,
    /// Somebody set the clock, forwards or backwards.
    ClockSet,
}

/// The alarm. One instant at a time.
pub(crate) struct Alarm {
    timer: TimerFd,
    /// The same timer, to be waited for.
    readable: Readable,
    clock_was_set: bool,
}

impl Alarm {
    /// # Errors
    /// The system has no descriptor left.
    pub(crate) fn new() -> io::Result<Self> {
        let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
        let timer = TimerFd::new(ClockId::CLOCK_REALTIME, flags)?;
        Ok(Self {
            readable: Readable::new(timer.as_fd().try_clone_to_owned()?)?,
            timer,
            clock_was_set: false,
        })
    }

    /// Rings at `at`, at once if that has passed, and whenever the clock is set; with
    /// `None` only then.
    ///
    /// # Errors
    /// The system refuses.
    pub(crate) fn set(&mut self, at: Option<Timestamp>) -> io::Result<()> {
        let at = at.unwrap_or(Timestamp::MAX).max(Timestamp::UNIX_EPOCH);
        // An instant of zero would disarm it.
        let at = TimeSpec::new(at.as_second().max(1), at.subsec_nanosecond().into());
        let flags = TimerSetTimeFlags::TFD_TIMER_ABSTIME | TimerSetTimeFlags::TFD_TIMER_CANCEL_ON_SET;
        match self.timer.set(Expiration::OneShot(at), flags) {
            // It is set all the same, and says that the clock was set since the last time.
            Err(Errno::ECANCELED) => self.clock_was_set = true,
            set => set?,
        }
        Ok(())
    }

    /// Waits until it rings. Safe to drop and to call again.
    ///
    /// # Errors
    /// The system fails.
    pub(crate) async fn wait(&mut self) -> io::Result<AlarmCause> {
        if std::mem::take(&mut self.clock_was_set) {
            return Ok(AlarmCause::ClockSet);
        }
        let read = |fd: BorrowedFd<'_>| {
            // TimerFd::wait would hide that the clock was set.
            match nix::unistd::read(fd, &mut [0; 8]) {
                Ok(_) => Ok(AlarmCause::Time),
                Err(Errno::ECANCELED) => Ok(AlarmCause::ClockSet),
                Err(error) => Err(error.into()),
            }
        };
        self.readable.read(read).await
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::{Clock, SystemClock};

    #[tokio::test]
    async fn it_rings_after_its_instant_and_never_before() {
        let mut alarm = Alarm::new().unwrap();
        for wait in [0, 1, 30] {
            let at = SystemClock.now() + Duration::from_millis(wait);
            alarm.set(Some(at)).unwrap();
            assert_eq!(alarm.wait().await.unwrap(), AlarmCause::Time);
            assert!(SystemClock.now() >= at);
        }
        alarm.set(Some(Timestamp::MIN)).unwrap();
        assert_eq!(alarm.wait().await.unwrap(), AlarmCause::Time, "long past");
    }

    #[tokio::test]
    async fn without_an_instant_it_is_silent_and_can_be_set_again() {
        let mut alarm = Alarm::new().unwrap();
        alarm.set(None).unwrap();
        let rang = tokio::time::timeout(Duration::from_millis(20), alarm.wait()).await;
        assert!(rang.is_err(), "{rang:?}");
        alarm.set(Some(SystemClock.now())).unwrap();
        assert_eq!(alarm.wait().await.unwrap(), AlarmCause::Time);
    }
}
