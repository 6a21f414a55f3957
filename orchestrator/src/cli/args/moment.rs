//! A moment as people say it: a date, an instant, or how long ago.

use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// A moment, perhaps relative to now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MomentArg {
    /// That instant; a date is its beginning in UTC.
    At(Timestamp),
    /// So long before now.
    Ago(Duration),
}

impl MomentArg {
    /// The instant that is meant; the earliest there is if it lies before that.
    pub(crate) fn resolve(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(at) => at,
            Self::Ago(span) => now.checked_sub(span).unwrap_or(Timestamp::MIN),
        }
    }
}

impl FromStr for MomentArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(at) = text.parse() {
            return Ok(Self::At(at));
        }
        if let Ok(date) = text.parse::<Date>()
            && let Ok(midnight) = date.to_zoned_datetime(TimeZone::UTC)
        {
            return Ok(Self::At(midnight.timestamp()));
        }
        humantime::parse_duration(text).map(Self::Ago).map_err(|_| {
            "write a date (2026-11-25), an instant (2026-11-25T04:10:00Z) or how long ago (90m, 7d)"
                .to_owned()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_as_they_are_said() {
        let now: Timestamp = "2026-11-25T12:00:00Z".parse().unwrap();
        let meant = |text: &str| text.parse::<MomentArg>().unwrap().resolve(now).to_string();
        assert_eq!(meant("2026-11-25"), "2026-11-25T00:00:00Z");
        assert_eq!(meant("2026-11-25T04:10:00+01:00"), "2026-11-25T03:10:00Z");
        assert_eq!(meant("90m"), "2026-11-25T10:30:00Z");
        assert_eq!(meant("1d 2h"), "2026-11-24T10:00:00Z");
        assert_eq!(meant("100000years"), Timestamp::MIN.to_string());
        for wrong in ["", "yesterday", "2026-13-01", "25.11.2026", "-7d"] {
            assert!(wrong.parse::<MomentArg>().is_err(), "{wrong}");
        }
    }
}
