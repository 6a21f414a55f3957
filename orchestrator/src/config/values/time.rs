//! Times: the time of day, weekdays, days of the month, time zones.

use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;

use crate::config::problems::codes::Code;
use crate::config::problems::gather::{Problem, Problems};
use crate::config::problems::suggest::{choices, quote};
use crate::config::values::fields::wrong_type;
use crate::config::values::scalar::text;
use crate::config::values::zone_hint::zone_hint;
use crate::config::yaml::node::{Node, Value};
use crate::model::{MonthDay, WEEKDAYS, nearest, parse_weekday};

/// Problems of a file after which no time zone is guessed any more.
const MAX_GUESSES: usize = 200;

/// `HH:MM` of a 24-hour day.
pub(crate) fn time_of_day(node: &Node, what: &str, report: &mut Problems<'_>) -> Option<Time> {
    let written = match &node.value {
        Value::Text(text) => text.text.as_str(),
        Value::Int(int) => int.text.as_str(),
        _ => {
            wrong_type(
                node,
                what,
                "a time of day",
                "write 24-hour `HH:MM`, like \"04:10\"",
                report,
            );
            return None;
        }
    };
    if let Some(time) = strict_time(written) {
        return Some(time);
    }
    let hint = match lenient_time(written) {
        Some(time) => format!("write \"{}\"", time.strftime("%H:%M")),
        None => "write 24-hour `HH:MM` from \"00:00\" to \"23:59\"".to_owned(),
    };
    report.add(
        Problem::new(
            Code::BadTime,
            node.at,
            format!("{what} cannot be {}", quote(written)),
        )
        .hint(hint),
    );
    None
}

fn strict_time(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    let two_digits = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
    (two_digits(hour) && two_digits(minute)).then_some(())?;
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

/// What somebody may have meant: `4:10`, `04:10:00`, `0410`, `4:10 pm`, `24:00`.
fn lenient_time(text: &str) -> Option<Time> {
    let text = text.trim().to_lowercase();
    let (text, afternoon) = match (text.strip_suffix("am"), text.strip_suffix("pm")) {
        (Some(text), _) => (text.trim_end().to_owned(), Some(false)),
        (_, Some(text)) => (text.trim_end().to_owned(), Some(true)),
        _ => (text, None),
    };
    let separated: Vec<&str> = text.split([':', '.', 'h']).collect();
    let (hour, minute) = match separated[..] {
        [digits] if afternoon.is_some() => (digits, "0"),
        [digits] if (3..=4).contains(&digits.len()) && digits.is_ascii() => digits.split_at(digits.len() - 2),
        [hour, minute] | [hour, minute, "00"] => (hour, minute),
        _ => return None,
    };
    let hour: i8 = hour.parse().ok()?;
    let hour = match afternoon {
        Some(true) if (1..12).contains(&hour) => hour + 12,
        Some(false) if hour == 12 => 0,
        None if hour == 24 => 0,
        _ => hour,
    };
    Time::new(hour, minute.parse().ok()?, 0, 0).ok()
}

/// A weekday by name, in any case and with spaces around it.
pub(crate) fn weekday(node: &Node, what: &str, report: &mut Problems<'_>) -> Option<Weekday> {
    let written = match &node.value {
        Value::Text(text) => text.text.as_str(),
        Value::Int(int) => int.text.as_str(),
        _ => {
            wrong_type(
                node,
                what,
                "a weekday",
                "write a name like `monday` or `mon`",
                report,
            );
            return None;
        }
    };
    if let Some(day) = parse_weekday(written) {
        return Some(day);
    }
    let name = written.trim().to_lowercase();
    let names = || WEEKDAYS.iter().map(|(full, _)| *full);
    let near = nearest(&name, names()).or_else(|| {
        // "tues", "thur" and other beginnings of a name.
        (name.len() > 3)
            .then(|| names().find(|full| full.starts_with(&name)))
            .flatten()
    });
    let hint = match near {
        Some(full) => format!("did you mean `{full}`?"),
        None => format!("write {}, or its first three letters", choices(names())),
    };
    report.add(
        Problem::new(
            Code::BadWeekday,
            node.at,
            format!("{what} cannot be {}", quote(written)),
        )
        .hint(hint),
    );
    None
}

/// A day of the month, 1 to 31; between quotes as well, but not with a leading
/// zero without them, because older YAML reads that as octal.
pub(crate) fn month_day(node: &Node, what: &str, report: &mut Problems<'_>) -> Option<MonthDay> {
    let (written, number) = match &node.value {
        Value::Int(int) => (int.text.as_str(), int.plain()),
        Value::Float(text) => (text.as_str(), None),
        Value::Text(text) => {
            let digits = text.text.trim();
            let usable = !digits.is_empty()
                && digits.bytes().all(|b| b.is_ascii_digit())
                && !(text.plain && digits.starts_with('0'));
            (text.text.as_str(), digits.parse().ok().filter(|_| usable))
        }
        _ => {
            wrong_type(
                node,
                what,
                "a day of the month",
                "write a number from 1 to 31",
                report,
            );
            return None;
        }
    };
    let day = number.and_then(MonthDay::new);
    if day.is_none() {
        let hint = match written
            .trim()
            .trim_start_matches('0')
            .trim_end_matches(".0")
            .parse()
            .ok()
            .and_then(MonthDay::new)
        {
            Some(day) => format!("write {}", day.get()),
            None => "write a number from 1 to 31".to_owned(),
        };
        report.add(
            Problem::new(
                Code::BadMonthDay,
                node.at,
                format!("{what} cannot be {}", quote(written)),
            )
            .hint(hint),
        );
    }
    day
}

/// A time zone of the IANA database by name.
pub(crate) fn time_zone(node: &Node, what: &str, report: &mut Problems<'_>) -> Option<TimeZone> {
    let name = text(node, what, report)?;
    if let Ok(zone) = TimeZone::get(name) {
        return Some(zone);
    }
    // Each guess compares hundreds of names; a file with more problems needs no more guesses.
    let names: Vec<String> = match report.count() {
        0..MAX_GUESSES => jiff::tz::db().available().map(|name| name.to_string()).collect(),
        _ => Vec::new(),
    };
    let hint = zone_hint(name, &names);
    let message = format!("{what} {} is not in the time zone database", quote(name));
    report.add(Problem::new(Code::BadTimeZone, node.at, message).hint(hint));
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_two_digits_a_colon_and_two_digits_are_a_time() {
        assert_eq!(strict_time("04:10"), Time::new(4, 10, 0, 0).ok());
        assert_eq!(strict_time("23:59"), Time::new(23, 59, 0, 0).ok());
        for text in [
            "4:10", "04:1", "24:00", "04:60", "04:10:00", " 04:10", "+4:10", "０4:10", "0410", "",
        ] {
            assert_eq!(strict_time(text), None, "{text}");
        }
    }

    #[test]
    fn what_was_meant_is_offered() {
        let offered = |text| lenient_time(text).map(|time| time.strftime("%H:%M").to_string());
        for (text, expected) in [
            ("4:10", "04:10"),
            ("04:10:00", "04:10"),
            ("410", "04:10"),
            ("0410", "04:10"),
            ("24:00", "00:00"),
            ("4:10 PM", "16:10"),
            ("12:05am", "00:05"),
            ("4pm", "16:00"),
            ("6h30", "06:30"),
        ] {
            assert_eq!(offered(text).as_deref(), Some(expected), "{text}");
        }
        for text in ["", "noon", "25:00", "12:75", "1:2:3", "ää:öö"] {
            assert_eq!(offered(text), None, "{text}");
        }
    }
}
