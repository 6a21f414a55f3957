//! How long a claim holds, and when its collectors must be gone. All of it is arithmetic on
//! moments that somebody else read from the clock.

use std::time::Duration;

use crate::model::LeaseDeadline;

/// What CLOCK_BOOTTIME said (clock_gettime(2)): it never jumps, and goes on in suspend.
/// Comparable on one machine and within one boot only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BootMoment(Duration);

impl BootMoment {
    /// The moment that is this long after the boot.
    pub fn since_boot(elapsed: Duration) -> Self {
        Self(elapsed)
    }

    /// How long after the boot it is.
    pub fn as_duration(self) -> Duration {
        self.0
    }

    /// The moment that follows `span` later; the last one there is where that is too late.
    #[must_use]
    pub fn after(self, span: Duration) -> Self {
        Self(self.0.saturating_add(span))
    }

    /// As a clock that stands still sees it `span` later; before `oldest` it makes no difference any more.
    #[cfg(test)]
    #[must_use]
    pub(crate) fn aged(self, span: Duration, oldest: Self) -> Self {
        self.before(span).max(oldest)
    }

    /// The moment `span` before it; the boot where that is too early.
    #[cfg(test)]
    #[must_use]
    pub(crate) fn before(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(span))
    }
}

/// How long the database keeps a run for its worker after the last renewal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Lease(Duration);

impl Lease {
    /// A lease of this length; `lease:` of the settings or of the group, 2 s to 1 h.
    pub fn new(length: Duration) -> Self {
        Self(length)
    }

    /// Its whole length.
    pub fn length(self) -> Duration {
        self.0
    }

    /// From the sending of one renewal to the sending of the next: a quarter, so that two
    /// may fail before anybody is ended.
    pub fn renewal_interval(self) -> Duration {
        self.0 / 4
    }

    /// From an unclear answer to the next question.
    pub fn retry_pause(self) -> Duration {
        (self.0 / 8).clamp(SHORTEST_PAUSE, LONGEST_PAUSE)
    }

    /// When what runs under it has to end if no renewal is acknowledged after the one that
    /// was sent at `anchor`. The database counts the lease from when it took that renewal, which is later:
    /// what is left between here and there is the margin for a kill to take effect and for
    /// clocks that do not run alike.
    pub fn deadline(self, anchor: BootMoment) -> Deadline {
        Deadline {
            terminate_at: anchor.after(self.0 * 60 / 100),
            kill_at: anchor.after(self.0 * 75 / 100),
        }
    }
}

const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
pub(super) const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// When a collector is ended, whoever is still there to do it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Deadline {
    /// SIGTERM; from here on nothing may be started either. 60 % of the lease.
    pub terminate_at: BootMoment,
    /// SIGKILL to the whole tree, whatever the task's `grace`. 75 % of the lease.
    pub kill_at: BootMoment,
}

impl From<Deadline> for LeaseDeadline {
    fn from(deadline: Deadline) -> Self {
        Self {
            terminate_at: deadline.terminate_at.0,
            kill_at: deadline.kill_at.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_a_lease_hold_from_two_seconds_to_an_hour() {
        for (seconds, renew, terminate, kill, pause) in [
            (2, 500, 1_200, 1_500, 250),
            (20, 5_000, 12_000, 15_000, 1_000),
            (3_600, 900_000, 2_160_000, 2_700_000, 1_000),
        ] {
            let lease = Lease::new(Duration::from_secs(seconds));
            let anchor = BootMoment::since_boot(Duration::from_secs(7));
            let deadline = lease.deadline(anchor);
            assert_eq!(lease.renewal_interval(), Duration::from_millis(renew));
            assert_eq!(lease.retry_pause(), Duration::from_millis(pause));
            assert_eq!(
                deadline.terminate_at,
                anchor.after(Duration::from_millis(terminate))
            );
            assert_eq!(deadline.kill_at, anchor.after(Duration::from_millis(kill)));
        }
    }

    #[test]
    fn a_moment_ends_where_numbers_end() {
        let last = BootMoment::since_boot(Duration::MAX);
        assert_eq!(last.after(Duration::from_secs(1)), last);
        let boot = BootMoment::since_boot(Duration::ZERO);
        assert_eq!(boot.before(Duration::from_secs(1)), boot);
    }
}
