//! What a person or a scheduler asks for: which kind of tasks, of which group,
//! on which day. Built by the command line from its words and by schedulers from
//! slots; answered by `select`.

use jiff::Timestamp;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;

use crate::model::ids::{GroupName, TaskName};
use crate::model::schedule::{Group, Minutes, MonthDay};
use crate::model::selection::cron::{CronError, CronExpression};
use crate::model::weekday::{WEEKDAYS, parse_weekday};

/// Which tasks of the schedule are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// The daily ones.
    Daily,
    /// The weekly ones of this weekday, whatever today is.
    Weekly(Weekday),
    /// The monthly ones that fall on this day of the current month.
    Monthly(MonthDay),
    /// The interval ones of exactly this many minutes.
    Interval(Minutes),
    /// The ones that wait for a release.
    OnRelease,
    /// Those with a cron expression: with exactly this one, or with any.
    Cron(Option<CronExpression>),
    /// The batch of each group: all that falls on the day, intervals and cron tasks excepted.
    Default,
}

/// A question to `select`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Which tasks.
    pub selection: Selection,
    /// Only of these groups; none for all groups.
    pub groups: Vec<GroupName>,
    /// Only these tasks, by group and name; `None` for all.
    pub only: Option<Vec<(GroupName, TaskName)>>,
    /// The date or weekday that decides what is due.
    pub day: Day,
}

/// The day for which tasks are selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Day {
    /// This date, in every zone.
    Given(Date),
    /// The date that each group's own zone shows at this instant.
    At(Timestamp),
}

impl Day {
    /// The date for this group.
    pub fn of(self, group: &Group) -> Date {
        self.in_zone(&group.timezone)
    }

    /// The date in this zone.
    pub fn in_zone(self, zone: &TimeZone) -> Date {
        match self {
            Self::Given(date) => date,
            Self::At(instant) => zone.to_datetime(instant).date(),
        }
    }
}

/// The details that may accompany a selection's keyword, as they were given.
#[derive(Debug, Clone, Copy, Default)]
pub struct Details<'a> {
    /// `--day-of-week`, needed by `weekly` where there is no date.
    pub day_of_week: Option<&'a str>,
    /// `--day-of-month`, needed by `monthly` where there is no date.
    pub day_of_month: Option<i64>,
    /// `--date`, from which `weekly` and `monthly` take their day.
    pub date: Option<Date>,
    /// `--interval-minutes`, needed by `interval`.
    pub interval_minutes: Option<i64>,
    /// `--cron`, which `cron` may have.
    pub cron: Option<&'a str>,
}

/// Why words do not make a [`Selection`]. The message names the choices.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    /// No such kind.
    #[error("there is no schedule {0:?}; the choices are {choices}", choices = KEYWORDS.join(", "))]
    UnknownKeyword(String),
    /// The kind needs a detail that was not given.
    #[error("--schedule {keyword} needs {flag}{}: {choices}", or_date(keyword), choices = choices(flag))]
    Missing {
        /// The kind.
        keyword: &'static str,
        /// The flag that gives the detail.
        flag: &'static str,
    },
    /// A detail that the kind does not take: it would be ignored silently.
    #[error("{flag} belongs to --schedule {belongs_to}, not to --schedule {keyword}")]
    Misplaced {
        /// The kind that was asked for.
        keyword: &'static str,
        /// The flag that does not fit.
        flag: &'static str,
        /// The kind that it fits.
        belongs_to: &'static str,
    },
    /// No cron expression.
    #[error("--cron {given:?}: {error}")]
    BadCron {
        /// What was given.
        given: String,
        /// What is wrong with it.
        error: CronError,
    },
    /// A detail outside its range.
    #[error("{flag} {given}: it must be {choices}", choices = choices(flag))]
    OutOfRange {
        /// As it is typed, with its dashes.
        flag: &'static str,
        /// Its value as given.
        given: String,
    },
}

const KEYWORDS: [&str; 7] = [
    "daily",
    "weekly",
    "monthly",
    "interval",
    "on_release",
    "cron",
    "default",
];
const DAY_OF_WEEK: &str = "--day-of-week";
const DAY_OF_MONTH: &str = "--day-of-month";
const INTERVAL_MINUTES: &str = "--interval-minutes";
const CRON: &str = "--cron";

/// What would do as well.
fn or_date(keyword: &str) -> &'static str {
    match keyword {
        "interval" => "",
        _ => ", or --date",
    }
}

/// What may stand after a flag.
fn choices(flag: &str) -> String {
    match flag {
        DAY_OF_MONTH => "a day from 1 to 31".to_owned(),
        INTERVAL_MINUTES => "a number of minutes from 1 to 180".to_owned(),
        _ => {
            let names = WEEKDAYS.map(|(name, _)| name).join(", ");
            format!("a weekday ({names}; the first three letters suffice)")
        }
    }
}

impl Selection {
    /// The word for it after `--schedule` and in JSON.
    pub fn keyword(&self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Weekly(_) => "weekly",
            Self::Monthly(_) => "monthly",
            Self::Interval(_) => "interval",
            Self::OnRelease => "on_release",
            Self::Cron(_) => "cron",
            Self::Default => "default",
        }
    }

    /// Makes a selection of the words of a command line.
    ///
    /// # Errors
    ///
    /// An unknown keyword, a detail that is missing, that does not belong to the
    /// keyword, or that is out of range.
    pub fn parse(keyword: &str, details: Details<'_>) -> Result<Self, SelectionError> {
        let selection = match keyword {
            "daily" => Self::Daily,
            "weekly" => Self::Weekly(weekday(details)?),
            "monthly" => Self::Monthly(month_day(details)?),
            "interval" => {
                let given = details
                    .interval_minutes
                    .ok_or(missing("interval", INTERVAL_MINUTES))?;
                Self::Interval(Minutes::new(given).ok_or_else(|| out_of_range(INTERVAL_MINUTES, &given))?)
            }
            "on_release" => Self::OnRelease,
            "cron" => {
                let read = |given: &str| {
                    CronExpression::parse(given).map_err(|error| SelectionError::BadCron {
                        given: given.to_owned(),
                        error,
                    })
                };
                Self::Cron(details.cron.map(read).transpose()?)
            }
            "default" => Self::Default,
            unknown => return Err(SelectionError::UnknownKeyword(unknown.to_owned())),
        };
        selection.refuse_misplaced(details)?;
        Ok(selection)
    }

    fn refuse_misplaced(&self, details: Details<'_>) -> Result<(), SelectionError> {
        let given = [
            (details.day_of_week.is_some(), DAY_OF_WEEK, "weekly"),
            (details.day_of_month.is_some(), DAY_OF_MONTH, "monthly"),
            (details.interval_minutes.is_some(), INTERVAL_MINUTES, "interval"),
            (details.cron.is_some(), CRON, "cron"),
        ];
        let keyword = self.keyword();
        match given.iter().find(|(given, _, owner)| *given && *owner != keyword) {
            None => Ok(()),
            Some(&(_, flag, belongs_to)) => Err(SelectionError::Misplaced {
                keyword,
                flag,
                belongs_to,
            }),
        }
    }
}

/// That which was named, else that of the date.
fn weekday(details: Details<'_>) -> Result<Weekday, SelectionError> {
    match (details.day_of_week, details.date) {
        (Some(given), _) => {
            parse_weekday(given).ok_or_else(|| out_of_range(DAY_OF_WEEK, &format!("{given:?}")))
        }
        (None, Some(date)) => Ok(date.weekday()),
        (None, None) => Err(missing("weekly", DAY_OF_WEEK)),
    }
}

/// That which was named, else that of the date.
fn month_day(details: Details<'_>) -> Result<MonthDay, SelectionError> {
    let given = details
        .day_of_month
        .or(details.date.map(|date| i64::from(date.day())))
        .ok_or(missing("monthly", DAY_OF_MONTH))?;
    MonthDay::new(given).ok_or_else(|| out_of_range(DAY_OF_MONTH, &given))
}

fn missing(keyword: &'static str, flag: &'static str) -> SelectionError {
    SelectionError::Missing { keyword, flag }
}

fn out_of_range(flag: &'static str, given: &dyn ToString) -> SelectionError {
    SelectionError::OutOfRange {
        flag,
        given: given.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Details<'_> = Details {
        day_of_week: None,
        day_of_month: None,
        date: None,
        interval_minutes: None,
        cron: None,
    };

    fn week(day: &str) -> Details<'_> {
        Details {
            day_of_week: Some(day),
            ..NOTHING
        }
    }

    fn month(day: i64) -> Details<'static> {
        Details {
            day_of_month: Some(day),
            ..NOTHING
        }
    }

    fn every(minutes: i64) -> Details<'static> {
        Details {
            interval_minutes: Some(minutes),
            ..NOTHING
        }
    }

    fn refused(keyword: &str, details: Details<'_>) -> String {
        Selection::parse(keyword, details).unwrap_err().to_string()
    }

    #[test]
    fn each_keyword_makes_its_selection_and_names_itself() {
        let details = |keyword| match keyword {
            "weekly" => week(" Mon "),
            "monthly" => month(31),
            "interval" => every(180),
            _ => NOTHING,
        };
        for keyword in KEYWORDS {
            let selection = Selection::parse(keyword, details(keyword)).unwrap();
            assert_eq!(selection.keyword(), keyword);
        }
        assert_eq!(
            Selection::parse("weekly", week(" Mon ")),
            Ok(Selection::Weekly(Weekday::Monday))
        );
    }

    #[test]
    fn a_date_gives_the_day_that_was_not_named() {
        let date = jiff::civil::date(2026, 2, 28);
        let on = |details: Details<'static>| Details {
            date: Some(date),
            ..details
        };
        let weekly = |details| Selection::parse("weekly", on(details));
        assert_eq!(weekly(NOTHING), Ok(Selection::Weekly(Weekday::Saturday)));
        assert_eq!(weekly(week("mon")), Ok(Selection::Weekly(Weekday::Monday)));
        let monthly = |details| Selection::parse("monthly", on(details)).unwrap();
        assert_eq!(monthly(NOTHING), Selection::Monthly(MonthDay::new(28).unwrap()));
        assert_eq!(monthly(month(3)), Selection::Monthly(MonthDay::new(3).unwrap()));
        assert!(refused("weekly", on(month(3))).starts_with("--day-of-month belongs to"));
    }

    #[test]
    fn an_unknown_keyword_names_the_choices() {
        assert_eq!(
            refused("hourly", NOTHING),
            "there is no schedule \"hourly\"; the choices are daily, weekly, monthly, interval, on_release, cron, default"
        );
    }

    #[test]
    fn a_missing_detail_names_its_flag() {
        assert_eq!(
            refused("weekly", NOTHING),
            "--schedule weekly needs --day-of-week, or --date: a weekday (monday, tuesday, wednesday, thursday, friday, \
             saturday, sunday; the first three letters suffice)"
        );
        assert_eq!(
            refused("monthly", NOTHING),
            "--schedule monthly needs --day-of-month, or --date: a day from 1 to 31"
        );
        assert_eq!(
            refused("interval", NOTHING),
            "--schedule interval needs --interval-minutes: a number of minutes from 1 to 180"
        );
    }

    #[test]
    fn a_detail_out_of_range_names_the_range() {
        assert!(
            refused("weekly", week("mun"))
                .starts_with("--day-of-week \"mun\": it must be a weekday (monday,")
        );
        for day in [i64::MIN, -1, 0, 32, i64::MAX] {
            let expected = format!("--day-of-month {day}: it must be a day from 1 to 31");
            assert_eq!(refused("monthly", month(day)), expected);
        }
        for minutes in [i64::MIN, -1, 0, 181, i64::MAX] {
            let expected =
                format!("--interval-minutes {minutes}: it must be a number of minutes from 1 to 180");
            assert_eq!(refused("interval", every(minutes)), expected);
        }
    }

    #[test]
    fn cron_takes_an_expression_or_none() {
        let cron = |expression| Details {
            cron: Some(expression),
            ..NOTHING
        };
        let parsed = Selection::parse("cron", cron("5  */2 * * mon-fri")).unwrap();
        let same = CronExpression::parse("5 */2 * * mon-fri").unwrap();
        assert_eq!(parsed, Selection::Cron(Some(same)));
        assert_eq!(Selection::parse("cron", NOTHING), Ok(Selection::Cron(None)));
        assert!(refused("cron", cron("5 * *")).starts_with("--cron \"5 * *\": it has 3 fields"));
        assert_eq!(
            refused("daily", cron("@daily")),
            "--cron belongs to --schedule cron, not to --schedule daily"
        );
    }

    #[test]
    fn a_detail_of_another_kind_is_refused_rather_than_ignored() {
        assert_eq!(
            refused("default", week("mon")),
            "--day-of-week belongs to --schedule weekly, not to --schedule default"
        );
        let both = Details {
            day_of_month: Some(3),
            ..every(15)
        };
        assert_eq!(
            refused("interval", both),
            "--day-of-month belongs to --schedule monthly, not to --schedule interval"
        );
    }
}
