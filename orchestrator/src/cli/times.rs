//! How verbs say moments to people: where they sit and with the zone of it on a terminal, in UTC
//! elsewhere. JSON has its own form and never comes here.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::cli::shell::output::{output_zone, stderr_zone};
use crate::queries::status::words::{long_time, with_zone};

/// The form of moments.
#[derive(Debug, Clone)]
pub(crate) struct Times {
    pub(crate) zone: TimeZone,
}

impl Times {
    /// For what goes to standard output.
    pub(crate) fn of_output() -> Self {
        Self { zone: output_zone() }
    }

    /// For a failure, which goes to standard error.
    pub(crate) fn of_failures() -> Self {
        Self { zone: stderr_zone() }
    }

    /// `2026-11-25 04:10Z`, `2026-11-25 05:10 CET`.
    pub(crate) fn minute(&self, at: Timestamp) -> String {
        long_time(at, &self.zone)
    }

    /// `2026-11-25 04:10:07Z`, `2026-11-25 05:10:07 CET`.
    pub(crate) fn second(&self, at: Timestamp) -> String {
        with_zone(at, &self.zone, "%Y-%m-%d %H:%M:%S")
    }

    /// `04:10:07`, where day and zone were said already.
    pub(crate) fn clock(&self, at: Timestamp) -> String {
        self.zone.to_datetime(at).strftime("%H:%M:%S").to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_has_its_zone() {
        let at: Timestamp = "2026-07-25T22:10:07Z".parse().unwrap();
        let berlin = Times {
            zone: TimeZone::get("Europe/Berlin").unwrap(),
        };
        assert_eq!(berlin.minute(at), "2026-07-26 00:10 CEST");
        assert_eq!(berlin.second(at), "2026-07-26 00:10:07 CEST");
        assert_eq!(berlin.clock(at), "00:10:07");
        let utc = Times { zone: TimeZone::UTC };
        assert_eq!(utc.minute(at), "2026-07-25 22:10Z");
    }
}
