//! The clock, injected: whoever needs the time of day takes a [`Clock`], so that a
//! test can be any moment. The shells hand out [`SystemClock`]; this is the only
//! file that may ask the system for the time.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

/// Tells the time of day, which may jump: for spans of elapsed time use a monotonic clock.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Timestamp;
}

/// The clock of the machine (clock_gettime(2), CLOCK_REALTIME).
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where the injected clock meets the real one"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// A clock that stands still until a test moves it.
#[derive(Debug)]
pub struct ManualClock(Mutex<Timestamp>);

impl ManualClock {
    /// A clock that shows `now`.
    pub fn new(now: Timestamp) -> Self {
        Self(Mutex::new(now))
    }

    /// Jumps to `now`, forwards or backwards.
    pub fn set(&self, now: Timestamp) {
        self.change(|shown| *shown = now);
    }

    /// Moves forwards by `span`; stops at the last instant there is (the year 9999).
    pub fn advance(&self, span: Duration) {
        self.change(|shown| *shown = shown.checked_add(span).unwrap_or(Timestamp::MAX));
    }

    fn change(&self, f: impl FnOnce(&mut Timestamp)) {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_moves_only_when_told() {
        let clock = ManualClock::new(Timestamp::UNIX_EPOCH);
        assert_eq!(clock.now(), clock.now());
        clock.advance(Duration::from_secs(90));
        assert_eq!(clock.now().to_string(), "1970-01-01T00:01:30Z");
        clock.set("1969-12-31T23:59:59Z".parse().unwrap());
        assert_eq!(clock.now().as_second(), -1);
        clock.set(Timestamp::MAX);
        clock.advance(Duration::MAX);
        assert_eq!(clock.now(), Timestamp::MAX);
    }
}
