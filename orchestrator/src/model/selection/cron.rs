//! An expression of crontab(5): which dates and which times of day match it. `croner` reads
//! the fields; what it takes beyond crontab(5) (`L`, `W`, `#`, seconds, years) is refused
//! before. What a match means where the clocks change is `timetable/cron_times`.

use std::fmt;

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::civil::{Date, DateTime, Time, date};
use serde::{Deserialize, Serialize};

/// Five fields as sets of values; bit N stands for the value N.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CronExpression {
    text: String,
    minutes: u64,
    hours: u64,
    month_days: u64,
    months: u64,
    /// Bit 0 is Sunday.
    weekdays: u64,
    /// A day has to match both day fields, as one of them begins with `*`; else either will do.
    both_days: bool,
    /// The minute or the hour begins with `*`: so often, and at no certain time of day.
    by_elapsed_time: bool,
}

/// Why a text is no cron expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CronError {
    /// It could only be a mistake, and would cost time.
    #[error("it is longer than {MAX_LENGTH} bytes")]
    TooLong,
    /// Seconds and years are not of crontab(5).
    #[error("it has {0} fields; crontab has five: minute, hour, day of month, month, day of week")]
    Fields(usize),
    /// No such abbreviation.
    #[error("there is no `{0}`; there are {names}", names = nicknames())]
    Nickname(String),
    /// A part of a field.
    #[error("{field} cannot be `{part}`; it takes {takes}, ranges, steps like `*/2`, and lists with commas")]
    Part {
        /// The name of the field.
        field: &'static str,
        /// What stands there, between commas.
        part: String,
        /// Its values.
        takes: &'static str,
    },
    /// Such as 30 February.
    #[error("no date ever matches it")]
    NoDate,
}

/// Longer than any that says something.
const MAX_LENGTH: usize = 512;

const NICKNAMES: [(&str, &str); 7] = [
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];

fn nicknames() -> String {
    NICKNAMES.map(|(name, _)| name).join(", ")
}

struct Field {
    name: &'static str,
    takes: &'static str,
    names: &'static [&'static str],
    values: fn(&Cron) -> Vec<u16>,
}

const FIELDS: [Field; 5] = [
    Field {
        name: "the minute",
        takes: "0 to 59",
        names: &[],
        values: |cron| cron.pattern.minutes.values(),
    },
    Field {
        name: "the hour",
        takes: "0 to 23",
        names: &[],
        values: |cron| cron.pattern.hours.values(),
    },
    Field {
        name: "the day of the month",
        takes: "1 to 31",
        names: &[],
        values: |cron| cron.pattern.days.values(),
    },
    Field {
        name: "the month",
        takes: "1 to 12 or jan to dec",
        names: &[
            "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
        ],
        values: |cron| cron.pattern.months.values(),
    },
    Field {
        name: "the day of the week",
        takes: "0 to 7 (0 and 7 are Sunday) or sun to sat",
        names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
        values: |cron| cron.pattern.days_of_week.values(),
    },
];

/// The text with single spaces between its fields.
pub(crate) fn single_spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl CronExpression {
    /// Reads five fields or a nickname, in any case.
    ///
    /// # Errors
    ///
    /// [`CronError`] says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, CronError> {
        if text.len() > MAX_LENGTH {
            return Err(CronError::TooLong);
        }
        let text = single_spaced(text);
        let known = NICKNAMES
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(&text));
        let spelt = match known {
            Some((_, fields)) => fields,
            None if text.starts_with('@') => return Err(CronError::Nickname(text)),
            None => text.as_str(),
        };
        let fields: Vec<&str> = spelt.split(' ').filter(|field| !field.is_empty()).collect();
        let &[minute, hour, month_day, month, weekday] = fields.as_slice() else {
            return Err(CronError::Fields(fields.len()));
        };
        let is_star = |field: &str| field.starts_with('*');
        let expression = Self {
            minutes: values(0, minute)?,
            hours: values(1, hour)?,
            month_days: values(2, month_day)?,
            months: values(3, month)?,
            weekdays: values(4, weekday)?,
            both_days: is_star(month_day) || is_star(weekday),
            by_elapsed_time: is_star(minute) || is_star(hour),
            text,
        };
        // Leap days and weekdays come together again after 28 years.
        let somewhere = expression.next_match(date(2000, 1, 1).to_datetime(Time::midnight()));
        somewhere.map(|_| expression).ok_or(CronError::NoDate)
    }

    /// As it was written, with single spaces.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it says how often, rather than at which times of day.
    pub(crate) fn is_by_elapsed_time(&self) -> bool {
        self.by_elapsed_time
    }

    /// The first minute from `from` on that matches; `None` after the years that have to be
    /// searched.
    pub(crate) fn next_match(&self, from: DateTime) -> Option<DateTime> {
        let (mut day, mut earliest) = (from.date(), from.time());
        let last_year = day.year().saturating_add(YEARS_TO_SEARCH);
        while day.year() <= last_year {
            let is_month = has(self.months, day.month());
            if is_month
                && self.falls_on(day)
                && let Some(time) = self.next_time(earliest)
            {
                return Some(day.to_datetime(time));
            }
            let before_next = if is_month { day } else { day.last_of_month() };
            day = before_next.tomorrow().ok()?;
            earliest = Time::midnight();
        }
        None
    }

    /// Whether the day fields match a date of a month that does.
    fn falls_on(&self, date: Date) -> bool {
        let month_day = has(self.month_days, date.day());
        let weekday = has(self.weekdays, date.weekday().to_sunday_zero_offset());
        if self.both_days {
            month_day && weekday
        } else {
            month_day || weekday
        }
    }

    fn next_time(&self, from: Time) -> Option<Time> {
        let hours = (from.hour()..24).filter(|&hour| has(self.hours, hour));
        let times = hours.flat_map(|hour| {
            let first = if hour == from.hour() { from.minute() } else { 0 };
            let minutes = (first..60).filter(|&minute| has(self.minutes, minute));
            minutes.map(move |minute| Time::constant(hour, minute, 0, 0))
        });
        times.into_iter().next()
    }
}

/// 29 February falls on a certain weekday again after at most so many years.
const YEARS_TO_SEARCH: i16 = 40;

fn has(set: u64, value: i8) -> bool {
    set & (1 << value) != 0
}

/// The values of a field, as a set.
fn values(at: usize, field: &str) -> Result<u64, CronError> {
    let mut set = 0;
    for part in field.split(',') {
        let refused = || CronError::Part {
            field: FIELDS[at].name,
            part: part.to_owned(),
            takes: FIELDS[at].takes,
        };
        let is_value = |value: &str| {
            let is_number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
            let mut names = FIELDS[at].names.iter();
            is_number || value == "*" || names.any(|name| name.eq_ignore_ascii_case(value))
        };
        if !part.split(['/', '-']).all(is_value) {
            return Err(refused());
        }
        let mut alone = ["*"; FIELDS.len()];
        alone[at] = part;
        let parser = CronParser::builder()
            .seconds(Seconds::Disallowed)
            .year(Year::Disallowed)
            .build();
        let cron = parser.parse(&alone.join(" ")).map_err(|_| refused())?;
        set |= (FIELDS[at].values)(&cron)
            .iter()
            .fold(0, |set, value| set | 1 << value);
    }
    Ok(set)
}

impl fmt::Display for CronExpression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl TryFrom<String> for CronExpression {
    type Error = CronError;

    fn try_from(text: String) -> Result<Self, CronError> {
        Self::parse(&text)
    }
}

impl From<CronExpression> for String {
    fn from(expression: CronExpression) -> Self {
        expression.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        CronExpression::parse(text).unwrap_err().to_string()
    }

    fn same(one: &str, other: &str) {
        let parsed = |text| CronExpression {
            text: String::new(),
            ..CronExpression::parse(text).unwrap()
        };
        assert_eq!(parsed(one), parsed(other), "{one} and {other}");
    }

    #[test]
    fn names_lists_ranges_steps_and_nicknames() {
        same("0 0 * jan,FEB Sun", "0 0 * 1,2 7");
        same("0 0 * * mon-fri", "0 0 * * 1,2,3,4,5");
        same("0 0 * * fri-sun", "0 0 * * 5-7");
        same("5-10/2,7 1 1 * 0", "5,7,9 1 1 * 7");
        same("@Daily", "0 0 * * *");
        same("@weekly", "0\t0  * * SUN");
        same("00 07 * * *", "0 7 * * *");
        same("*/30,5 0 * * *", "*/30,5-5 0 * * *");
        same("5,*/30 0 * * *", "0,5,30 0 * * *");
        assert_eq!(
            CronExpression::parse("  5  */2 * * MON ").unwrap().as_str(),
            "5 */2 * * MON"
        );
    }

    #[test]
    fn what_is_not_of_crontab_is_refused_and_named() {
        assert_eq!(
            refused("0 0 5 * * *"),
            "it has 6 fields; crontab has five: minute, hour, day of month, month, day of week"
        );
        assert_eq!(
            refused("0 0 1,L * *"),
            "the day of the month cannot be `L`; it takes 1 to 31, ranges, steps like `*/2`, and lists with commas"
        );
        assert!(refused("@reboot").starts_with("there is no `@reboot`; there are @yearly,"));
        assert_eq!(refused("0 0 30 feb *"), "no date ever matches it");
        assert_eq!(
            refused(""),
            "it has 0 fields; crontab has five: minute, hour, day of month, month, day of week"
        );
        assert_eq!(refused(&"1,".repeat(300)), "it is longer than 512 bytes");
        for (field, parts) in [
            (
                0,
                &[
                    "60", "-1", "5/15", "/5", "1-", "*-5", "1-2-3", "*/0", "9-8", "", ",", "?", "jan", "１",
                ][..],
            ),
            (1, &["24", "*/", "1//2", "mon"]),
            (2, &["0", "32", "15W", "LW", "L", "?", "+1"]),
            (3, &["0", "13", "january", "mon", "marmar"]),
            (
                4,
                &[
                    "8", "5L", "mon#1", "monday", "+mon", "fri-mon", "?", "@daily", "monmon", "1#2",
                ],
            ),
        ] {
            for part in parts {
                let mut fields = ["0"; 5].map(str::to_owned);
                fields[2] = "1".to_owned();
                fields[3] = "1".to_owned();
                fields[field] = (*part).to_owned();
                let text = fields.join(" ");
                assert!(CronExpression::parse(&text).is_err(), "{text}");
            }
        }
    }

    #[test]
    fn a_rare_date_is_found() {
        let leap_monday = CronExpression::parse("0 0 29 2 */7").unwrap();
        let from = date(2072, 3, 1).to_datetime(Time::midnight());
        assert_eq!(leap_monday.next_match(from).unwrap().date(), date(2088, 2, 29));
        let across_2100 = date(2096, 3, 1).to_datetime(Time::midnight());
        assert_eq!(
            CronExpression::parse("0 0 29 2 */1")
                .unwrap()
                .next_match(across_2100)
                .unwrap()
                .date(),
            date(2104, 2, 29)
        );
    }
}
