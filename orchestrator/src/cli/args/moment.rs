//! A moment as people say it: a date, an instant, how long ago, or a time of today.

use std::str::FromStr;
use std::time::Duration;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// A moment, perhaps relative to now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MomentArg {
    /// That instant; a date is its beginning in UTC.
    At(Timestamp),
    /// So long before now.
    Ago(Duration),
    /// The beginning of today, or of so many days before, where the terminal stands.
    Day(u8),
    /// When the clocks there last showed it.
    Clock(Time),
}

impl MomentArg {
    /// The instant that is meant; the earliest there is if it lies before that.
    pub(crate) fn resolve(self, now: Timestamp) -> Timestamp {
        self.resolve_in(now, &TimeZone::system())
    }

    fn resolve_in(self, now: Timestamp, zone: &TimeZone) -> Timestamp {
        let day = |back: u8, at: Time| {
            let today = zone.to_datetime(now).date();
            let date = today.checked_sub(i64::from(back).days()).ok()?;
            zone.to_timestamp(date.to_datetime(at)).ok()
        };
        let meant = match self {
            Self::At(at) => Some(at),
            Self::Ago(span) => now.checked_sub(span).ok(),
            Self::Day(back) => day(back, Time::midnight()),
            Self::Clock(at) => day(0, at).filter(|&at| at <= now).or_else(|| day(1, at)),
        };
        meant.unwrap_or(Timestamp::MIN)
    }
}

impl FromStr for MomentArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "today" => return Ok(Self::Day(0)),
            "yesterday" => return Ok(Self::Day(1)),
            _ => {}
        }
        if let Ok(at) = text.parse() {
            return Ok(Self::At(at));
        }
        if let Ok(at) = Time::strptime("%H:%M", text) {
            return Ok(Self::Clock(at));
        }
        // Not what else could be read as one: a time of day without a zone would be lost.
        if let Ok(date) = Date::strptime("%Y-%m-%d", text)
            && let Ok(midnight) = date.to_zoned_datetime(TimeZone::UTC)
        {
            return Ok(Self::At(midnight.timestamp()));
        }
        humantime::parse_duration(text).map(Self::Ago).map_err(|_| {
            "write a date (2026-11-25), an instant (2026-11-25T04:10:00Z), today, yesterday, a time (18:00) \
             or how long ago (90m, 7d)"
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
        for wrong in [
            "",
            "tomorrow",
            "24:30",
            "2026-13-01",
            "25.11.2026",
            "-7d",
            "2026-11-25T23:59",
            "2026-11-25 23:59:59",
            "2026-11-25[Europe/Berlin]",
        ] {
            assert!(wrong.parse::<MomentArg>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn times_of_today_are_those_of_the_clocks_there() {
        // 00:30 in Berlin: yesterday is the 25th there, and 18:00 was six hours ago.
        let now: Timestamp = "2026-11-25T23:30:00Z".parse().unwrap();
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let meant = |text: &str| {
            text.parse::<MomentArg>()
                .unwrap()
                .resolve_in(now, &zone)
                .to_string()
        };
        assert_eq!(meant("today"), "2026-11-25T23:00:00Z");
        assert_eq!(meant("yesterday"), "2026-11-24T23:00:00Z");
        assert_eq!(meant("18:00"), "2026-11-25T17:00:00Z");
        assert_eq!(meant("00:15"), "2026-11-25T23:15:00Z");
    }
}
