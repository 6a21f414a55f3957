//! The words for weekdays: in YAML, on the command line and in plans. Used by whoever reads
//! one from a human.

use jiff::civil::Weekday;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};

/// The weekdays as they are written in YAML and on the command line, Monday first.
pub const WEEKDAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

/// Reads `monday` or `mon`, in any case and with spaces around it.
pub fn parse_weekday(text: &str) -> Option<Weekday> {
    let text = text.trim();
    WEEKDAYS
        .iter()
        .find(|(name, _)| text.eq_ignore_ascii_case(name) || text.eq_ignore_ascii_case(&name[..3]))
        .map(|&(_, weekday)| weekday)
}

/// The name that [`parse_weekday`] reads back: `monday`.
pub fn weekday_name(weekday: Weekday) -> &'static str {
    let monday_first = usize::from(weekday.to_monday_zero_offset().unsigned_abs());
    WEEKDAYS[monday_first].0
}

pub(super) fn serialize<S: Serializer>(weekday: &Weekday, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(weekday_name(*weekday))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Weekday, D::Error> {
    let word = String::deserialize(deserializer)?;
    parse_weekday(&word).ok_or_else(|| D::Error::custom(format!("{word:?} is no weekday")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weekdays_are_read_long_or_short_in_any_case() {
        for (name, weekday) in WEEKDAYS {
            assert_eq!(parse_weekday(name), Some(weekday));
            assert_eq!(parse_weekday(&format!("  {} ", &name[..3])), Some(weekday));
            assert_eq!(parse_weekday(&name.to_uppercase()), Some(weekday));
            assert_eq!(weekday_name(weekday), name);
        }
        for wrong in ["", "m", "mo", "mond", "mon day", "montag", "1", "mön"] {
            assert_eq!(parse_weekday(wrong), None, "{wrong}");
        }
    }
}
