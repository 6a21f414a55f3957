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

    /// What the machine's clock shows when this clock shows `at`: for whoever lets the
    /// kernel wake it.
    fn machine(&self, at: Timestamp) -> Timestamp {
        at
    }
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

/// A clock for tests of whole processes: `rate` times as fast as the machine's, with
/// which it agrees at `base`. Every process that is given the same two agrees with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LapseClock {
    base: Timestamp,
    rate: u32,
}

impl LapseClock {
    /// Reads `2026-11-25T00:00:00Z*600`.
    pub fn parse(text: &str) -> Option<Self> {
        let (base, rate) = text.split_once('*')?;
        let rate = rate.parse().ok().filter(|rate| (1..=100_000).contains(rate))?;
        Some(Self {
            base: base.parse().ok()?,
            rate,
        })
    }

    fn at(&self, machine: Timestamp) -> Timestamp {
        let passed = machine.as_nanosecond() - self.base.as_nanosecond();
        let shown = self.base.as_nanosecond() + passed * i128::from(self.rate);
        Timestamp::from_nanosecond(shown).unwrap_or(Timestamp::MAX)
    }
}

impl Clock for LapseClock {
    fn now(&self) -> Timestamp {
        self.at(SystemClock.now())
    }

    fn machine(&self, at: Timestamp) -> Timestamp {
        let rate = i128::from(self.rate);
        let passed = at.as_nanosecond() - self.base.as_nanosecond();
        // Rounded up: what is due must have come when the machine's clock has.
        let machine =
            self.base.as_nanosecond() + passed.div_euclid(rate) + i128::from(passed.rem_euclid(rate) > 0);
        Timestamp::from_nanosecond(machine).unwrap_or(Timestamp::MAX)
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
    fn a_lapse_clock_is_fast_and_knows_when_it_will_show_what() {
        let clock = LapseClock::parse("2026-11-25T00:00:00Z*600").unwrap();
        let machine: Timestamp = "2026-11-25T00:01:00.123456789Z".parse().unwrap();
        assert_eq!(clock.at(machine).to_string(), "2026-11-25T10:01:14.0740734Z");
        for at in [
            clock.at(machine),
            "2026-11-24T23:59:59.999999999Z".parse().unwrap(),
        ] {
            let then = clock.machine(at);
            assert!(clock.at(then) >= at && clock.at(then - Duration::from_nanos(1)) < at);
        }
        for wrong in ["", "2026-11-25T00:00:00Z", "2026-11-25T00:00:00Z*0", "now*60"] {
            assert_eq!(LapseClock::parse(wrong), None, "{wrong}");
        }
    }

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
