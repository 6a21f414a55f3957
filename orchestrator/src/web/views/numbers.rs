//! Numbers as people read them. Pure.

use std::time::Duration;

use crate::events::RecordCounts;
use crate::text::human_duration;

/// `12,480`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.char_indices() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `412 MB`; of a thousand bytes each step.
pub(crate) fn bytes(count: u64) -> String {
    let units = ["kB", "MB", "GB", "TB", "PB", "EB"];
    let mut rest = count as f64;
    let mut unit = "B";
    for next in units {
        if rest < 999.5 {
            break;
        }
        rest /= 1000.0;
        unit = next;
    }
    match unit {
        "B" => format!("{count} B"),
        _ if rest < 9.95 => format!("{rest:.1} {unit}"),
        _ => format!("{rest:.0} {unit}"),
    }
}

/// `3m 12s`.
pub(crate) fn took(milliseconds: u64) -> String {
    human_duration(Duration::from_millis(milliseconds))
}

/// `8,214 new, 3 changed`; nothing where nothing was new or changed.
pub(crate) fn brought(counts: RecordCounts) -> String {
    let part = |count: u64, what: &str| (count > 0).then(|| format!("{} {what}", grouped(count)));
    let parts = [part(counts.new, "new"), part(counts.changed, "changed")];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_numbers_can_be_read() {
        let all = [0, 12, 999, 1000, 12_480, 4_611_902].map(grouped);
        assert_eq!(all, ["0", "12", "999", "1,000", "12,480", "4,611,902"]);
        let all = [0, 999, 1000, 999_500, 412_000_000, 1_073_741_824].map(bytes);
        assert_eq!(all, ["0 B", "999 B", "1.0 kB", "1.0 MB", "412 MB", "1.1 GB"]);
        assert_eq!(bytes(u64::MAX), "18 EB");
    }

    #[test]
    fn what_brought_nothing_says_nothing() {
        let counts = |new, changed| RecordCounts {
            new,
            changed,
            unchanged: 7,
        };
        assert_eq!(brought(counts(0, 0)), "");
        assert_eq!(brought(counts(8214, 0)), "8,214 new");
        assert_eq!(brought(counts(1, 3)), "1 new, 3 changed");
    }
}
