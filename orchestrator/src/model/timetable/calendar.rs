//! Dates and clocks on the wall: which dates a cadence falls on, and at which
//! instant a zone's clock first shows a date and time. Used by `select` and `slots`.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone};

use crate::model::schedule::Cadence;

/// The dates on which at least one of some cadences falls. Asking it costs the
/// same for one cadence as for ten thousand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct DateSet {
    every_date: bool,
    /// Bit 0 is Monday.
    weekdays: u8,
    /// Bit 1 is the first of the month; 29 to 31 as written, not yet clamped.
    month_days: u32,
}

impl DateSet {
    /// Adds the dates of one cadence. An on_release task may be due on any date;
    /// intervals and cron expressions run beside the batches.
    pub(crate) fn insert(&mut self, cadence: &Cadence) {
        match cadence {
            Cadence::Daily | Cadence::OnRelease => self.every_date = true,
            Cadence::Weekly(weekday) => self.weekdays |= 1 << weekday.to_monday_zero_offset(),
            Cadence::Monthly(day) => self.month_days |= 1 << day.get(),
            Cadence::Interval(_) | Cadence::Cron(_) => {}
        }
    }

    /// Whether no date is in it.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether something falls on `date`. The last day of a month also stands
    /// for the days which that month lacks.
    pub(crate) fn contains(&self, date: Date) -> bool {
        let on_this_day = if date == date.last_of_month() {
            u32::MAX << date.day()
        } else {
            1 << date.day()
        };
        self.every_date
            || self.weekdays & (1 << date.weekday().to_monday_zero_offset()) != 0
            || self.month_days & on_this_day != 0
    }
}

impl<'a> FromIterator<&'a Cadence> for DateSet {
    fn from_iter<I: IntoIterator<Item = &'a Cadence>>(cadences: I) -> Self {
        let mut dates = Self::default();
        cadences.into_iter().for_each(|cadence| dates.insert(cadence));
        dates
    }
}

/// Whether `cadence` belongs to the batch of `date`.
pub fn falls_on(cadence: &Cadence, date: Date) -> bool {
    DateSet::from_iter([cadence]).contains(date)
}

/// The first instant at which the clocks of `zone` show `at` or later.
///
/// So a time that occurs twice means its first occurrence, a time that is
/// skipped means the moment of the jump, and a date that is skipped whole means
/// the start of the next one. `None` outside the years that can be computed.
pub(crate) fn first_instant(zone: &TimeZone, at: DateTime) -> Option<Timestamp> {
    let ambiguous = zone.to_ambiguous_timestamp(at);
    let AmbiguousOffset::Gap { after, .. } = ambiguous.offset() else {
        return ambiguous.earlier().ok();
    };
    // Read with the offset after the jump, a skipped time lies just before the jump.
    let before_the_jump = after.to_timestamp(at).ok()?;
    zone.following(before_the_jump)
        .find(|transition| transition.offset() == after)
        .map(|jump| jump.timestamp())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::model::{Minutes, MonthDay};

    #[test]
    fn each_month_has_every_month_day_exactly_once() {
        for year in [1900, 2000, 2023, 2024] {
            for written in 1..=31 {
                let cadence = Cadence::Monthly(MonthDay::new(written).unwrap());
                for month in 1..=12 {
                    let first = date(year, month, 1);
                    let days: Vec<i8> = (1..=first.days_in_month())
                        .filter(|&day| falls_on(&cadence, date(year, month, day)))
                        .collect();
                    let clamped = i8::try_from(written).unwrap().min(first.days_in_month());
                    assert_eq!(days, [clamped], "day {written} of {year}-{month}");
                }
            }
        }
    }

    #[test]
    fn intervals_fall_on_no_date_and_on_release_on_all() {
        let interval = Cadence::Interval(Minutes::new(15).unwrap());
        assert!(DateSet::from_iter([&interval]).is_empty());
        assert!(!falls_on(&interval, date(2026, 11, 25)));
        assert!(falls_on(&Cadence::OnRelease, date(2026, 11, 25)));
    }

    fn instant(zone: &str, at: &str) -> String {
        let zone = TimeZone::get(zone).unwrap();
        first_instant(&zone, at.parse().unwrap()).map_or("never".to_owned(), |instant| instant.to_string())
    }

    #[test]
    fn a_skipped_time_is_the_moment_of_the_jump() {
        assert_eq!(
            instant("Europe/Berlin", "2026-03-29T02:30"),
            "2026-03-29T01:00:00Z"
        );
        // Half an hour on Lord Howe; midnight in Sao Paulo; the last hour of a day in Nuuk.
        assert_eq!(
            instant("Australia/Lord_Howe", "2026-10-04T02:15"),
            "2026-10-03T15:30:00Z"
        );
        assert_eq!(
            instant("America/Sao_Paulo", "2018-11-04T00:00"),
            "2018-11-04T03:00:00Z"
        );
        assert_eq!(
            instant("America/Nuuk", "2026-03-28T23:30"),
            "2026-03-29T01:00:00Z"
        );
        // A whole date.
        assert_eq!(
            instant("Pacific/Apia", "2011-12-30T04:10"),
            "2011-12-30T10:00:00Z"
        );
        assert_eq!(
            instant("Pacific/Kwajalein", "1993-08-21T12:00"),
            "1993-08-21T12:00:00Z"
        );
    }

    #[test]
    fn a_time_that_occurs_twice_is_its_first_occurrence() {
        assert_eq!(
            instant("Europe/Berlin", "2026-10-25T02:30"),
            "2026-10-25T00:30:00Z"
        );
        assert_eq!(
            instant("America/Sao_Paulo", "2018-02-17T23:30"),
            "2018-02-18T01:30:00Z"
        );
    }

    #[test]
    fn the_ends_of_time_do_not_panic() {
        assert_eq!(instant("UTC", "9999-12-31T23:59"), "never");
        assert_eq!(instant("Asia/Tokyo", "-009999-01-01T00:00"), "never");
    }
}
