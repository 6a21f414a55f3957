//! Against a daemon like Vixie's, written as it works: it wakes up every minute, looks at the
//! clock on the wall, and remembers how far that has come.

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use proptest::prelude::*;

use super::next_cron_time;
use crate::model::selection::cron::CronExpression;

const ZONES: [&str; 3] = ["UTC", "Europe/Berlin", "Australia/Lord_Howe"];

const EXPRESSIONS: [&str; 18] = [
    "5 */2 * * mon-fri",
    "30 2 * * *",
    "10 2 * * *",
    "0,15,45 1-3 * * sun",
    "*/20 * * * *",
    "*/45 1-3 * * *",
    "15 * * * 0,6",
    "0 0 13 * fri",
    "0 12 */10 * mon",
    "0 12 13 * */2",
    "59 23 29 2 *",
    "0 0 31 * *",
    "7-40/11 1,2,3 1-7 mar,oct,apr *",
    "@monthly",
    "@hourly",
    "0 2 * 4,10 7",
    "1-59/3 2 * * *",
    "0 3 1,15 * tue-thu",
];

/// The fields of crontab(5) as a table of what is set.
struct Table {
    fields: [[bool; 64]; 5],
    stars: [bool; 5],
}

impl Table {
    fn of(expression: &str) -> Self {
        let spelt = match expression {
            "@monthly" => "0 0 1 * *",
            "@hourly" => "0 * * * *",
            fields => fields,
        };
        let limits = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 7)];
        let mut table = Self {
            fields: [[false; 64]; 5],
            stars: [false; 5],
        };
        for (at, field) in spelt.split(' ').enumerate() {
            table.stars[at] = field.starts_with('*');
            for part in field.split(',') {
                let (range, step) = part.split_once('/').unwrap_or((part, "1"));
                let (low, high) = match range.split_once('-') {
                    _ if range == "*" => limits[at],
                    Some((low, high)) => (number(low), number(high)),
                    None => (number(range), number(range)),
                };
                for value in (low..=high).step_by(step.parse().unwrap()) {
                    table.fields[at][value] = true;
                }
            }
        }
        let sunday = table.fields[4][0] || table.fields[4][7];
        (table.fields[4][0], table.fields[4][7]) = (sunday, sunday);
        table
    }

    /// `wall` counts minutes since 1970 on the clock on the wall.
    fn matches(&self, wall: i64, dates: &Dates) -> bool {
        let minute_of_day = usize::try_from(wall.rem_euclid(1440)).unwrap();
        let [month, month_day, weekday] = dates.0[usize::try_from(wall / 1440 - dates.1).unwrap()];
        let (month_day, weekday) = (self.fields[2][month_day], self.fields[4][weekday]);
        let day = if self.stars[2] || self.stars[4] {
            month_day && weekday
        } else {
            month_day || weekday
        };
        day && self.fields[3][month]
            && self.fields[1][minute_of_day / 60]
            && self.fields[0][minute_of_day % 60]
    }

    fn is_wild(&self) -> bool {
        self.stars[0] || self.stars[1]
    }
}

fn number(text: &str) -> usize {
    let names = [
        "sun", "mon", "tue", "wed", "thu", "fri", "sat", "jan", "feb", "mar", "apr", "may", "jun", "jul",
        "aug", "sep", "oct", "nov", "dec",
    ];
    let named = names.iter().position(|name| *name == text);
    named.map_or_else(|| text.parse().unwrap(), |at| if at < 7 { at } else { at - 6 })
}

/// Month, day and weekday of each day, and the number of the first since 1970.
struct Dates(Vec<[usize; 3]>, i64);

impl Dates {
    fn around(walls: &[(Timestamp, i64)]) -> Self {
        let first = walls[0].1 / 1440 - 1;
        let days = walls.last().unwrap().1 / 1440 + 2 - first;
        let dates = (first..first + days).map(|day| date(1970, 1, 1) + day.days());
        let told = |date: Date| {
            [date.month(), date.day(), date.weekday().to_sunday_zero_offset()]
                .map(|number| usize::try_from(number).unwrap())
        };
        Self(dates.map(told).collect(), first)
    }
}

/// When the daemon starts the job after the first of these minutes.
fn daemon(table: &Table, walls: &[(Timestamp, i64)], dates: &Dates) -> Vec<Timestamp> {
    let mut reached = walls[0].1;
    let mut started = Vec::new();
    for &(now, wall) in &walls[1..] {
        let mut starts = false;
        if table.is_wild() {
            starts = table.matches(wall, dates);
        } else {
            // A clock that was put back brings nothing again; one that jumped brings what it skipped.
            while reached < wall {
                reached += 1;
                starts |= table.matches(reached, dates);
            }
        }
        if starts {
            started.push(now);
        }
    }
    started
}

/// Every minute from `from` on, with what the clock on the wall shows, in minutes since 1970.
fn walls(zone: &TimeZone, from: Timestamp, minutes: i64) -> Vec<(Timestamp, i64)> {
    let first = from.as_second();
    let at = |minute: i64| {
        let now = Timestamp::from_second(first + 60 * minute).unwrap();
        let shown = now.as_second() + i64::from(zone.to_offset(now).seconds());
        (now, shown.div_euclid(60))
    };
    (0..=minutes).map(at).collect()
}

fn ours(expression: &str, zone: &TimeZone, walls: &[(Timestamp, i64)]) -> Vec<Timestamp> {
    let cron = CronExpression::parse(expression).unwrap();
    let next = |after| next_cron_time(&cron, zone, after).map(|time| time.at);
    let end = walls.last().unwrap().0;
    std::iter::successors(next(walls[0].0), |&at| next(at))
        .take_while(|&at| at <= end)
        .collect()
}

#[test]
fn five_years_in_three_zones_are_those_of_the_daemon() {
    let from = "2024-01-01T00:00:00Z".parse().unwrap();
    for name in ZONES {
        let zone = TimeZone::get(name).unwrap();
        let walls = walls(&zone, from, 5 * 366 * 24 * 60);
        let dates = Dates::around(&walls);
        for expression in EXPRESSIONS {
            let expected = daemon(&Table::of(expression), &walls, &dates);
            assert!(!expected.is_empty(), "{expression}");
            assert!(
                ours(expression, &zone, &walls) == expected,
                "{expression} in {name}"
            );
        }
    }
}

#[test]
fn a_skipped_time_comes_at_the_jump_and_a_repeated_one_once() {
    let berlin = TimeZone::get("Europe/Berlin").unwrap();
    let times = |expression: &str, after: &str, count: usize| {
        let cron = CronExpression::parse(expression).unwrap();
        let next = |after| next_cron_time(&cron, &berlin, after).map(|time| time.at);
        std::iter::successors(next(after.parse().unwrap()), |&at| next(at))
            .take(count)
            .map(|at| at.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        times("15,45 2 * * *", "2026-03-28T12:00:00Z", 2),
        ["2026-03-29T01:00:00Z", "2026-03-30T00:15:00Z"]
    );
    assert_eq!(
        times("30 2 * * *", "2026-10-24T12:00:00Z", 2),
        ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]
    );
    assert_eq!(
        times("30 * * * *", "2026-10-25T00:00:00Z", 3),
        [
            "2026-10-25T00:30:00Z",
            "2026-10-25T01:30:00Z",
            "2026-10-25T02:30:00Z"
        ]
    );
    assert_eq!(times("* * * * *", "9999-12-30T21:59:00Z", 2).len(), 1);
    assert!(times("0 0 1 1 *", "9999-06-01T00:00:00Z", 1).is_empty());
}

fn field(low: u8, high: u8) -> impl Strategy<Value = String> {
    let value = low..=high;
    prop_oneof![
        Just("*".to_owned()),
        (1u8..=9).prop_map(|step| format!("*/{step}")),
        value.clone().prop_map(|value| value.to_string()),
        (value.clone(), value.clone()).prop_map(|(a, b)| format!("{}-{}", a.min(b), a.max(b))),
        (value.clone(), value.clone(), 1u8..=9).prop_map(|(a, b, step)| format!(
            "{}-{}/{step}",
            a.min(b),
            a.max(b)
        )),
        (value.clone(), value).prop_map(|(a, b)| format!("{a},{b}")),
    ]
}

proptest! {
    #[test]
    fn around_the_changes_of_the_clocks_every_expression_is_as_the_daemon_has_it(
        fields in (field(0, 59), field(0, 4), field(1, 31), field(1, 12), field(0, 7)),
        zone in prop::sample::select(&ZONES[..]),
        from in prop::sample::select(&["2026-03-28T00:00:00Z", "2026-04-03T00:00:00Z", "2026-10-02T00:00:00Z", "2026-10-24T00:00:00Z"][..]),
    ) {
        let (minute, hour, month_day, month, weekday) = fields;
        let expression = format!("{minute} {hour} {month_day} {month} {weekday}");
        if CronExpression::parse(&expression).is_ok() {
            let zone = TimeZone::get(zone).unwrap();
            let walls = walls(&zone, from.parse().unwrap(), 3 * 24 * 60);
            prop_assert_eq!(ours(&expression, &zone, &walls), daemon(&Table::of(&expression), &walls, &Dates::around(&walls)));
        }
    }
}
