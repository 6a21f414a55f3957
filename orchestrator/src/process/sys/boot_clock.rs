//! The clock that goes on in suspend and that nobody sets: how long a lease has been held.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

/// The time since the machine was booted, suspends included (CLOCK_BOOTTIME,
/// clock_gettime(2)).
///
/// # Errors
/// The kernel is older than any that we run on.
pub fn time_since_boot() -> std::io::Result<Duration> {
    let since = clock_gettime(ClockId::CLOCK_BOOTTIME)?;
    Ok(since.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_never_goes_back() {
        let one = time_since_boot().unwrap();
        assert!(one > Duration::ZERO && time_since_boot().unwrap() >= one);
    }
}
