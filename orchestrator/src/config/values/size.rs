//! Sizes in bytes: `512MiB`, `1GB`, or plain bytes.

use crate::config::problems::codes::Code;
use crate::config::problems::gather::{Problem, Problems};
use crate::config::problems::suggest::quote;
use crate::config::values::fields::wrong_type;
use crate::config::yaml::node::{Node, Value};

const UNITS: [(&str, u64); 9] = [
    ("B", 1),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
];
/// A pebibyte: more than any machine here has, and far from overflow.
const MAX: u64 = 1 << 50;

/// A size of at least `min` bytes.
pub(crate) fn size(node: &Node, what: &str, min: u64, report: &mut Problems<'_>) -> Option<u64> {
    let written = match &node.value {
        Value::Text(text) => text.text.as_str(),
        Value::Int(int) => int.text.as_str(),
        Value::Float(text) => text.as_str(),
        _ => {
            wrong_type(
                node,
                what,
                "a size",
                "write a number with its unit, like `512MiB`",
                report,
            );
            return None;
        }
    };
    let (message, hint) = match parse(written.trim()) {
        Ok(bytes) if bytes < min && min >= 1 << 20 => {
            // Without a unit it was hardly meant as bytes.
            (
                format!("{what} cannot be less than 1MiB"),
                format!("{} are bytes; did you mean `{bytes}MiB`?", quote(written)),
            )
        }
        Ok(bytes) if bytes < min => (
            format!("{what} cannot be less than {min} bytes"),
            "write a larger size".to_owned(),
        ),
        Ok(bytes) if bytes > MAX => (
            format!("{what} cannot be more than 1024TiB"),
            "write a smaller size".to_owned(),
        ),
        Ok(bytes) => return Some(bytes),
        Err(hint) => (format!("{what} cannot be {}", quote(written)), hint),
    };
    report.add(Problem::new(Code::BadSize, node.at, message).hint(hint));
    None
}

/// Whole numbers only; units in any case. The error is a hint.
///
/// # Errors
/// It is no size; the text says what to write.
pub(crate) fn parse(text: &str) -> Result<u64, String> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let unit = unit.trim_start();
    let factor = match unit {
        "" => Some(1),
        unit => UNITS
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(unit))
            .map(|&(_, factor)| factor),
    };
    match (number.parse::<u64>(), factor) {
        (Ok(number), Some(factor)) if number.to_string().len() == digits => number
            .checked_mul(factor)
            .ok_or_else(|| "write a smaller size".to_owned()),
        (Ok(number), None) if matches!(unit.to_ascii_uppercase().as_str(), "K" | "M" | "G" | "T") => {
            let unit = unit.to_ascii_uppercase();
            Err(format!(
                "write `{number}{unit}iB` (1024) or `{number}{unit}B` (1000)"
            ))
        }
        _ => Err("write a whole number with its unit: KiB, MiB, GiB, KB, MB or GB".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_told_apart() {
        assert_eq!(parse("512MiB"), Ok(512 << 20));
        assert_eq!(parse("1GB"), Ok(1_000_000_000));
        assert_eq!(parse("1 gib"), Ok(1 << 30));
        assert_eq!(parse("4096"), Ok(4096));
        assert_eq!(parse("0"), Ok(0));
        assert_eq!(parse("2G"), Err("write `2GiB` (1024) or `2GB` (1000)".to_owned()));
        for text in [
            "",
            "MiB",
            "1.5GiB",
            "-1",
            "0x10",
            "007",
            "1PB",
            "99999999999TiB",
            "1e9",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
