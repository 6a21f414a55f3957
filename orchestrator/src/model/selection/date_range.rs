//! The dates of a range that somebody asks for, in order. Pure.

use jiff::civil::Date;

/// As many dates as a leap year has.
const LONGEST: usize = 366;

/// From a date to one that is no earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DateRange {
    from: Date,
    to: Date,
}

/// Why two dates are no range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DateRangeError {
    /// The wrong way round.
    #[error("--from {from} is later than --to {to}")]
    Backwards {
        /// The first.
        from: Date,
        /// The last.
        to: Date,
    },
    /// More than a year.
    #[error("from {from} to {to} are more than {LONGEST} dates")]
    TooLong {
        /// The first.
        from: Date,
        /// The last.
        to: Date,
    },
}

impl DateRange {
    /// Both dates are of it.
    ///
    /// # Errors
    /// They are the wrong way round, or too far apart.
    pub fn new(from: Date, to: Date) -> Result<Self, DateRangeError> {
        if from > to {
            return Err(DateRangeError::Backwards { from, to });
        }
        let range = Self { from, to };
        match range.dates().nth(LONGEST) {
            Some(_) => Err(DateRangeError::TooLong { from, to }),
            None => Ok(range),
        }
    }

    /// Its dates, the earliest first.
    pub fn dates(self) -> impl Iterator<Item = Date> {
        std::iter::successors(Some(self.from), |date| date.tomorrow().ok())
            .take_while(move |date| *date <= self.to)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_range_is_its_dates_in_order_and_no_more_than_a_year() {
        let dates = |from, to| DateRange::new(from, to).map(|range| range.dates().collect::<Vec<_>>());
        let (first, last) = (date(2024, 2, 28), date(2024, 3, 1));
        assert_eq!(dates(first, last), Ok(vec![first, date(2024, 2, 29), last]));
        assert_eq!(dates(first, first), Ok(vec![first]));
        assert!(dates(last, first).unwrap_err().to_string().contains("later than"));
        let year = |to| dates(date(2024, 1, 1), to).map(|dates| dates.len());
        assert_eq!(year(date(2024, 12, 31)), Ok(366));
        assert!(matches!(
            year(date(2025, 1, 1)),
            Err(DateRangeError::TooLong { .. })
        ));
        // The last date there is.
        assert_eq!(dates(Date::MAX, Date::MAX), Ok(vec![Date::MAX]));
    }
}
