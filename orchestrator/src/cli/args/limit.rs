//! A limit of time as people write it.

use std::time::Duration;

/// Reads a limit of time that lets something happen.
///
/// # Errors
/// It is no duration, zero, or longer than a year.
pub(crate) fn positive_duration(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(duration) if duration.is_zero() => Err("a time limit of zero would let nothing run".to_owned()),
        Ok(duration) if duration > Duration::from_secs(366 * 86_400) => Err("at most 366 days".to_owned()),
        Ok(duration) => Ok(duration),
        Err(error) => Err(format!("{error}; write it like 90s, 30m or 1h 30m")),
    }
}
