//! Which past runs are kept. Pure.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// A run goes if any bound excludes it; `None` bounds nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Runs that began longer ago go.
    pub age: Option<Duration>,
    /// All but the newest so many go.
    pub count: Option<usize>,
    /// The oldest go until logs and journals fit into so many bytes.
    pub bytes: Option<u64>,
}

impl Retention {
    /// No bound: every run is kept.
    pub const EVERYTHING: Self = Self {
        age: None,
        count: None,
        bytes: None,
    };

    /// Runs that began before this go; `None` if age is no bound, or one that leads back
    /// to before time began.
    pub fn since(&self, now: Timestamp) -> Option<Timestamp> {
        let age = SignedDuration::try_from(self.age?).ok()?;
        now.checked_sub(age).ok()
    }
}

impl Default for Retention {
    /// A year of nights, and no full disk: what nobody looked at by then, nobody will.
    fn default() -> Self {
        Self {
            age: Some(Duration::from_secs(365 * 24 * 60 * 60)),
            count: None,
            bytes: Some(20 << 30),
        }
    }
}
